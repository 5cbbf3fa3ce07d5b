"""Texture inside objects."""

from collections.abc import Iterator

import numpy as np
from mahotas.features import haralick
from numpy.typing import NDArray
from scipy import ndimage
from skimage.feature import local_binary_pattern
from skimage.morphology import dilation, disk, erosion, reconstruction

from .region import Column, Region

HARALICK = (
    "angular second moment",
    "contrast",
    "correlation",
    "variance",
    "inverse difference moment",
    "sum average",
    "sum variance",
    "sum entropy",
    "entropy",
    "difference variance",
    "difference entropy",
    "information measure 1",
    "information measure 2",
)
APART_PX = 3
PATTERNS = 10
"""Uniform local binary patterns of eight neighbours: nine of them, and all others together."""
STEPS = 16
SUBSAMPLING = 4
BACKGROUND_RADIUS = 10


def texture(region: Region) -> Iterator[Column]:
    """Haralick's 13 measures (Haralick 1973), mean of four directions, 3 px apart in 256 gray values; and patterns.

    The directions are those of CellProfiler, of which each is a column there. NaN for objects too small for pairs 3 px
    apart, and for dark ones. Patterns: shares of the object's pixels with each uniform local binary pattern (Ojala et
    al. 2002; 8 neighbours, 1 px).
    """
    places = ndimage.find_objects(region.labels)
    for number, (name, pixels) in enumerate(zip(region.channels, region.pixels, strict=True)):
        gray = np.round(pixels * 255).astype(np.uint8)
        measures = np.array(
            [_haralick(np.where(region.labels[at] == one, gray[at], 0)) for one, at in enumerate(places, start=1)]
        ).reshape(-1, len(HARALICK))
        for index, label in enumerate(HARALICK):
            key = f"texture_{label.replace(' ', '_')}_{number}"
            yield Column(key, f"Texture, {label} {name}".strip(), measures[:, index])
        shares = _patterns(region, pixels)
        for pattern in range(PATTERNS):
            yield Column(f"lbp_{pattern}_{number}", f"Binary pattern {pattern} {name}".strip(), shares[:, pattern])


def _haralick(gray: NDArray[np.uint8]) -> NDArray[np.float64]:
    try:
        return np.asarray(haralick(gray, distance=APART_PX, ignore_zeros=True), np.float64).mean(axis=0)
    except ValueError:  # no two pixels lie so far apart
        return np.full(len(HARALICK), np.nan)


def _patterns(region: Region, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    found = local_binary_pattern(np.round(pixels * 65535).astype(np.int32), 8, 1, "uniform").astype(np.int64)
    inside = region.labels > 0
    places = (region.labels[inside] - 1) * PATTERNS + found[inside]
    counts = np.bincount(places, minlength=region.count * PATTERNS).reshape(-1, PATTERNS)
    return counts / counts.sum(axis=1, keepdims=True)


def granularity(region: Region) -> Iterator[Column]:
    """Granular spectrum, 16 steps, per cent of the object's intensity (Ravkin and Temov 1988), as CellProfiler has it.

    At a quarter of the resolution, after an opening with a disc of 10 px at a sixteenth is taken away. Background and
    grains reach beyond the object: near the rim of the piece that is looked at they differ from those of the whole.
    """
    rows, columns = np.nonzero(region.labels)
    owner = region.labels[rows, columns].astype(np.int64) - 1
    area = np.bincount(owner, minlength=region.count)
    for number, (name, pixels) in enumerate(zip(region.channels, region.pixels, strict=True)):
        start = np.bincount(owner, pixels[rows, columns], region.count) / area
        spectrum = np.full((STEPS, region.count), np.nan)
        if min(pixels.shape) >= 2 * SUBSAMPLING:
            before = start
            for step, opened in enumerate(_openings(pixels, rows, columns)):
                after = np.bincount(owner, opened, region.count) / area
                spectrum[step] = (before - after) * 100 / np.maximum(start, np.finfo(float).eps)
                before = after
        for step, values in enumerate(spectrum, start=1):
            yield Column(f"granularity_{step}_{number}", f"Granularity {step} {name}".strip(), values)


def _openings(
    pixels: NDArray[np.float64], rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> Iterator[NDArray[np.float64]]:
    """Some pixels of the picture without its background, opened by reconstruction with growing discs."""
    size = pixels.shape[0] // SUBSAMPLING, pixels.shape[1] // SUBSAMPLING
    small = _sampled(pixels, size, SUBSAMPLING, SUBSAMPLING)
    coarse = tuple(-(-side // SUBSAMPLING) for side in size)
    ground = _sampled(small, (coarse[0], coarse[1]), SUBSAMPLING, SUBSAMPLING)
    ground = dilation(erosion(ground, disk(BACKGROUND_RADIUS)), disk(BACKGROUND_RADIUS))
    shrink = tuple((side / SUBSAMPLING - 1) / (side - 1) for side in size)
    small = np.maximum(small - _sampled(ground, size, *shrink), 0)
    eroded = small
    back = [(low - 1) / (high - 1) for low, high in zip(size, pixels.shape, strict=True)]
    places = rows * back[0], columns * back[1]
    for _ in range(STEPS):
        eroded = erosion(eroded, disk(1))
        opened = reconstruction(eroded, small, footprint=disk(1))
        yield ndimage.map_coordinates(opened, places, order=1)


def _sampled(
    picture: NDArray[np.float64], size: tuple[int, ...], row_step: float, column_step: float
) -> NDArray[np.float64]:
    """Linear interpolation at every step from the corner on."""
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float64)
    return ndimage.map_coordinates(picture, (rows * row_step, columns * column_step), order=1)
