"""What a landmark detector sees of a pixel, and the steps in which it comes closer: the same in training and in use."""

from collections.abc import Sequence
from dataclasses import dataclass

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.classifiers.specification import MOST_CHANNELS, Colours, ImageKind

WINDOW = 9
"""Side of a window, in samples."""
LEAST_SIDE_PX = 16
"""Of an image: in less there is nothing to see."""
RGB_PLANES = ("red", "green", "blue")


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the search; lengths are shares of the working size.

    ``spacings`` are how far apart the samples of each window lie. Pixels within ``radius`` of the last guess vote; with
    0, pixels everywhere.
    """

    spacings: tuple[float, ...]
    radius: float
    bandwidth: float
    """Of the kernel under which votes are joined."""


STAGES = (
    Stage((1 / 64, 1 / 24, 1 / 10), 0.0, 1 / 20),
    Stage((1 / 128, 1 / 48, 1 / 20), 1 / 6, 1 / 40),
    Stage((1 / 256, 1 / 96, 1 / 40), 1 / 20, 1 / 100),
)


@dataclass(frozen=True, slots=True)
class LandmarkSpec:
    """What of an image is looked at. ``size_px`` is the longer side of the image as it is looked at."""

    colours: Colours
    channels: int
    size_px: int
    version: int = 1

    @property
    def planes(self) -> tuple[str, ...]:
        """The pictures that are looked at, by name."""
        if self.colours == "rgb":
            return RGB_PLANES
        return ("gray",) if self.colours == "gray" else tuple(f"channel_{one}" for one in range(self.channels))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of what a forest is given: which forest, then window by window."""
        side, scales = range(WINDOW), range(len(STAGES[0].spacings))
        windows = (f"{plane}_{scale}_{y}_{x}" for plane in self.planes for scale in scales for y in side for x in side)
        return ("forest", *windows)

    def require_fit(self, *, rgb: bool, channels: int, width: int, height: int, name: str) -> None:
        """Raise ``InvalidInputError`` where an image is too small, or not of the kind that was learnt from."""
        require_size(width, height, name)
        if self.colours == "gray":
            return
        if not (rgb if self.colours == "rgb" else not rgb and channels == self.channels):
            has = "is an RGB image" if rgb else f"has {channels} channels"
            wanted = "RGB images" if self.colours == "rgb" else f"images of {self.channels} channels"
            raise InvalidInputError(
                f"{name} {has}, but the landmark detector learnt from {wanted}. Place points on this image and train "
                "again."
            )


def require_size(width: int, height: int, name: str) -> None:
    """Raise ``InvalidInputError`` where an image is too small to look at."""
    if min(width, height) < LEAST_SIDE_PX:
        raise InvalidInputError(
            f"{name} has {width} x {height} px; landmarks are looked for in images of at least {LEAST_SIDE_PX} px a "
            "side."
        )


def spec_of(size_px: int, images: Sequence[ImageKind]) -> LandmarkSpec:
    """The richest description that all of these images have; of images of several kinds, their brightness."""
    if not images:
        raise InvalidInputError("There is no image to learn from.")
    kinds = {(one.rgb, one.channels) for one in images}
    rgb, channels = next(iter(kinds))
    if len(kinds) > 1 or (not rgb and channels > MOST_CHANNELS):
        return LandmarkSpec("gray", 1, size_px)
    return LandmarkSpec("rgb" if rgb else "channels", 3 if rgb else channels, size_px)
