"""Objects: bulk insert, window query and vector tile, on real outlines."""

import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mapbox_vector_tile
import numpy as np
import shapely
from shapely import affinity

import cytoloop.jobs.tables
from cytoloop.annotations import layers, store
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import ChangeSet, NewAnnotation
from cytoloop.annotations.mvt import TileLayer, encode_polygons
from cytoloop.annotations.raster import labels_to_polygons
from cytoloop.annotations.store import apply_change
from cytoloop.core.geometry import Box
from cytoloop.images.reading import read_plane
from cytoloop.images.registry import open_image
from cytoloop.learning.method import Pixels, parse_parameters
from cytoloop.learning.registry import MethodRegistry
from cytoloop.projects import images, users
from cytoloop.projects import store as projects
from cytoloop.samples import FOLDER
from cytoloop.storage.database import Database, sqlite_url
from cytoloop.storage.migrate import migrate

from .comparison import Comparison, compare

if not hasattr(sqlite3.Connection, "enable_load_extension"):
    # The peer needs a SQLite that loads extensions, which some Pythons are built without.
    import pysqlite3

    sys.modules["sqlite3"] = pysqlite3

from tiatoolbox.annotation.storage import Annotation, SQLiteStore

assert cytoloop.jobs.tables
COUNT = 20_000
SIDE_PX = 20_000
WINDOW = (8000.0, 8000.0, 12_000.0, 12_000.0)


def real_outlines(count: int) -> list[shapely.Polygon]:
    """Outlines of the nuclei of a sample image, spread over a slide at random."""
    source = open_image(FOLDER / "fluorescence-nuclei.png")
    method = MethodRegistry().by_name("threshold")
    pixels = Pixels(read_plane(source)[..., None], rgb=False)
    parameters = parse_parameters(method, {})
    labels = method.segment(pixels, parameters, method.calibrate(pixels, parameters)).labels
    _, found = labels_to_polygons(labels)
    pieces = [one for one in found if one.geom_type == "Polygon"]
    rng = np.random.default_rng(0)
    placed = []
    for number in range(count):
        one = pieces[number % len(pieces)]
        x, y = rng.uniform(0, SIDE_PX - 800, 2)
        placed.append(affinity.translate(one, x, y))
    return placed


@contextmanager
def our_layer() -> Iterator[tuple[Database, layers.Layer, int]]:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(sqlite_url(Path(folder) / "bench.sqlite"))
        migrate(database)

        def build(c: object) -> tuple[layers.Layer, int]:
            user = users.local_user(c)
            project = projects.create_project(c, name="P", description="", owner_id=user.id)
            image = images.add_project_image(c, project_id=project.id, name="i", size_bytes=1)
            return layers.user_layer(c, image_id=image.id, creator_id=user.id, name="L"), user.id

        layer, user_id = database.write(build)
        yield database, layer, user_id
        database.close()


def insert_ours(database: Database, layer: layers.Layer, user_id: int, polygons: list[shapely.Polygon]) -> int:
    for start in range(0, len(polygons), 10_000):
        part = polygons[start : start + 10_000]
        change = ChangeSet("Bench", creates=[NewAnnotation(one, Kind.POLYGON, term_id=1) for one in part])
        database.write(lambda c, change=change: apply_change(c, change, layer=layer, user_id=user_id))
    return len(polygons)


def insert_peer(folder: str, polygons: list[shapely.Polygon]) -> SQLiteStore:
    opened = SQLiteStore(Path(folder) / "peer.db", auto_commit=False)
    opened.append_many([Annotation(one, {"class": 1}) for one in polygons])
    opened.commit()
    return opened


def bulk_insert(polygons: list[shapely.Polygon]) -> Comparison:
    with our_layer() as (database, layer, user_id):

        def ours() -> int:
            return insert_ours(database, layer, user_id, polygons)

        def peer() -> int:
            with tempfile.TemporaryDirectory() as folder:
                insert_peer(folder, polygons).close()
            return len(polygons)

        return compare("bulk insert of polygons", "tiatoolbox SQLiteStore", ours, peer, unit="polygon", rounds=3)


def window_query(polygons: list[shapely.Polygon]) -> Comparison:
    with our_layer() as (database, layer, user_id), tempfile.TemporaryDirectory() as folder:
        insert_ours(database, layer, user_id, polygons)
        opened = insert_peer(folder, polygons)
        window = shapely.box(*WINDOW)
        shapely.prepare(window)

        def ours() -> int:
            with database.read() as c:
                query = store.select_objects(c, layer.id, window=Box(*WINDOW))
                found = store.geometries(c, query)[1]
                return int(shapely.intersects(found, window).sum())

        def peer() -> int:
            found = opened.query(window)
            return sum(not one.geometry.is_empty for one in found.values())

        assert ours() == peer(), "both must find the same objects"
        result = compare(
            "polygons that intersect a window, decoded", "tiatoolbox SQLiteStore", ours, peer, unit="polygon"
        )
        opened.close()
    return result


def vector_tile(polygons: list[shapely.Polygon]) -> Comparison:
    chosen = polygons[:4000]
    ids = np.arange(len(chosen))
    layer = TileLayer("objects", 0, 0, SIDE_PX)
    scale = 4096 / SIDE_PX
    features = [
        {
            "geometry": affinity.scale(one, scale, scale, origin=(0, 0)),
            "properties": {"term": 1, "score": 0.5},
            "id": number,
        }
        for number, one in enumerate(chosen)
    ]
    properties = {"term": np.ones(len(chosen), int), "score": np.full(len(chosen), 0.5)}

    def ours() -> int:
        _, coordinates, (rings, offsets) = shapely.to_ragged_array(chosen)
        encode_polygons(layer, coordinates, np.asarray(rings), np.asarray(offsets), ids, properties)
        return 1

    def peer() -> int:
        mapbox_vector_tile.encode([{"name": "objects", "features": features}], default_options={"y_coord_down": True})
        return 1

    return compare("vector tile of 4,000 nuclei", "mapbox-vector-tile", ours, peer, unit="tile")


def comparisons() -> list[Comparison]:
    polygons = real_outlines(COUNT)
    return [bulk_insert(polygons), window_query(polygons), vector_tile(polygons)]
