"""Bulk insert of objects on both databases, in wall time: ``python -m tests.performance.engines``."""

import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import shapely

from cytoloop.annotations import layers
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import ChangeSet, NewAnnotation
from cytoloop.annotations.store import apply_change
from cytoloop.projects import images, store, users
from cytoloop.storage import rows
from cytoloop.storage.database import Database, sqlite_url
from cytoloop.storage.migrate import migrate

from ..databases import running_cluster  # noqa: TID252 - tests are no package

COUNT = 20_000
BATCH = 10_000
CORNERS = 24
ROUNDS = 3


def outlines() -> list[shapely.Polygon]:
    """Round objects of 24 corners, spread over a slide at random."""
    rng = np.random.default_rng(0)
    angles = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    centres = rng.uniform(50, 19_950, (COUNT, 1, 2))
    return list(shapely.polygons(centres + rng.uniform(5, 20, (COUNT, 1, 1)) * circle))


class Bench:
    """A database with an image, into which layers are filled."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        migrate(self.database)

        def build(c: object) -> tuple[int, int]:
            user = users.local_user(c)
            project = store.create_project(c, name="P", description="", owner_id=user.id)
            return images.add_project_image(c, project_id=project.id, name="i", size_bytes=1).id, user.id

        self.image_id, self.user_id = self.database.write(build)

    def fill(self, polygons: list[shapely.Polygon]) -> None:
        """A new layer with all objects, in batches."""
        layer = self.database.write(
            lambda c: layers.create_layer(c, image_id=self.image_id, name="L", kind="import", creator_id=self.user_id)
        )
        for start in range(0, len(polygons), BATCH):
            new = [NewAnnotation(one, Kind.POLYGON, term_id=1) for one in polygons[start : start + BATCH]]
            change = ChangeSet("Bench", creates=new)
            self.database.write(lambda c, change=change: apply_change(c, change, layer=layer, user_id=self.user_id))


def per_second(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return COUNT / (time.perf_counter() - start)


def statements(bench: Bench, polygons: list[shapely.Polygon]) -> None:
    """The same without COPY."""
    kept, rows.COPY_FROM = rows.COPY_FROM, COUNT + 1
    try:
        bench.fill(polygons)
    finally:
        rows.COPY_FROM = kept


def main() -> None:
    polygons = outlines()
    with tempfile.TemporaryDirectory() as folder, running_cluster(durable=True) as cluster, cluster.database() as url:
        sqlite, postgresql = Bench(sqlite_url(Path(folder) / "bench.sqlite")), Bench(url)
        ways: dict[str, Callable[[], None]] = {
            "SQLite, executemany": lambda: sqlite.fill(polygons),
            "PostgreSQL, COPY": lambda: postgresql.fill(polygons),
            "PostgreSQL, executemany": lambda: statements(postgresql, polygons),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(ROUNDS + 1):
            for name, work in ways.items():
                speed = per_second(work)
                if turn:
                    found[name].append(speed)
        for one in (sqlite, postgresql):
            one.database.close()
    print(f"Machine: {os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[0]:.1f}")
    for name, speeds in found.items():
        print(f"{name}: {statistics.median(speeds):,.0f} objects a second ({min(speeds):,.0f} to {max(speeds):,.0f})")


if __name__ == "__main__":
    main()
