"""Sets of files for many images: out, into other programs' readers, and back in."""

import csv
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from pycocotools import mask as masks
from pycocotools.coco import COCO
from shapely.geometry import shape
from typer.testing import CliRunner

from cytoloop.cli.main import program

from .conftest import running
from .driver import Driver, square

SIZE = 128


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[Path, Driver, str, list[str]]]:
    """A project of two images, three objects of two classes each, one of them a ring."""
    home = tmp_path / "home"
    with running(home) as (api, _):
        project = api.project("Sets")
        images = [api.image(project, name=name)["id"] for name in ("first.tif", "second image.tif")]
        terms = [api.ok(api.post(f"/projects/{project}/terms", {"name": name}))["id"] for name in ("cell", "debris")]
        ring = {"type": "Polygon", "coordinates": [[[60, 60], [100, 60], [100, 100], [60, 100], [60, 60]],
                                                   [[70, 70], [90, 70], [90, 90], [70, 90], [70, 70]]]}  # fmt: skip
        for image in images:
            creates = [
                {"geometry": square(10, 10, 20), "term_id": terms[0]},
                {"geometry": square(20, 40, 10), "term_id": terms[1]},
                {"geometry": ring, "term_id": terms[0]},
                {"geometry": {"type": "Point", "coordinates": [5, 5]}},
            ]
            api.ok(api.post(f"/layers/{api.layer(image)}/changes", {"creates": creates}))
        yield home, api, project, images


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def exported(api: Driver, project: str, name: str, folder: Path, **query: Any) -> Path:
    answer = api.get(f"/projects/{project}/export", params={"set": name} | query)
    assert answer.status_code == 200, answer.text
    archive = folder / f"{name}.zip"
    archive.write_bytes(answer.content)
    target = folder / name
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(target)
    return target


