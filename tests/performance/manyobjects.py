"""Very many objects against a peer: storing them strip by strip, and asking for windows of the full store.

``python -m tests.performance many --count 10000000`` takes ten million; a million is the default. Both stores get the
same strips in turn and answer for the same windows, so that a busy machine is busy for both.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from cytoloop.annotations import store
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.layers import Layer
from cytoloop.annotations.model import ChangeSet, NewAnnotation
from cytoloop.annotations.store import apply_change
from cytoloop.core.geometry import Box
from cytoloop.storage.database import Database

from .comparison import Comparison
from .crowds import BATCH, PER_PX2, outlines
from .objects import Annotation, SQLiteStore, our_layer

WINDOWS = 20
WINDOW_PX = 2000.0
PEER = "tiatoolbox SQLiteStore"


def comparisons(arguments: list[str]) -> list[Comparison]:
    """Storing and asking, paired strip by strip and window by window."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance many")
    parser.add_argument("--count", type=int, default=1_000_000)
    count = parser.parse_args(arguments).count
    side = float(np.sqrt(count / PER_PX2))
    with our_layer() as (database, layer, user_id), tempfile.TemporaryDirectory() as folder:
        peer = SQLiteStore(Path(folder) / "peer.db", auto_commit=False)
        stored = _fill(database, layer, user_id, peer, count, side)
        asked = _ask(database, layer, peer, count, side)
        peer.close()
        del peer  # which looks at its file once more
    return [stored, asked]


def _fill(database: Database, layer: Layer, user_id: int, peer: SQLiteStore, count: int, side: float) -> Comparison:
    rng = np.random.default_rng(0)
    strips = max(1, count // BATCH)
    pairs: list[tuple[float, float]] = []
    for strip in range(strips):
        low, high = side * strip / strips, side * (strip + 1) / strips
        places = np.stack([rng.uniform(8, side - 8, BATCH), rng.uniform(low + 8, high - 8, BATCH)], axis=1)
        shapes = outlines(rng, places)

        def ours(shapes: NDArray[np.object_] = shapes) -> int:
            change = ChangeSet("Bench", creates=[NewAnnotation(one, Kind.POLYGON, term_id=1) for one in shapes])
            database.write(lambda c: apply_change(c, change, layer=layer, user_id=user_id))
            return len(shapes)

        def theirs(shapes: NDArray[np.object_] = shapes) -> int:
            peer.append_many([Annotation(one, {"class": 1}) for one in shapes])
            peer.commit()
            return len(shapes)

        pairs.append((_each_s(ours), _each_s(theirs)))
    return _compared(f"storing {count:,} polygons, {BATCH:,} at a time", "polygon", pairs)


def _ask(database: Database, layer: Layer, peer: SQLiteStore, count: int, side: float) -> Comparison:
    rng = np.random.default_rng(1)
    pairs: list[tuple[float, float]] = []
    for x, y in rng.uniform(0, side - WINDOW_PX, (WINDOWS, 2)):
        window = shapely.box(x, y, x + WINDOW_PX, y + WINDOW_PX)
        shapely.prepare(window)

        def ours(window: shapely.Polygon = window) -> int:
            with database.read() as c:
                found = store.geometries(c, store.select_objects(c, layer.id, window=Box(*window.bounds)))[1]
                return int(shapely.intersects(found, window).sum())

        def theirs(window: shapely.Polygon = window) -> int:
            return sum(not one.geometry.is_empty for one in peer.query(window).values())

        assert ours() == theirs(), "both must find the same objects"
        pairs.append((_each_s(ours), _each_s(theirs)))
    return _compared(f"polygons in {WINDOW_PX:.0f} x {WINDOW_PX:.0f} px among {count:,}, decoded", "polygon", pairs)


def _each_s(work: Callable[[], int]) -> float:
    """Processor seconds for one of what the work did."""
    start = time.process_time()
    done = work()
    return (time.process_time() - start) / done


def _compared(what: str, unit: str, pairs: list[tuple[float, float]]) -> Comparison:
    ratios = [theirs / ours for ours, theirs in pairs]
    middle_ms = [statistics.median(column) * 1e3 for column in zip(*pairs, strict=True)]
    return Comparison(what, PEER, unit, *middle_ms, statistics.median(ratios), (min(ratios), max(ratios)))
