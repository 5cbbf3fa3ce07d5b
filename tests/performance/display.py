"""Very many objects: storing, tiles, questions about where they lie, and a page that shows them.

``python -m tests.performance.display --count 1000000`` prints the times with the machine and its load; ``--browser``
opens the slide in headless Chromium too. Objects are outlines of twelve corners in six classes, as dense as nuclei in a
section; the slide is a flat picture with a known pixel size.
"""

import argparse
import gzip
import itertools
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import tifffile
from playwright.sync_api import Page
from sqlalchemy import Connection, select

import cytoloop.jobs.tables
from cytoloop.annotations import layers
from cytoloop.annotations.filters import EVERYTHING, ObjectFilter
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import ChangeSet, Layer, NewAnnotation
from cytoloop.annotations.points import count_points, read_points
from cytoloop.annotations.store import apply_change, count_objects, geometries, select_objects
from cytoloop.annotations.tileaddress import TileAddress
from cytoloop.annotations.vectortiles import display_tile
from cytoloop.core.geometry import Box, Plane
from cytoloop.projects import ontologies, users
from cytoloop.projects.images import ProjectImage, add_project_image, project_image_by_id
from cytoloop.projects.store import create_project, project_by_id
from cytoloop.projects.tables import project_image
from cytoloop.storage.database import Database, sqlite_url
from cytoloop.storage.migrate import migrate
from cytoloop.workflows.measurements.tables import MAX_ROWS, LayerTable, Sorting, layer_table, table_window
from cytoloop.workflows.spatial import questions as spatial

from ..e2e.screen import Screen  # noqa: TID252 - tests are no package
from ..liveserver import Server  # noqa: TID252
from .crowds import BATCH, PER_PX2, outlines
from .workbench import METER, Meter, _browser_page

assert cytoloop.jobs.tables
CLASSES = 6
PIXEL_UM = 0.5
TILE_PX = 512
NAME = "slide.tif"
EVERY_TILE = 40
"""Tiles of a zoom that are measured at most, drawn at random."""


@dataclass(frozen=True)
class Times:
    """One line of a table."""

    name: str
    values_ms: tuple[float, ...]
    note: str = ""
    cpu_ms: tuple[float, ...] = ()
    """Processor time of the same rounds, where all is done in this process."""

    def __str__(self) -> str:
        middle = statistics.median(self.values_ms)
        late = float(np.percentile(self.values_ms, 95))
        cpu = f"{statistics.median(self.cpu_ms):.0f}" if self.cpu_ms else ""
        return f"| {self.name} | {middle:.0f} | {late:.0f} | {cpu} | {len(self.values_ms)} | {self.note} |"


@dataclass(frozen=True)
class Rounds:
    """Wall and processor milliseconds of each round."""

    wall: tuple[float, ...]
    cpu: tuple[float, ...]

    def row(self, name: str, note: str) -> Times:
        return Times(name, self.wall, note, self.cpu)


def timed(work: Callable[[], Any], rounds: int = 1) -> tuple[Rounds, Any]:
    """How long each round took, and what the last gave."""
    wall: list[float] = []
    cpu: list[float] = []
    found = None
    for _ in range(rounds):
        start, busy = time.perf_counter(), time.process_time()
        found = work()
        wall.append((time.perf_counter() - start) * 1e3)
        cpu.append((time.process_time() - busy) * 1e3)
    return Rounds(tuple(wall), tuple(cpu)), found


