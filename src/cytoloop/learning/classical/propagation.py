"""The method ``propagation``: cell bodies around nuclei, pixels going to the nucleus that is nearest on the image."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field
from scipy import sparse
from scipy.sparse import csgraph

from cytoloop.learning.method import Calibration, Instances, Pixels

from .channels import AUTO, COLORS, chosen_channel, is_stained_section
from .cleaning import instances, kept_objects, no_instances, with_filled_holes
from .foreground import Algorithm
from .threshold import METHOD as THRESHOLD
from .threshold import ForegroundParameters, Objects, ThresholdParameters, calibrate_foreground, find_foreground

_CELL = "cell_"
"""Prefix of the cell channel's values in a calibration."""


class PropagationParameters(ThresholdParameters):
    """Parameters of the method ``propagation``: those of the nuclei, and of the cells around them."""

    cell_channel: str = Field(
        AUTO,
        title="Cell channel",
        max_length=100,
        description="Where whole cells show; as for the channel, which is that of the nuclei.",
    )
    cell_algorithm: Algorithm = Field(
        Algorithm.LI, title="Threshold of cells", description="As for the nuclei; li takes in the dim rims of cells."
    )
    regularisation: float = Field(
        0.05,
        title="Regularisation",
        ge=0.0001,
        le=100,
        description="Low: borders between cells follow the picture; high: they lie halfway between nuclei.",
    )
    reach_px: float | None = Field(
        None,
        title="Reach",
        gt=0,
        le=10_000,
        description="How far a cell may reach from its nucleus; empty for no limit.",
        json_schema_extra={"unit": "px"},
    )
    max_cell_area_px2: float | None = Field(
        None,
        title="Largest cell",
        gt=0,
        description="Larger cells are left out; empty for no limit.",
        json_schema_extra={"unit": "px²", "advanced": True},
    )


class PropagationMethod:
    """Nuclei as seeds of cells."""

    name = "propagation"
    title = "Cells around nuclei (propagation)"
    description = (
        "Finds nuclei in one channel and grows each to its cell in another. For fluorescence with a nuclear and a "
        "cytoplasm or membrane stain, and for stained sections."
    )
    parameters: type[BaseModel] = PropagationParameters

    def calibrate(self, overview: Pixels, parameters: PropagationParameters) -> Calibration:
        """Channel, polarity and threshold of the nuclei, and of the cells."""
        nuclei = calibrate_foreground(overview, parameters, parameters.smoothing_px)
        if "threshold" not in nuclei.values:
            return nuclei
        chosen = _of_cells(overview, parameters)
        if parameters.objects is Objects.AUTO:  # cells may fill more than half of the image; nuclei tell its kind
            side = Objects.DARK if nuclei.values["dark"] else Objects.BRIGHT
            chosen = chosen.model_copy(update={"objects": side})
        cells = calibrate_foreground(overview, chosen, parameters.smoothing_px)
        return Calibration({**nuclei.values, **{_CELL + name: value for name, value in cells.values.items()}})

    def segment(self, pixels: Pixels, parameters: PropagationParameters, calibration: Calibration) -> Instances:
        """One cell for each nucleus, the nucleus included."""
        nuclei = THRESHOLD.segment(pixels, parameters.model_copy(update={"remove_border": False}), calibration).labels
        if not nuclei.any():
            return no_instances(pixels.array.shape[:2])
        own = {name.removeprefix(_CELL): v for name, v in calibration.values.items() if name.startswith(_CELL)}
        chosen = _of_cells(pixels, parameters)
        sigma, block = parameters.smoothing_px, parameters.block_px
        cells = find_foreground(pixels, chosen, Calibration(own), sigma_px=sigma, block_px=block)
        if cells is None:
            return no_instances(pixels.array.shape[:2])
        mask = cells.mask | (nuclei > 0)
        mask = with_filled_holes(mask) if parameters.fill_holes else mask
        labels = propagated(
            nuclei, cells.signal, mask, regularisation=parameters.regularisation, reach_px=parameters.reach_px
        )
        labels = kept_objects(
            labels,
            min_area_px2=parameters.min_area_px2,
            max_area_px2=parameters.max_cell_area_px2,
            remove_border=parameters.remove_border,
        )
        return instances(labels, cells.signal, threshold=cells.threshold, background=cells.background)


