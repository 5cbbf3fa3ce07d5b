"""Whole slides: joining what tiles found, against joining all that touches; tiles a second and memory of the job.

``python -m tests.performance.slides merging`` compares, on a mosaic of real H&E, the objects of a tiled run with those
of one run over the whole: joined by matching in the shared strips, and joined as SLDC does (Mormont et al. 2016:
objects of neighbouring tiles that touch or overlap are one).
``python -m tests.performance.slides job`` segments mosaics of two sizes with two workers, and the
smaller one with one; with ``--alone`` the larger one with two workers, and nothing else.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from tests.liveserver import Server
from tests.soak.mosaic import PATCH_PX, patches, write_mosaic
from tests.soak.slide import SlideRun

from cytoloop.annotations.raster import labels_to_polygons
from cytoloop.core.geometry import Box
from cytoloop.learning.method import Calibration, Method, Pixels, parse_parameters
from cytoloop.learning.registry import MethodRegistry
from cytoloop.learning.slides import grid
from cytoloop.learning.slides.grid import Tile, tiles_covering
from cytoloop.learning.slides.merging import Strips, all_of, merged_rows
from cytoloop.workflows.segmentation.outlines import object_outlines
from cytoloop.workflows.segmentation.wanted import Wanted

from .memory import family, memory_mb

SAME_IOU = 0.9


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("merging", "job"), nargs="?", default="merging")
    parser.add_argument("--side", type=int, default=4000, help="side of the mosaic (px); of the larger one for job")
    parser.add_argument("--method", default="nuclei")
    parser.add_argument("--alone", action="store_true", help="job: the larger mosaic only")
    given = parser.parse_args()
    print(f"Command: python -m tests.performance.slides {' '.join(sys.argv[1:])}\n", flush=True)
    return merging(given) if given.what == "merging" else job(given)


def merging(given: argparse.Namespace) -> int:
    """Count error, exactness and time of both ways to join."""
    image = _mosaic(given.side)
    method = MethodRegistry().by_name(given.method)
    parameters = parse_parameters(method, {})
    whole = Pixels(image, rgb=True, pixel_size_um=0.499)
    calibration = method.calibrate(whole, parameters)
    expected = _polygons(method, whole, parameters, calibration, Box(0, 0, given.side, given.side))
    print(f"{len(expected):,} objects without tiles\n")
    print("| overlap (px) | way | objects | count error | same outline as without tiles | s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for margin in (32, 64, 192):
        grid.WHOLE_PIXELS, grid.CORE_PX, grid.MARGIN_PX = 1000, 512, margin
        found = list(_tiles(method, image, parameters, calibration))
        for name, join in (("matched in strips", _matched), ("joined where they touch", _touching)):
            begun = time.perf_counter()
            objects = join(found)
            took = time.perf_counter() - begun
            error = (len(objects) - len(expected)) / len(expected)
            share = _same_share(expected, objects)
            print(f"| {2 * margin} | {name} | {len(objects):,} | {error:+.2%} | {share:.2%} | {took:.2f} |", flush=True)
    return 0


def _mosaic(side: int) -> NDArray[np.uint8]:
    pieces, random = patches(), np.random.default_rng(1)
    across = -(-side // PATCH_PX)
    rows = [np.hstack([pieces[i] for i in random.integers(0, len(pieces), across)]) for _ in range(across)]
    return np.ascontiguousarray(np.vstack(rows)[:side, :side])


def _polygons(
    method: Method, pixels: Pixels, parameters: object, calibration: Calibration, box: Box
) -> NDArray[np.object_]:
    _, polygons = labels_to_polygons(method.segment(pixels, parameters, calibration).labels, x0=box.x0, y0=box.y0)
    array = np.empty(len(polygons), dtype=object)
    array[:] = polygons
    return array


Found = list[tuple[Tile, NDArray[np.object_], NDArray[np.object_], Strips]]
"""A tile, all that it holds, what it alone sees, and the rest."""


def _tiles(
    method: Method, image: NDArray[np.uint8], parameters: object, calibration: Calibration
) -> Iterator[tuple[Tile, NDArray[np.object_], NDArray[np.object_], Strips]]:
    height, width = image.shape[:2]
    area = Box(0, 0, width, height)
    for number, tile in enumerate(tiles_covering(area, area)):
        read = tile.read
        window = np.ascontiguousarray(image[int(read.y0) : int(read.y1), int(read.x0) : int(read.x1)])
        pixels = Pixels(window, rgb=True, pixel_size_um=0.499, origin=(int(read.x0), int(read.y0)))
        found = method.segment(pixels, parameters, calibration)
        outlined = object_outlines(found, tile, Wanted())
        _, every = labels_to_polygons(found.labels, x0=read.x0, y0=read.y0)
        array = np.empty(len(every), dtype=object)
        array[:] = every
        yield tile, array, outlined.polygons, outlined.strips.of_tile(number)


def _matched(found: Found) -> NDArray[np.object_]:
    rows: dict[float, list[Strips]] = {}
    for tile, _, _, strips in found:
        rows.setdefault(tile.core.y1 - grid.MARGIN_PX, []).append(strips)
    joined = [one for one, _ in merged_rows((reach, all_of(row)) for reach, row in rows.items())]
    return np.concatenate([*(alone for _, _, alone, _ in found), *joined])


def _touching(found: Found) -> NDArray[np.object_]:
    """Objects of different tiles that touch or overlap become one."""
    polygons = np.concatenate([every for _, every, _, _ in found])
    tiles = np.concatenate([np.full(len(every), number) for number, (_, every, _, _) in enumerate(found)])
    first, second = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    kept = (first < second) & (tiles[first] != tiles[second])
    count = len(polygons)
    graph = coo_array((np.ones(int(kept.sum())), (first[kept], second[kept])), shape=(count, count))
    groups = connected_components(graph, directed=False)[1]
    order = np.argsort(groups, kind="stable")
    pieces = np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
    joined = [polygons[one[0]] if len(one) == 1 else shapely.union_all(polygons[one]) for one in pieces]
    array = np.empty(len(joined), dtype=object)
    array[:] = joined
    return array


def _same_share(expected: NDArray[np.object_], found: NDArray[np.object_]) -> float:
    """How many of the expected objects are there with an overlap (IoU) of 0.9 or more."""
    index, other = shapely.STRtree(found).query(expected, predicate="intersects")
    common = shapely.area(shapely.intersection(expected[index], found[other]))
    union = shapely.area(expected[index]) + shapely.area(found[other]) - common
    return len(np.unique(index[common >= SAME_IOU * union])) / len(expected)


def job(given: argparse.Namespace) -> int:
    """Tiles a second and peak memory of the job, for two sizes and numbers of workers."""
    print("| side (px) | workers | objects | tiles | s | tiles/s | peak of all processes (MB) |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="cytoloop-bench-") as name:
        others = () if given.alone else ((given.side // 2, 2), (given.side // 2, 1))
        for side, workers in ((given.side, 2), *others):
            folder = Path(name) / f"{side}-{workers}"
            (folder / "slides").mkdir(parents=True)
            write_mosaic(folder / "slides/mosaic.tif", side)
            _print_job(folder, side, workers, given.method)
    return 0


def _print_job(folder: Path, side: int, workers: int, method: str) -> None:
    options = ("--image-folder", str(folder / "slides"), "--workers", str(workers))
    run = SlideRun(Server(folder / "home", *options), folder / "home")
    run.server.start()
    try:
        run.add(folder / "slides/mosaic.tif")
        peak = _Peak(run.server.pid)
        begun = time.perf_counter()
        name = run.start(method=method)
        ended = run.finished(name, 36_000)
        took = time.perf_counter() - begun
        assert ended["state"] == "done", ended
        tiles = (-(-side // grid.CORE_PX)) ** 2
        objects = sum(run.stored(name).values())
        row = f"| {side:,} | {workers} | {objects:,} | {tiles} | {took:.0f} | {tiles / took:.2f} |"
        print(f"{row} {peak.stop():,.0f} |", flush=True)
    finally:
        run.server.stop()


class _Peak:
    """The most memory (proportional set size, MB) that a process and its children held, looked at every two seconds."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._most = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stopping.wait(2):
            self._most = max(self._most, sum(memory_mb(pid) for pid in family(self._pid)))

    def stop(self) -> float:
        self._stopping.set()
        self._thread.join()
        return self._most


if __name__ == "__main__":
    sys.exit(main())
