"""Which sets of further measurements there are. Nothing heavy is imported here: the server reads it too."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cytoloop.core.errors import InvalidInputError

MAX_RING_PX = 100
MAX_NEIGHBOUR_PX = 1000


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """A set by its short name, with what people read about it."""

    name: str
    title: str
    summary: str


FEATURE_SETS = (
    FeatureSet("moments", "Moments", "Shape by Hu's invariant moments and Zernike polynomials up to degree 9."),
    FeatureSet("texture", "Texture", "Haralick's measures at a distance of 3 px, and local binary patterns."),
    FeatureSet("granularity", "Granularity", "How much of the intensity lies in grains of 1 to 16 steps."),
    FeatureSet("radial", "Radial distribution", "How the intensity is spread from centre to edge, in four rings."),
    FeatureSet("colocalisation", "Colocalisation", "Pearson, Manders, RWC and overlap, for each pair of channels."),
    FeatureSet("ring", "Ring around the object", "Intensities just outside, as of the cytoplasm around a nucleus."),
    FeatureSet("neighbours", "Neighbours", "Distances to the nearest objects, and how many are near."),
)
NAMES = tuple(one.name for one in FEATURE_SETS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Sets to compute, and their settings.

    Attributes
    ----------
    sets
        Names out of ``NAMES``.
    ring_px
        Width of the ring around objects.
    neighbour_px
        Objects whose centres are this near count as neighbours.
    full_scale
        The pixel value that counts as 1; None: the largest of the pixel's type, and 1 for floating point.
    """

    sets: tuple[str, ...] = ()
    ring_px: int = 5
    neighbour_px: float = 50.0
    full_scale: float | None = None

    def __post_init__(self) -> None:
        unknown = [one for one in self.sets if one not in NAMES]
        if unknown:
            raise InvalidInputError(f"There is no set of measurements {unknown[0]!r}. There are: {', '.join(NAMES)}.")
        if not 1 <= self.ring_px <= MAX_RING_PX:
            raise InvalidInputError(f"The ring must be 1 to {MAX_RING_PX} px wide.")
        if not 0 < self.neighbour_px <= MAX_NEIGHBOUR_PX:
            raise InvalidInputError(f"Neighbours must be looked for within 1 to {MAX_NEIGHBOUR_PX} px.")
        if self.full_scale is not None and not 0 < self.full_scale < float("inf"):
            raise InvalidInputError("The pixel value that counts as 1 must be above 0.")

    def as_parameters(self) -> dict[str, Any]:
        """For a job."""
        return asdict(self) | {"sets": list(self.sets)}

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> "Wanted":
        """What ``as_parameters`` gave."""
        given: dict[str, Any] = dict(parameters)
        return cls(sets=tuple(given.pop("sets", ())), **given)
