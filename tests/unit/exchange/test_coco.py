import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from pycocotools.coco import COCO

from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import Status
from cytoloop.annotations.raster import polygons_to_labels
from cytoloop.core.errors import InvalidInputError
from cytoloop.exchange.formats import read_objects, write_objects
from cytoloop.exchange.model import ExchangeImage, ExchangeObject, ExchangeTerm

from .strategies import IMAGE

RING = shapely.box(10, 10, 60, 60).difference(shapely.box(20, 20, 40, 40))


def content(**annotation: Any) -> dict[str, Any]:
    one = {"id": 1, "image_id": 5, "category_id": 3, "iscrowd": 0} | annotation
    return {
        "images": [{"id": 5, "file_name": "slide 1.svs", "width": 300, "height": 200}],
        "categories": [{"id": 3, "name": "cell"}],
        "annotations": [one],
    }


def read(made: object, tmp_path: Path, image: ExchangeImage = IMAGE) -> list[ExchangeObject]:
    path = tmp_path / "some.json"
    path.write_text(json.dumps(made))
    return list(read_objects(path, image).objects)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools with numpy 2
def test_pycocotools_reads_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = [
        ExchangeObject(RING, Kind.POLYGON, ExchangeTerm("ring"), id=40),
        ExchangeObject(shapely.box(100, 100, 120, 130), Kind.RECTANGLE, score=0.5),
        ExchangeObject(shapely.Point(3, 3), Kind.POINT),
    ]
    coco = COCO(str(write_objects("coco", made, IMAGE, tmp_path, "x")))
    capsys.readouterr()
    assert coco.getAnnIds() == [1, 2]
    first, second = coco.loadAnns([1, 2])
    assert coco.annToMask(first).sum() == 2500 - 400
    assert np.array_equal(coco.annToMask(first), polygons_to_labels([RING], (200, 300)))
    assert coco.annToMask(second).sum() == 600
    assert (first["area"], second["bbox"], second["score"]) == (2100, [100, 100, 20, 30], 0.5)
    assert [one["iscrowd"] for one in (first, second)] == [0, 0]
    assert [one["name"] for one in coco.loadCats(coco.getCatIds())] == ["ring", "unclassified"]


@pytest.mark.parametrize("shape", [RING, shapely.box(299, 199, 300, 200), shapely.box(0, 0, 300, 200)])
def test_masks_of_pycocotools_are_read(shape: shapely.Polygon, tmp_path: Path) -> None:
    from pycocotools import mask as coco_mask

    mask = polygons_to_labels([shape], (200, 300)).astype(np.uint8)
    rle: Any = coco_mask.encode(np.asfortranarray(mask))
    compressed = {"size": rle["size"], "counts": rle["counts"].decode()}
    (one,) = read(content(segmentation=compressed), tmp_path)
    assert one.geometry.equals(shape)
    flat = mask.T.ravel()
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flat, [2]])))
    runs = np.diff(np.concatenate([[0], edges, [len(flat)]] if edges[-1] != len(flat) else [[0], edges])).tolist()
    (other,) = read(content(segmentation={"size": [200, 300], "counts": runs}), tmp_path)
    assert other.geometry.equals(shape)


def test_an_empty_mask_is_no_object(tmp_path: Path) -> None:
    assert read(content(segmentation={"size": [200, 300], "counts": [60_000]}), tmp_path) == []


def test_boxes_and_overlapping_parts(tmp_path: Path) -> None:
    (box,) = read(content(bbox=[1, 2, 30, 40]), tmp_path)
    assert (box.kind, box.geometry.bounds, box.term) == (Kind.RECTANGLE, (1, 2, 31, 42), ExchangeTerm("cell"))
    parts = [[0, 0, 10, 0, 10, 10, 0, 10], [5, 5, 15, 5, 15, 15, 5, 15]]
    (union,) = read(content(segmentation=parts, score=0.9), tmp_path)
    assert (union.geometry.area, union.status, union.score) == (175, Status.PREDICTED, 0.9)


def test_the_image_is_chosen_by_name(tmp_path: Path) -> None:
    made = content(bbox=[1, 2, 30, 40])
    made["images"].append({"id": 6, "file_name": "other.png", "width": 1, "height": 1})
    assert len(read(made, tmp_path)) == 1
    made["images"][0]["file_name"] = "third.png"
    with pytest.raises(InvalidInputError, match="2 images"):
        read(made, tmp_path)


@pytest.mark.parametrize(
    "segmentation",
    [
        {"size": [200, 300], "counts": "!!"},
        {"size": [200, 300], "counts": "a"},
        {"size": [200, 300], "counts": [5, 5]},
        {"size": [200, 300], "counts": [-5, 60_005]},
        {"size": [200, 300], "counts": [10**30]},
        {"size": [200, 300], "counts": ["x"]},
        {"size": [1, 1], "counts": "0"},
        [[1, 2, 3]],
        [[1, 2, 3, 4]],
        [["a", "b", "c", "d", "e", "f"]],
        [[0, 0, 1, 0, float("nan"), 1]],
        [5],
    ],
)
def test_malformed_masks_are_refused_by_number(segmentation: object, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"Annotation 0 of some\.json"):
        read(content(segmentation=segmentation), tmp_path)


def test_another_images_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="300 x 200 px, and slide 1"):
        read(content(bbox=[1, 1, 2, 2]), tmp_path, ExchangeImage("slide 1.svs", 10, 10))


def test_holes_on_slides_beyond_32_bits_are_refused(tmp_path: Path) -> None:
    slide = ExchangeImage("huge.svs", 100_000, 100_000)
    with pytest.raises(InvalidInputError, match="GeoJSON"):
        write_objects("coco", [ExchangeObject(RING, Kind.POLYGON)], slide, tmp_path, "x")
    assert list(tmp_path.iterdir()) == []


def test_a_hole_on_a_large_slide_takes_no_memory(tmp_path: Path) -> None:
    slide = ExchangeImage("large.svs", 60_000, 60_000)
    ring = shapely.transform(RING, lambda xy: xy + 50_000)
    path = write_objects("coco", [ExchangeObject(ring, Kind.POLYGON)], slide, tmp_path, "x")
    (one,) = read_objects(path, slide).objects
    assert one.geometry.equals(ring)
