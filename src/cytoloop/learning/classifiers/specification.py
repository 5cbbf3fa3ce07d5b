"""Which numbers of an object a classifier sees: they are the same in training and in use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cytoloop.core.errors import InvalidInputError
from cytoloop.measurements.intensities import STATISTICS

Colours = Literal["rgb", "channels", "gray"]
"""RGB images with their stains; every channel by itself; or the mean of all channels, for images of several kinds."""
SHAPES = (
    *("area", "perimeter", "convex_area", "equivalent_diameter", "major_axis", "minor_axis", "feret_max", "feret_min"),
    *("circularity", "solidity", "eccentricity", "extent"),
)
INTENSITIES = tuple(one for one in STATISTICS if one != "sum")
SURROUNDINGS = ("ring_mean", "contrast")
SIGMAS_PX = (1.0, 3.0)
FILTERS = tuple(f"{name}_{sigma:g}" for sigma in SIGMAS_PX for name in ("gradient", "laplacian"))
PATTERNS = 10
"""Uniform, rotation-invariant local binary patterns of 8 neighbours: 0..8 and all others."""
RGB_PLANES = ("red", "green", "blue", "haematoxylin", "eosin")
MOST_CHANNELS = 16


@dataclass(frozen=True, slots=True)
class ImageKind:
    """What of an image decides whether a classifier fits: its channels, and whether its pixels have a known size."""

    name: str
    rgb: bool
    channels: int
    calibrated: bool


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """The numbers that describe an object. ``unit`` is that of lengths: µm, or px where a pixel size is not known."""

    colours: Colours
    channels: int
    unit: Literal["um", "px"]
    version: int = 1

    @property
    def planes(self) -> tuple[str, ...]:
        """The pictures that are looked at, by name."""
        if self.colours == "rgb":
            return RGB_PLANES
        return ("gray",) if self.colours == "gray" else tuple(f"channel_{one}" for one in range(self.channels))

    @property
    def names(self) -> tuple[str, ...]:
        """The features in their order; each name is an identifier."""
        textures = tuple(f"{name}_{how}" for name in FILTERS for how in ("mean", "std"))
        patterns = tuple(f"pattern_{number}" for number in range(PATTERNS))
        each = (*INTENSITIES, *SURROUNDINGS, *textures, *patterns)
        return SHAPES + tuple(f"{plane}_{name}" for plane in self.planes for name in each)

    @property
    def key(self) -> str:
        """A short name: features of one key can be compared."""
        return f"v{self.version}-{self.colours}{self.channels}-{self.unit}"

    def require_fit(self, image: ImageKind) -> None:
        """Raise ``InvalidInputError`` where an image does not have what the features need."""
        if self.unit == "um" and not image.calibrated:
            raise InvalidInputError(
                f"{image.name} has no pixel size, but the classifier was trained in micrometres. "
                "Set the image's pixel size, or train again with labels on this image."
            )
        require_colours(self.colours, self.channels, image)


def require_colours(colours: Colours, channels: int, image: ImageKind) -> None:
    """Raise ``InvalidInputError`` where an image has other channels than a classifier was trained on."""
    fits = image.rgb if colours == "rgb" else not image.rgb and image.channels == channels
    if colours != "gray" and not fits:
        has = "is an RGB image" if image.rgb else f"has {image.channels} channels"
        wanted = "RGB images" if colours == "rgb" else f"images of {channels} channels"
        raise InvalidInputError(
            f"{image.name} {has}, but the classifier was trained on {wanted}. "
            "Label some objects of this image and train again; it will then look at gray values."
        )


def spec_for(images: Sequence[ImageKind]) -> FeatureSpec:
    """The richest features that all of these images have."""
    if not images:
        raise InvalidInputError("There is no image to take features from.")
    unit: Literal["um", "px"] = "um" if all(one.calibrated for one in images) else "px"
    kinds = {(one.rgb, one.channels) for one in images}
    if len(kinds) > 1:
        return FeatureSpec("gray", 1, unit)
    ((rgb, channels),) = kinds
    if rgb:
        return FeatureSpec("rgb", 3, unit)
    if channels > MOST_CHANNELS:
        return FeatureSpec("gray", 1, unit)
    return FeatureSpec("channels", channels, unit)
