"""Slides, segmented in tiles: the same objects as without tiles, only where there is tissue, whatever fails between."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape
from skimage.draw import disk
from tests.soak.mosaic import patches

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.slides import grid
from cytoloop.workflows.segmentation import worker as segment_worker
from cytoloop.workflows.segmentation.batch import BatchOrder, segment_files

from .driver import Driver, tiff_bytes

SIMPLE = {"smoothing_px": 0, "refine": False, "split": False, "min_area_px2": 0, "fill_holes": False}
"""A threshold that looks at every pixel alone, so that what tiles find is known exactly."""


@pytest.fixture
def tiled(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it for tiles of 200 px that share strips of 2 x 40 px."""

    def begin() -> None:
        for name, value in (("WHOLE_PIXELS", 1000), ("CORE_PX", 200), ("MARGIN_PX", 40)):
            monkeypatch.setattr(grid, name, value)

    return begin


def _discs(seed: int = 5, size: tuple[int, int] = (700, 900)) -> NDArray[np.uint8]:
    """Small and touching discs, one far larger than the margin, and some on every border and corner of tiles."""
    random = np.random.default_rng(seed)
    image = np.full(size, 20, np.uint8)
    for _ in range(250):
        at = (random.integers(0, size[0]), random.integers(0, size[1]))
        image[disk(at, int(random.integers(2, 9)), shape=size)] = 200
    for at, radius in (((400, 400), 95), ((200, 600), 15), ((200, 200), 12), ((0, 0), 9), (tuple(size), 9)):
        image[disk(at, radius, shape=size)] = 200
    return image


def _run(api: Driver, project: str, image: dict[str, Any], **order: Any) -> dict[str, Any]:
    body = {"kind": "segment", "method": "threshold", "parameters": SIMPLE, "image_ids": [image["id"]], **order}
    return api.finished(api.ok(api.post(f"/projects/{project}/jobs", body)))


def _objects(api: Driver, image: dict[str, Any], job: dict[str, Any]) -> list[Any]:
    layers = api.ok(api.get(f"/images/{image['id']}/layers"))
    layer = next(one for one in layers if one["run_id"] == job["id"])
    items = api.ok(api.get(f"/layers/{layer['id']}/annotations", params={"limit": 1000}))["items"]
    return [shape(one["geometry"]) for one in items]


def _as_set(polygons: list[Any]) -> set[bytes]:
    simple = shapely.normalize(shapely.simplify(np.array(polygons, dtype=object), 0.0))
    found = set(shapely.to_wkb(simple).tolist())
    assert len(found) == len(polygons), "one object twice"
    return found


def test_tiles_give_the_objects_of_the_whole(api: Driver, tiled: Callable[[], None]) -> None:
    project = api.project()
    image = api.image(project, content=tiff_bytes(_discs()))
    whole = _objects(api, image, _run(api, project, image))
    tiled()
    job = _run(api, project, image)
    assert job["tasks_total"] > 20
    assert job["message"] == f"{len(whole)} objects found"
    assert _as_set(_objects(api, image, job)) == _as_set(whole)


def test_a_region_of_a_slide(api: Driver, tiled: Callable[[], None]) -> None:
    project = api.project()
    image = api.image(project, content=tiff_bytes(_discs()))
    region = shapely.Polygon([(60, 50), (820, 90), (500, 640)])
    order = {"region": shapely.geometry.mapping(region)}
    whole = _objects(api, image, _run(api, project, image, **order))
    tiled()
    found = _objects(api, image, _run(api, project, image, **order))
    inner = region.buffer(-50)  # at the region's border tiles end where the untiled run ends too, but not everywhere
    assert _as_set([one for one in found if inner.contains(one)]) == _as_set(
        [one for one in whole if inner.contains(one)]
    )
    assert all(region.contains(one.centroid) for one in found)


def _section() -> NDArray[np.uint8]:
    """White glass, two pieces of pink tissue with dark nuclei, and a dark speck of dirt on the glass."""
    image = np.full((900, 1100, 3), 245, np.uint8)
    image[disk((300, 280), 190)] = (225, 170, 200)
    image[disk((640, 820), 150)] = (228, 180, 205)
    random = np.random.default_rng(2)
    for _ in range(120):
        row, column = random.integers(20, 880), random.integers(20, 1080)
        if image[row, column, 1] in (170, 180):
            image[disk((row, column), 5)] = (90, 60, 140)
    image[disk((820, 90), 5)] = (60, 60, 60)
    return image


def test_tissue_is_looked_for_first(api: Driver, tiled: Callable[[], None]) -> None:
    project = api.project()
    image = api.image(project, content=tiff_bytes(_section(), photometric="rgb"))
    everywhere = _objects(api, image, _run(api, project, image))
    tiled()
    job = _run(api, project, image, foreground="tissue")
    inside = _objects(api, image, job)
    dirt = [one for one in everywhere if one.centroid.distance(shapely.Point(90, 820)) < 8]
    assert len(dirt) == 1
    assert _as_set(inside) == _as_set(everywhere) - _as_set(dirt)
    log = [line["text"] for line in api.ok(api.get(f"/jobs/{job['id']}/log"))]
    assert any("% of the slide is tissue" in text and "left out" in text for text in log), log