def test_masks_have_the_areas_of_the_objects(made: Any, tmp_path: Path) -> None:
    _, api, project, _ = made
    folder = exported(api, project, "annotatorj", tmp_path)
    for stem in ("first", "second_image"):
        labels = tifffile.imread(folder / "labelled_masks" / f"{stem}.tif")
        assert [int((labels == n).sum()) for n in (1, 2, 3)] == [400, 100, 1200]
        binary = pixels(folder / "binary_masks" / f"{stem}.png")
        assert set(np.unique(binary)) == {0, 255}
        assert int((binary > 0).sum()) == 1700
        stack = tifffile.imread(folder / "layered_stacks" / f"{stem}.tif")
        assert stack.shape == (3, SIZE, SIZE)
        assert [int((plane > 0).sum()) for plane in stack] == [400, 100, 1200]
        rows = table(folder / "bounding_boxes" / f"{stem}.csv")
        assert [float(rows[0][name]) for name in ("x", "y", "width", "height")] == [10, 10, 20, 20]
        overlay = pixels(folder / "overlays" / f"{stem}.png")
        assert overlay.shape == (SIZE, SIZE, 3)
        assert (folder / "rois" / f"{stem}.rois.zip").is_file()
        cells = tifffile.imread(folder / "classes" / "cell" / "labelled_masks" / f"{stem}.tif")
        assert int((cells > 0).sum()) == 1600
    half = exported(api, project, "binary", tmp_path, downsample=2)
    assert pixels(half / "binary_masks" / "first.png").shape == (SIZE // 2, SIZE // 2)


def test_classes_are_numbered_in_the_order_of_the_ontology(made: Any, tmp_path: Path) -> None:
    _, api, project, _ = made
    folder = exported(api, project, "semantic", tmp_path)
    rows = {row["value"]: row["class"] for row in table(folder / "classes.csv")}
    assert rows == {"1": "cell", "2": "debris", "3": "unclassified"}
    mask = pixels(folder / "semantic_masks" / "first.png")
    assert [int((mask == n).sum()) for n in (1, 2)] == [1600, 100]
    only = exported(api, project, "boxes", tmp_path, **{"class": "debris"})
    assert len(table(only / "bounding_boxes" / "first.csv")) == 1


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_one_coco_file_for_all_images_is_read_by_its_own_library(made: Any, tmp_path: Path) -> None:
    _, api, project, _ = made
    folder = exported(api, project, "coco", tmp_path)
    coco = COCO(str(folder / "annotations.json"))
    assert len(coco.getImgIds()) == 2
    assert len(coco.getAnnIds()) == 6
    annotations: list[Any] = coco.loadAnns(coco.getAnnIds())
    for one in annotations:
        assert int(masks.decode(coco.annToRLE(one)).sum()) == pytest.approx(one["area"], abs=1)
    names = {one["name"] for one in json.loads((folder / "annotations.json").read_text())["categories"]}
    assert names == {"cell", "debris"}


def test_yolo_and_crops(made: Any, tmp_path: Path) -> None:
    _, api, project, _ = made
    folder = exported(api, project, "yolo", tmp_path)
    lines = (folder / "labels" / "first.txt").read_text().splitlines()
    assert lines[0].split()[0] == "0"
    assert [float(one) * SIZE for one in lines[0].split()[1:]] == pytest.approx([20, 20, 20, 20], abs=1e-3)
    assert pixels(folder / "images" / "first.png").shape == (SIZE, SIZE, 3)
    assert '0: "cell"' in (folder / "data.yaml").read_text()
    crops = exported(api, project, "crops", tmp_path, crop_px=64)
    found = sorted((crops / "crops" / "cell").glob("first_*_mask.png"))
    assert [int((pixels(one) > 0).sum()) for one in found] == [400, 1200]
    assert all(pixels(one).shape == (64, 64) for one in found)


@pytest.mark.parametrize(
    ("name", "count", "area"),
    [
        ("annotatorj", 4, 1700),
        ("labels", 3, 1700),
        ("stacks", 3, 1700),
        ("semantic", 2, 1700),
        ("boxes", 3, 2100),
        ("yolo", 3, 2100),
        ("yolo-segments", 3, 2100),
        ("coco", 3, 1700),
        ("geojson", 4, 1700),
        ("imagej", 4, 1700),
    ],
)
def test_every_set_comes_back_in(made: Any, tmp_path: Path, name: str, count: int, area: float) -> None:
    _, api, project, images = made
    exported(api, project, name, tmp_path)
    archive = tmp_path / f"{name}.zip"
    answer = api.client.post(f"/api/v1/projects/{project}/import", files={"file": (archive.name, archive.read_bytes())})
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert [one["image_id"] for one in found["layers"]] == images
    assert [one["created"] for one in found["layers"]] == [count, count]
    items = api.ok(api.get(f"/layers/{found['layers'][0]['layer_id']}/annotations?limit=100"))["items"]
    assert sum(shape(one["geometry"]).area for one in items) == pytest.approx(area, abs=2)
    if name not in {"labels", "stacks"}:
        terms = {one["id"]: one["name"] for one in api.ok(api.get(f"/projects/{project}/ontology"))["terms"]}
        assert {"cell", "debris"} <= {terms.get(one["term_id"]) for one in items}


def test_opsef_folders_become_a_layer_a_model(made: Any, tmp_path: Path) -> None:
    home, _, project, _ = made
    labels = np.zeros((SIZE, SIZE), np.uint16)
    labels[10:20, 10:20] = 1
    folder = tmp_path / "run"
    target = folder / "Seg_Nuc_Mask"
    target.mkdir(parents=True)
    for prefix in ("CP", "SD"):
        tifffile.imwrite(target / f"{prefix}_Mask_003_first.tif", labels)
    (folder / "Seg_Nuc_Overlay").mkdir()
    result = CliRunner().invoke(program(), ["import", str(folder), "--project", project, "--home", str(home)])
    assert result.exit_code == 0, result.output
    assert "'CP 003'" in result.output
    assert "'SD 003'" in result.output


def test_the_command_line_writes_sets_and_refuses_a_full_folder(made: Any, tmp_path: Path) -> None:
    home, _, project, _ = made
    out = tmp_path / "out"
    order = ["export", "--project", project, "--format", "yolo", "--out", str(out), "--home", str(home)]
    first = CliRunner().invoke(program(), order)
    assert first.exit_code == 0, first.output
    assert (out / "labels" / "first.txt").is_file()
    again = CliRunner().invoke(program(), order)
    assert again.exit_code != 0
    assert "not empty" in again.output + str(again.exception)


def test_what_cannot_be_written_or_read_is_told(made: Any, tmp_path: Path) -> None:
    _, api, project, _ = made
    unknown = api.get(f"/projects/{project}/export?set=pdf")
    assert (unknown.status_code, unknown.headers["content-type"]) == (422, "application/problem+json")
    assert "annotatorj" in unknown.json()["detail"]
    nothing = api.get(f"/projects/{project}/export?set=labels&class=nobody")
    assert "nothing to export" in nothing.json()["detail"]
    strange = tmp_path / "strange.zip"
    with zipfile.ZipFile(strange, "w") as archive:
        archive.writestr("labelled_masks/other.tif", b"II*\0")
    answer = api.client.post(
        f"/api/v1/projects/{project}/import", files={"file": ("strange.zip", strange.read_bytes())}
    )
    assert answer.status_code == 422
    assert "first.tif" in answer.json()["detail"]
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("labelled_masks/first.tif", b"II*\0 and no more")
    answer = api.client.post(f"/api/v1/projects/{project}/import", files={"file": ("broken.zip", broken.read_bytes())})
    assert answer.status_code == 422
    assert "damaged" in answer.json()["detail"]
