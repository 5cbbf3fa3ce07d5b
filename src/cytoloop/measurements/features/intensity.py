"""How intensities are spread inside objects, between channels, and around objects."""

from collections.abc import Iterator
from itertools import combinations, pairwise

import edt
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import expand_labels

from .region import Column, Region

RINGS = 4
WEDGES = 8
THRESHOLD = 0.15
"""Share of an object's maximum below which a channel does not count for colocalisation."""
PAIR_LABELS = {
    "pearson": "Pearson",
    "slope": "Slope",
    "manders_1": "Manders 1",
    "manders_2": "Manders 2",
    "rwc_1": "RWC 1",
    "rwc_2": "RWC 2",
    "overlap": "Overlap",
    "k_1": "Overlap K 1",
    "k_2": "Overlap K 2",
}
AROUND = {
    "mean": ("mean", ndimage.mean),
    "std": ("standard deviation", ndimage.standard_deviation),
    "median": ("median", ndimage.median),
}


def radial(region: Region) -> Iterator[Column]:
    """Intensity from the centre (ring 1) to the edge (ring 4): share of all, mean over the object's mean, variation.

    The centre is the pixel furthest from the edge. A pixel's place is its distance to the centre over the sum of its
    distances to centre and edge, cut into four. The variation is the coefficient of the means of eight wedges. As
    CellProfiler's MeasureObjectIntensityDistribution, but for the distance to the centre, which is straight here.
    """
    rows, columns = np.nonzero(region.labels)
    owner = region.labels[rows, columns].astype(np.int64) - 1
    to_edge = np.asarray(edt.edt(region.labels, black_border=True))[rows, columns]
    order = np.lexsort((-to_edge, owner))
    middle = order[np.searchsorted(owner[order], np.arange(region.count))]
    down, right = rows - rows[middle][owner], columns - columns[middle][owner]
    away = np.hypot(down, right)
    ring_of = np.minimum((away / (away + to_edge) * RINGS).astype(np.int64), RINGS - 1)
    wedge = (down > 0) + 2 * (right > 0) + 4 * (np.abs(down) > np.abs(right))
    places = owner * RINGS + ring_of
    numbers = _added(places, np.ones(len(places)), region.count * RINGS).reshape(-1, RINGS)
    in_wedges = _added(places * WEDGES + wedge, np.ones(len(places)), region.count * RINGS * WEDGES)
    for channel, (name, pixels) in enumerate(zip(region.channels, region.pixels, strict=True)):
        values = pixels[rows, columns]
        sums = _added(places, values, region.count * RINGS).reshape(-1, RINGS)
        wedges = _added(places * WEDGES + wedge, values, len(in_wedges))
        with np.errstate(divide="ignore", invalid="ignore"):
            share = sums / sums.sum(axis=1, keepdims=True)
            mean = share / (numbers / numbers.sum(axis=1, keepdims=True))
        variation = _variation(wedges.reshape(-1, RINGS, WEDGES), in_wedges.reshape(-1, RINGS, WEDGES))
        named = (("fraction", "share of intensity", share), ("mean", "mean", mean), ("cv", "variation", variation))
        for ring_number in range(RINGS):
            for key, label, found in named:
                text = f"Ring {ring_number + 1} of {RINGS}, {label} {name}".strip()
                yield Column(f"radial_{key}_{ring_number + 1}_{channel}", text, found[:, ring_number])


