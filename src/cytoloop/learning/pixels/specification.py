"""Which numbers of a pixel a classifier sees: they are the same in training and in use."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.classifiers.specification import MOST_CHANNELS, Colours, ImageKind

from .configuration import Filter, PixelConfiguration, PixelLearner

TRUNCATE = 4.0
"""Gaussians reach this many sigmas, as in SciPy."""
BAND = 1.6
"""Ratio of the sigmas of a difference of Gaussians (Marr and Hildreth 1980)."""
_TWO = {Filter.STRUCTURE, Filter.HESSIAN}
RGB_PLANES = ("red", "green", "blue")


@dataclass(frozen=True, slots=True)
class PixelSpec:
    """What describes a pixel. ``patch_px`` 0: filters; else a window of raw pixels of that side.

    ``pixel_um`` is the size of a pixel that was learnt from, where it is known; ``reduced`` says that somebody chose
    it, and that images are to be looked at in such pixels.
    """

    colours: Colours
    channels: int
    sigmas_px: tuple[float, ...]
    filters: tuple[Filter, ...]
    patch_px: int = 0
    pixel_um: float | None = None
    reduced: bool = False
    version: int = 1

    @property
    def planes(self) -> tuple[str, ...]:
        """The pictures that are looked at, by name."""
        if self.colours == "rgb":
            return RGB_PLANES
        return ("gray",) if self.colours == "gray" else tuple(f"channel_{one}" for one in range(self.channels))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features in order: plane by plane, then sigma by sigma."""
        if self.patch_px:
            side = range(self.patch_px)
            return tuple(f"{plane}_{y}_{x}" for plane in self.planes for y in side for x in side)
        return tuple(f"{plane}_{one}" for plane in self.planes for one in self._of_plane())

    def _of_plane(self) -> Sequence[str]:
        names = ["value"]
        for sigma in self.sigmas_px:
            for one in self.filters:
                text = f"{one}_{sigma:g}"
                names += [f"{text}_large", f"{text}_small"] if one in _TWO else [text]
        return names

    @property
    def halo_px(self) -> int:
        """How far beyond a pixel it is looked."""
        if self.patch_px:
            return self.patch_px
        reach = TRUNCATE * max(self.sigmas_px)
        return math.ceil(2 * reach if Filter.STRUCTURE in self.filters else reach) + 3

    @property
    def patch_core_px(self) -> int:
        """Side of the middle of a window whose pixels are told; half of the window."""
        return self.patch_px // 2

    @property
    def analysis_um(self) -> float | None:
        """The size of a pixel at which images are to be looked at; ``None``: their own."""
        return self.pixel_um if self.reduced else None

    def require_fit(self, *, rgb: bool, channels: int, pixel_um: float | None, name: str) -> None:
        """Raise ``InvalidInputError`` where pixels are not of the kind that was learnt from."""
        fits = rgb if self.colours == "rgb" else not rgb and channels == self.channels
        if self.colours != "gray" and not fits:
            has = "is an RGB image" if rgb else f"has {channels} channels"
            wanted = "RGB images" if self.colours == "rgb" else f"images of {self.channels} channels"
            raise InvalidInputError(
                f"{name} {has}, but the pixel classifier learnt from {wanted}. Scribble on this image and train again."
            )
        if self.pixel_um is None or pixel_um is None:
            return
        if not 2 / 3 < pixel_um / self.pixel_um < 1.5:
            raise InvalidInputError(
                f"The pixel classifier learnt from pixels of {self.pixel_um:.3g} µm, but {name} is looked at in pixels "
                f"of {pixel_um:.3g} µm. Choose an analysis at {self.pixel_um:.3g} µm a pixel, or train on this image."
            )


def spec_of(configuration: PixelConfiguration, images: Sequence[ImageKind], pixel_um: float | None) -> PixelSpec:
    """The richest description that all of these images have. ``pixel_um``: of the pixels that are looked at."""
    if not images:
        raise InvalidInputError("There is no image to learn from.")
    kinds = {(one.rgb, one.channels) for one in images}
    ((rgb, channels),) = kinds if len(kinds) == 1 else {(False, MOST_CHANNELS + 1)}
    colours: Colours = "rgb" if rgb else "channels"
    if channels > MOST_CHANNELS:
        colours, channels = "gray", 1
    patch = configuration.patch_px if configuration.learner is PixelLearner.PATCHES else 0
    sigmas, filters = tuple(sorted(set(configuration.sigmas_px))), tuple(dict.fromkeys(configuration.filters))
    return PixelSpec(
        colours, 3 if rgb else channels, sigmas, filters, patch, pixel_um, configuration.pixel_um is not None
    )