def _of_cells(pixels: Pixels, parameters: PropagationParameters) -> ForegroundParameters:
    return ForegroundParameters(
        channel=_cell_channel(pixels, parameters),
        objects=parameters.objects,
        algorithm=parameters.cell_algorithm,
        inside_tissue=False,
    )


def _cell_channel(pixels: Pixels, parameters: PropagationParameters) -> str:
    """The wanted channel, or for ``auto`` the one beside the nuclei's; gray for stained sections."""
    if parameters.cell_channel.strip().lower() != AUTO:
        return chosen_channel(pixels, parameters.cell_channel)
    nuclei = chosen_channel(pixels, parameters.channel) if pixels.array.size else "0"
    if pixels.rgb:
        if is_stained_section(pixels) or nuclei not in COLORS:
            return "gray"
        others = [number for number, name in enumerate(COLORS) if name != nuclei]
        return COLORS[max(others, key=lambda number: _spread(pixels.array[..., number]))]
    others = [number for number in range(pixels.array.shape[-1]) if str(number) != nuclei]
    return str(max(others, key=lambda number: _spread(pixels.array[..., number]))) if others else nuclei


def _spread(channel: NDArray[np.generic]) -> float:
    """Michelson's contrast of a channel's bright and dim pixels: 0 where it is empty."""
    values = channel[::4, ::4].astype(np.float64).ravel()
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0
    low, high = np.percentile(values, [5, 99])
    return float((high - low) / (abs(high) + abs(low))) if high > low else 0.0


def propagated(
    seeds: NDArray[np.int32],
    signal: NDArray[np.float32],
    mask: NDArray[np.bool_],
    *,
    regularisation: float = 0.05,
    reach_px: float | None = None,
) -> NDArray[np.int32]:
    """Each masked pixel given to the seed that is nearest by steps over the image's surface.

    After Jones et al. 2005 (LNCS 3765:535): a step of length d px across a difference of intensity D costs
    ``sqrt((D^2 + regularisation d^2) / (1 + regularisation))``; D is in units of the signal's spread
    (its 1st to 99th percentile).

    Parameters
    ----------
    seeds
        ``(h, w) int32``, 1..n.
    signal
        ``(h, w) float32``.
    mask
        ``(h, w) bool``: where cells may be.
    reach_px
        Distance (straight, px) from its seed that a pixel may have.
    """
    places = mask | (seeds > 0)
    count = int(places.sum())
    nodes = np.full(mask.shape, -1, np.int64)
    nodes[places] = np.arange(count)
    low, high = np.percentile(signal, [1, 99])
    scaled = signal / np.float32(max(float(high - low), 1e-12)) if high > low else np.zeros_like(signal)
    sources = nodes[seeds > 0]
    _, _, origin = csgraph.dijkstra(
        _steps(nodes, scaled, regularisation), directed=False, indices=sources, return_predecessors=True, min_only=True
    )
    numbers = np.zeros(count, np.int32)
    reached = origin >= 0
    numbers[reached] = seeds[places][origin[reached]]
    if reach_px is not None:
        rows, columns = np.nonzero(places)
        far = np.zeros(count, bool)
        from_row, from_column = rows[origin[reached]], columns[origin[reached]]
        far[reached] = np.hypot(rows[reached] - from_row, columns[reached] - from_column) > reach_px
        numbers[far] = 0
    labels = np.zeros(mask.shape, np.int32)
    labels[places] = numbers
    return labels


def _steps(nodes: NDArray[np.int64], scaled: NDArray[np.float32], regularisation: float) -> sparse.csr_array:
    """Costs between neighbours among 8, each pair once."""
    starts, ends, costs = [], [], []
    height, width = nodes.shape
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        first = (slice(0, height - down), slice(max(0, -right), width - max(0, right)))
        second = (slice(down, height), slice(max(0, right), width - max(0, -right)))
        both = (nodes[first] >= 0) & (nodes[second] >= 0)
        rise = (scaled[first] - scaled[second])[both].astype(np.float64)
        starts.append(nodes[first][both])
        ends.append(nodes[second][both])
        costs.append(np.sqrt((rise**2 + regularisation * (down**2 + right**2)) / (1 + regularisation)))
    count = int(nodes.max(initial=-1)) + 1
    pairs = (np.concatenate(starts), np.concatenate(ends))
    return sparse.csr_array((np.concatenate(costs), pairs), shape=(count, count))


METHOD = PropagationMethod()