def _added(places: NDArray[np.int64], values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    return np.bincount(places, values, size).astype(np.float64)


def _variation(sums: NDArray[np.float64], numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviation over mean of the wedges that have pixels; NaN for dark or empty rings."""
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.where(numbers > 0, sums / numbers, 0.0)
        count = (numbers > 0).sum(axis=-1)
        middle = means.sum(axis=-1) / count
        spread = np.where(numbers > 0, (means - middle[..., None]) ** 2, 0.0).sum(axis=-1) / count
        return np.sqrt(spread) / middle


def colocalisation(region: Region) -> Iterator[Column]:
    """For each pair of channels, over the pixels of an object, with the definitions of CellProfiler.

    Pearson's correlation and slope; Manders' coefficients (Manders et al. 1993), rank weighted colocalisation
    (Singan et al. 2011) and overlap, above 15 % of the object's maximum of each channel. NaN where a channel is dark.
    """
    order = np.argsort(region.labels, axis=None, kind="stable")
    starts = np.searchsorted(region.labels.ravel()[order], np.arange(1, region.count + 2))
    pieces = [order[low:high] for low, high in pairwise(starts)]
    for first, second in combinations(range(len(region.channels)), 2):
        one, other = region.pixels[first].ravel(), region.pixels[second].ravel()
        found = np.array([_together(one[piece], other[piece]) for piece in pieces]).reshape(-1, len(PAIR_LABELS))
        names = f"{region.channels[first]}, {region.channels[second]}"
        for index, (key, label) in enumerate(PAIR_LABELS.items()):
            yield Column(f"{key}_{first}_{second}", f"{label} {names}".strip(), found[:, index])


def _together(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """In the order of ``PAIR_LABELS``."""
    if not len(one) or one.max() <= 0 or other.max() <= 0:
        return np.full(len(PAIR_LABELS), np.nan)
    bright = one >= THRESHOLD * one.max(), other >= THRESHOLD * other.max()
    both = bright[0] & bright[1]
    totals = one[bright[0]].sum(), other[bright[1]].sum()
    ranks = [np.unique(values, return_inverse=True)[1] for values in (one, other)]
    highest = max(rank.max() for rank in ranks) + 1
    weight = (highest - np.abs(ranks[0] - ranks[1])) / highest
    a, b, w = one[both], other[both], weight[both]
    squares = float(a @ a), float(b @ b)
    with np.errstate(divide="ignore", invalid="ignore"):
        if both.any():
            shared = (a @ b / np.sqrt(squares[0] * squares[1]), a @ b / squares[0], a @ b / squares[1])
        else:
            shared = (0.0, 0.0, 0.0)
        manders = (a.sum() / totals[0], b.sum() / totals[1])
        ranked = ((a * w).sum() / totals[0], (b * w).sum() / totals[1])
        return np.array([*_line(one, other), *manders, *ranked, *shared])


def _line(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, float]:
    """Correlation, and slope of the second over the first."""
    from_mean, other_from_mean = one - one.mean(), other - other.mean()
    common, own, its = from_mean @ other_from_mean, from_mean @ from_mean, other_from_mean @ other_from_mean
    if own <= 0 or its <= 0:
        return float("nan"), float("nan")
    return float(common / np.sqrt(own * its)), float(common / own)


def ring(region: Region) -> Iterator[Column]:
    """Mean, standard deviation and median of the ring around an object, and the object's mean over the ring's.

    In values of the image. The ring is ``ring_px`` wide, ends half way to the next object, and leaves out the pixels of
    others. NaN without pixels.
    """
    grown = expand_labels(region.labels, region.ring_px)
    grown[region.others] = 0
    index = np.arange(1, region.count + 1)
    has = np.isin(index, grown)
    for number, (name, pixels) in enumerate(zip(region.channels, region.raw, strict=True)):
        found: dict[str, NDArray[np.float64]] = {}
        for key, (label, function) in AROUND.items():
            found[key] = np.full(region.count, np.nan)
            found[key][has] = function(pixels, grown, index[has])
            yield Column(f"ring_{key}_{number}", f"Ring around, {label} {name}".strip(), found[key])
        inside = np.asarray(ndimage.mean(pixels, region.labels, index))
        outside = found["mean"]
        ratio = np.divide(inside, outside, out=np.full(region.count, np.nan), where=outside > 0)
        yield Column(f"ring_ratio_{number}", f"Object over ring {name}".strip(), ratio)
