"""Outlines of what a method found in a tile: those that are the tile's alone, and those that a neighbour sees too."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from cytoloop.annotations.raster import labels_to_polygons
from cytoloop.core.errors import ConflictError
from cytoloop.core.geometry import Box
from cytoloop.learning.method import Instances
from cytoloop.learning.slides.grid import Tile, across, owned, shared
from cytoloop.learning.slides.merging import Strips

from .wanted import Found, Wanted


@dataclass(frozen=True, slots=True)
class Outlined:
    """What a tile holds: ``polygons`` and ``scores`` that it alone sees, and ``strips`` that a neighbour sees too."""

    polygons: NDArray[np.object_]
    scores: NDArray[np.float64]
    strips: Strips


def _traced(found: Instances, box: Box, window: Box) -> Found:
    """Outlines, in px of the analysis, of the part of the labels of ``box`` that lies in ``window``."""
    x, y = round(window.x0 - box.x0), round(window.y0 - box.y0)
    labels = found.labels[y : y + round(window.height), x : x + round(window.width)]
    names, polygons = labels_to_polygons(labels, x0=window.x0, y0=window.y0)
    array = np.empty(len(polygons), dtype=object)
    array[:] = polygons
    return array, found.scores[names - 1] if len(names) else np.empty(0)


def _scaled(polygons: NDArray[np.object_], downsample: float) -> NDArray[np.object_]:
    """From px of the analysis to full-resolution px."""
    if downsample == 1.0 or len(polygons) == 0:
        return polygons
    return shapely.transform(polygons, lambda points: points * downsample)


def object_outlines(found: Instances, tile: Tile, wanted: Wanted, downsample: float = 1.0) -> Outlined:
    """Outlines in full-resolution px: of objects that only this tile sees those that are wanted; all others apart."""
    polygons, scores = _traced(found, tile.read, tile.read)
    own = owned(tile, polygons)
    in_strip, cut = shared(tile, polygons)
    over = across(tile, polygons)
    polygons = _scaled(polygons, downsample)
    alone = ~in_strip & own
    alone[alone] = wanted.keeps(polygons[alone])
    tiles = np.zeros(int(in_strip.sum()), dtype=np.int64)
    strips = Strips(polygons[in_strip], scores[in_strip], tiles, cut[in_strip], own[in_strip], over[in_strip])
    return Outlined(polygons[alone], scores[alone], strips)


def region_outlines(found: Instances, tile: Tile, wanted: Wanted, downsample: float = 1.0) -> Outlined:
    """Outlines in full-resolution px of regions, cut at the core; those that reach its border apart."""
    polygons, scores = _traced(found, tile.read, tile.core)
    inner = Tile(tile.core, tile.core)
    x0, y0, x1, y1 = shapely.bounds(polygons).reshape(-1, 4).T
    core, read = tile.core, tile.read
    at_border = (
        ((x0 <= core.x0) & (read.x0 < core.x0))
        | ((y0 <= core.y0) & (read.y0 < core.y0))
        | ((x1 >= core.x1) & (read.x1 > core.x1))
        | ((y1 >= core.y1) & (read.y1 > core.y1))
    )
    own = owned(inner, polygons)
    polygons = _scaled(polygons, downsample)
    inside, inside_scores = wanted.clipped(polygons[~at_border], scores[~at_border])
    tiles = np.zeros(int(at_border.sum()), dtype=np.int64)
    strips = Strips(
        polygons[at_border], scores[at_border], tiles, at_border[at_border], own[at_border], at_border[at_border]
    )
    return Outlined(inside, inside_scores, strips)


def object_table(polygons: NDArray[np.object_], scores: NDArray[np.float64]) -> pa.Table:
    """Outlines (full-resolution px, as WKB) and scores as Arrow."""
    return pa.table({"wkb": shapely.to_wkb(polygons), "score": pa.array(scores, pa.float64())})


def write_table(path: Path, table: pa.Table) -> None:
    """Write a Parquet file and wait until it is on the disk: the ledger will say that it is there."""
    pq.write_table(table, path)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def strip_table(strips: Strips) -> pa.Table:
    """What ``read_strips`` reads."""
    table = object_table(strips.polygons, strips.scores)
    return (
        table.append_column("cut", pa.array(strips.cut))
        .append_column("own", pa.array(strips.own))
        .append_column("across", pa.array(strips.across))
    )


def read_strips(path: Path, tile: int) -> Strips:
    """What a tile wrote of its shared strips."""
    if not path.exists():
        raise ConflictError(
            "Results of tiles that were done are not on this server's disk any more. Start the run anew."
        )
    table = pq.read_table(path)
    polygons: NDArray[np.object_] = np.empty(table.num_rows, dtype=object)
    polygons[:] = shapely.from_wkb(table["wkb"].to_pylist()) if table.num_rows else []
    return Strips(
        polygons,
        table["score"].to_numpy().astype(np.float64),
        np.full(table.num_rows, tile),
        table["cut"].to_numpy().astype(bool),
        table["own"].to_numpy().astype(bool),
        table["across"].to_numpy().astype(bool),
    )