def test_tissue_of_a_slide_is_the_same_in_tiles(api: Driver, tiled: Callable[[], None]) -> None:
    project = api.project()
    image = api.image(project, content=tiff_bytes(_section(), photometric="rgb"))
    order = {"method": "tissue", "parameters": {"smoothing_px": 0, "fill_holes": False, "min_area_px2": 0}}
    whole = _objects(api, image, _run(api, project, image, **order))
    assert sorted(round(one.area, -3) for one in whole)[-2:] == [71_000, 113_000]
    tiled()
    assert _as_set(_objects(api, image, _run(api, project, image, **order))) == _as_set(whole)


def test_a_coarser_resolution_gives_outlines_in_full_resolution(api: Driver, tiled: Callable[[], None]) -> None:
    project = api.project()
    pixels = {"resolution": (1e4 / 0.25, 1e4 / 0.25), "resolutionunit": "CENTIMETER"}
    image = api.image(project, content=tiff_bytes(_discs(), **pixels))
    assert image["pixel_width_um"] == pytest.approx(0.25)
    fine = shapely.union_all(_objects(api, image, _run(api, project, image)))
    tiled()
    coarse = shapely.union_all(_objects(api, image, _run(api, project, image, pixel_um=0.5)))
    assert fine.intersection(coarse).area / fine.union(coarse).area > 0.9


def test_a_poisoned_tile_is_told_and_tried_again_alone(
    api: Driver, tiled: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = api.project()
    image = api.image(project, content=tiff_bytes(_discs()))
    whole = _objects(api, image, _run(api, project, image))
    tiled()
    real = segment_worker.object_outlines

    def poisoned(found: Any, tile: grid.Tile, *rest: Any) -> Any:
        if (tile.core.x0, tile.core.y0) == (600, 0):
            raise InvalidInputError("This tile is poison.")
        return real(found, tile, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(segment_worker, "object_outlines", poisoned)
        job = _run(api, project, image)
    assert (job["state"], job["tasks_failed"]) == ("done", 1)
    assert "poison" in job["error"]
    some = _objects(api, image, job)
    assert _as_set(some) < _as_set(whole)
    again = api.finished(api.ok(api.post(f"/jobs/{job['id']}/retry")))
    assert (again["state"], again["tasks_failed"]) == ("done", 0)
    assert _as_set(_objects(api, image, again)) == _as_set(whole)


def test_what_cannot_be_done_is_told_before_anything_starts(api: Driver) -> None:
    project = api.project()
    image = api.image(project)
    body = {"kind": "segment", "method": "threshold", "image_ids": [image["id"]]}
    refused = api.post(f"/projects/{project}/jobs", {**body, "foreground": "no-such"})
    assert refused.status_code == 404
    assert "no-such" in refused.json()["detail"]
    refused = api.post(f"/projects/{project}/jobs", {**body, "pixel_um": 2})
    assert refused.status_code == 422
    assert "size of a pixel" in refused.json()["detail"]
    assert api.post(f"/projects/{project}/jobs", {**body, "pixel_um": -1}).status_code == 422


def test_files_are_looked_at_as_slides_are(api: Driver, tiled: Callable[[], None], tmp_path: Path) -> None:
    project = api.project()
    pixels = {"resolution": (1e4 / 0.25, 1e4 / 0.25), "resolutionunit": "CENTIMETER"}
    content = tiff_bytes(_section(), photometric="rgb", **pixels)
    image = api.image(project, content=content)
    tiled()
    job = _run(api, project, image, foreground="tissue", pixel_um=0.4)
    path = tmp_path / "section.tif"
    path.write_bytes(content)
    order = BatchOrder("threshold", SIMPLE, tmp_path / "out", ("geojson",), pixel_um=0.4, foreground="tissue")
    (outcome,) = segment_files([path], order)
    assert outcome.error is None
    features = json.loads((tmp_path / "out" / "section.geojson").read_text())["features"]
    assert len(features) > 10
    assert _as_set([shape(one["geometry"]) for one in features]) == _as_set(_objects(api, image, job))


def test_a_file_of_unknown_pixel_size_cannot_be_looked_at_coarser(tmp_path: Path) -> None:
    path = tmp_path / "plain.tif"
    path.write_bytes(tiff_bytes())
    (outcome,) = segment_files([path], BatchOrder("threshold", {}, tmp_path / "out", pixel_um=1.0))
    assert "size of a pixel of plain.tif is not known" in (outcome.error or "")


def test_a_network_finds_in_tiles_what_it_finds_in_the_whole(api: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = np.ascontiguousarray(patches()[0][:640, :700])
    project = api.project()
    image = api.image(project, content=tiff_bytes(picture, photometric="rgb"))
    order = {"method": "nuclei", "parameters": {}}
    whole = _objects(api, image, _run(api, project, image, **order))
    for name, value in (("WHOLE_PIXELS", 1000), ("CORE_PX", 250), ("MARGIN_PX", 96)):
        monkeypatch.setattr(grid, name, value)
    job = _run(api, project, image, **order)
    found = _objects(api, image, job)
    assert job["tasks_total"] >= 9
    assert len(whole) > 100
    assert abs(len(found) - len(whole)) <= len(whole) // 100
    assert _same_share(whole, found) > 0.98


def _same_share(expected: list[Any], found: list[Any]) -> float:
    """How many of the expected are found with an overlap (IoU) of 0.95."""
    wanted, there = np.array(expected, dtype=object), np.array(found, dtype=object)
    index, other = shapely.STRtree(there).query(wanted, predicate="intersects")
    common = shapely.area(shapely.intersection(wanted[index], there[other]))
    union = shapely.area(wanted[index]) + shapely.area(there[other]) - common
    return len(np.unique(index[common >= 0.95 * union])) / len(expected)