def write_slide(path: Path, side_px: int) -> None:
    """A pyramid of one colour, which costs little to make and to read."""
    centimetre = 1e4 / PIXEL_UM
    tile = np.full((TILE_PX, TILE_PX, 3), (243, 236, 243), np.uint8)
    sides = [side_px]
    while sides[-1] > TILE_PX:
        sides.append(-(-sides[-1] // 2))
    with tifffile.TiffWriter(path, bigtiff=True) as file:
        for level, side in enumerate(sides):
            across = -(-side // TILE_PX)
            file.write(
                (tile for _ in range(across**2)),
                shape=(side, side, 3),
                dtype=np.uint8,
                tile=(TILE_PX, TILE_PX),
                photometric="rgb",
                compression="jpeg",
                subfiletype=int(level > 0),
                resolution=(centimetre / 2**level,) * 2,
                resolutionunit="CENTIMETER",
            )


def fill(database: Database, layer: Layer, user_id: int, terms: list[int], count: int, side_px: int) -> float:
    """Objects strip by strip, as a segmentation stores them, in as many classes as terms; the seconds of storing."""
    rng = np.random.default_rng(0)
    strips = max(1, count // BATCH)
    seconds = 0.0
    for strip in range(strips):
        low, high = side_px * strip / strips, side_px * (strip + 1) / strips
        centres = np.stack([rng.uniform(8, side_px - 8, BATCH), rng.uniform(low + 8, high - 8, BATCH)], axis=1)
        # classes in patches of a millimetre, as tissue has them
        patch = (centres // 2000).astype(int)
        usual = (patch[:, 0] * 7 + patch[:, 1] * 3) % len(terms)
        kinds = np.where(rng.random(BATCH) < 0.7, usual, rng.integers(0, len(terms), BATCH))
        shapes = outlines(rng, centres)
        creates = [NewAnnotation(one, Kind.POLYGON, term_id=terms[k]) for one, k in zip(shapes, kinds, strict=True)]
        change = ChangeSet("Fill", creates=creates)
        start = time.perf_counter()
        database.write(lambda c, change=change: apply_change(c, change, layer=layer, user_id=user_id))
        seconds += time.perf_counter() - start
    return seconds


def tiles(connection: Connection, layer: Layer, side_px: int) -> Iterator[Times]:
    """Latency and size of tiles at every zoom, without HTTP."""
    rng = np.random.default_rng(1)
    last = max(0, int(np.ceil(np.log2(side_px / 512))))
    for zoom in range(last + 1):
        across = -(-side_px // (512 << zoom))
        every = [TileAddress(zoom, x, y) for x in range(across) for y in range(across)]
        some = [every[i] for i in rng.permutation(len(every))[:EVERY_TILE]]
        found = [timed(lambda one=one: display_tile(connection, layer.id, one, Plane())) for one in some]
        sizes = [len(tile.content) for _, tile in found]
        packed = [len(gzip.compress(tile.content, 1)) for _, tile in found]
        kinds = {tile.media_type.rsplit(".", 1)[-1].replace("mapbox-vector-tile", "vector") for _, tile in found}
        note = f"{'/'.join(sorted(kinds))}, {max(sizes) / 1e3:,.0f} kB at most, {max(packed) / 1e3:,.0f} kB packed"
        wall = tuple(ms for times, _ in found for ms in times.wall)
        cpu = tuple(ms for times, _ in found for ms in times.cpu)
        yield Rounds(wall, cpu).row(f"tile of zoom {zoom} (1:{2**zoom})", note)


def questions(
    connection: Connection, image: ProjectImage, layer: Layer, terms: list[int], side: int
) -> Iterator[Times]:
    """Windows, regions and distances."""
    window = Box(side / 2, side / 2, side / 2 + 2000, side / 2 + 2000)
    times, found = timed(lambda: geometries(connection, select_objects(connection, layer.id, window=window))[1], 5)
    yield times.row("outlines in 2,000 x 2,000 px", f"{len(found):,} objects")
    times, found = timed(lambda: count_objects(connection, select_objects(connection, layer.id, window=window)), 5)
    yield times.row("count in the same window", f"{found:,} objects")
    times, found = timed(lambda: read_points(connection, layer.id), 3)
    yield times.row("places and classes of all objects", f"{len(found):,} objects")
    yield from lists(connection, layer)
    if len(found) > spatial.MAX_OBJECTS:
        return
    rng = np.random.default_rng(2)
    regions = [
        spatial.Region(None, "", shapely.Point(x, y).buffer(side / 40, quad_segs=16))
        for x, y in rng.uniform(0, side, (200, 2))
    ]
    scale = spatial.scale_of(image)
    times, table = timed(lambda: spatial.count_in_regions(connection, layer, regions, Plane(), scale), 3)
    yield times.row("objects of each class in 200 regions", f"{int(table.counts.sum()):,} memberships")
    pair = [spatial.Population(layer, one) for one in terms[:2]]
    times, near = timed(lambda: spatial.distances_between(connection, *pair, Plane(), scale), 3)
    yield times.row("nearest neighbours between two classes", f"{len(near.ids):,} to {near.target_count:,}")


def lists(connection: Connection, layer: Layer) -> Iterator[Times]:
    """The object table as the page asks for it: made anew, and sorted by another column."""
    nowhere = Path("/nonexistent")
    if count_points(connection, layer.id) > MAX_ROWS:
        part = slice(1_000_000, 1_000_100)
        times, _ = timed(lambda: table_window(connection, layer, nowhere, EVERYTHING, Sorting(), part), 3)
        yield times.row("hundred rows of the list, from the millionth on", "by number only")
        return
    generations = itertools.count(layer.generation + 1000)

    def table() -> LayerTable:
        return layer_table(connection, replace(layer, generation=next(generations)), nowhere)

    times, made = timed(table, 3)
    yield times.row("object table after a change", f"{len(made):,} rows")
    times, _ = timed(lambda: made.rows(made.order("area", descending=True)[:100]))
    yield times.row("its first hundred by area", "")
    times, chosen = timed(lambda: layer_table(connection, layer, nowhere, ObjectFilter(term_id=3, min_area=150)))
    yield times.row("object table of one class from a size on", f"{len(chosen):,} rows")


def first_paint(page: Page, screen: Screen, color: str) -> Times:
    """From opening the address to a picture with the colour of objects in its middle."""
    address = page.url
    times = []
    for _ in range(5):
        page.goto("about:blank")
        start = time.perf_counter()
        page.goto(address)
        screen.until(color, 60_000)
        times.append((time.perf_counter() - start) * 1e3)
    return Times(
        "page opened to objects drawn", tuple(times), "the whole slide in sight; the page's own start included"
    )


PAINTED = """() => {
  const map = window.cytoloop?.map;
  if (!map) return false;
  const [width, height] = map.getSize() ?? [0, 0];
  return [...map.getViewport().querySelectorAll("canvas")].some((canvas) => {
    if (canvas.closest(".picture-rgb")) return false;
    const pixels = canvas.getContext("2d")?.getImageData(width / 2 - 20, height / 2 - 20, 40, 40).data ?? [];
    return pixels.some((value, index) => index % 4 === 3 && value > 0);
  });
}"""


def on_screen(page: Page, screen: Screen) -> Iterator[Times]:
    """First paint, and frames while the picture is dragged at several zooms."""
    screen.open_image(NAME)
    page.keyboard.press("Escape")
    screen.until(PAINTED, 60_000)
    yield first_paint(page, screen, PAINTED)
    page.evaluate(METER)
    meter = Meter(page, screen)
    whole = page.evaluate("window.cytoloop.map.getView().getResolution()")
    for resolution in (whole, 16, 8, 4, 2, 1):
        if resolution > whole:
            continue
        page.evaluate("(one) => window.cytoloop.map.getView().setResolution(one)", resolution)
        screen.press("m")
        screen.idle()
        yield Times(f"frame while panning at 1:{resolution:.0f}", tuple(meter.panning()))


@contextmanager
def stored(folder: Path, database: Database) -> Iterator[tuple[Connection, ProjectImage]]:
    with database.read() as connection:
        key = connection.execute(select(project_image.c.id)).scalars().first()
        assert key is not None, f"no image in {folder}"
        yield connection, project_image_by_id(connection, key)


def prepared(folder: Path, count: int, side_px: int) -> tuple[Layer, list[int], Times]:
    """A home with the slide, and the objects in a layer."""
    database = Database(sqlite_url(folder / "home" / "cytoloop.sqlite"))
    with stored(folder, database) as (_, image):
        pass

    def build(connection: Connection) -> tuple[Layer, int, list[int]]:
        user = users.local_user(connection)
        ontology = project_by_id(connection, image.project_id).ontology_id
        made = [ontologies.create_term(connection, ontology, name=f"Class {i}") for i in range(CLASSES)]
        layer = layers.user_layer(connection, image_id=image.id, creator_id=user.id, name="Cells")
        return layer, user.id, [one.id for one in made]

    layer, user_id, terms = database.write(build)
    seconds = fill(database, layer, user_id, terms, count, side_px)
    size = (folder / "home" / "cytoloop.sqlite").stat().st_size / count
    database.close()
    note = f"{count / seconds:,.0f} objects a second, {size:,.0f} bytes each on disk"
    return layer, terms, Times(f"storing {count:,} objects", (seconds * 1e3,), note)


def bare_image(folder: Path) -> None:
    """A project with an image that has no picture."""
    (folder / "home").mkdir()
    database = Database(sqlite_url(folder / "home" / "cytoloop.sqlite"))
    migrate(database)

    def build(connection: Connection) -> None:
        user = users.local_user(connection)
        project = create_project(connection, name="Speed", description="", owner_id=user.id)
        add_project_image(connection, project_id=project.id, name=NAME, size_bytes=1)

    database.write(build)
    database.close()


def in_process(folder: Path, count: int, side_px: int) -> Iterator[Times]:
    """What needs neither a server nor a browser."""
    layer, terms, row = prepared(folder, count, side_px)
    yield row
    database = Database(sqlite_url(folder / "home" / "cytoloop.sqlite"))
    with stored(folder, database) as (connection, image):
        yield from tiles(connection, layer, side_px)
        yield from questions(connection, image, layer, terms, side_px)
    database.close()


def measured(folder: Path, count: int, *, browser: bool) -> Iterator[Times]:
    """All rows."""
    side_px = int(np.sqrt(count / PER_PX2))
    if not browser:
        bare_image(folder)
        yield from in_process(folder, count, side_px)
        return
    with _browser_page() as page:
        server = Server(folder / "home")
        screen = Screen(page, server.url, folder / "picture")
        server.start()
        try:
            write_slide(folder / NAME, side_px)
            screen.open()
            screen.new_project("Speed")
            screen.drop(folder / NAME)
        finally:
            server.stop()
        yield from in_process(folder, count, side_px)
        server.start()
        try:
            screen.open()
            screen.part("project-card").first.click()
            yield from on_screen(page, screen)
        finally:
            server.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--browser", action="store_true")
    given = parser.parse_args()
    before = os.getloadavg()[0]
    print(f"Command: python -m tests.performance.display --count {given.count}" + " --browser" * given.browser)
    print("| what | median ms | 95th percentile | cpu ms | of | |\n| --- | --- | --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for row in measured(Path(folder), given.count, browser=given.browser):
            print(row, flush=True)
    loads = f"load before {before:.1f}, after {os.getloadavg()[0]:.1f}"
    print(f"\nMachine: {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {loads}")


if __name__ == "__main__":
    main()
