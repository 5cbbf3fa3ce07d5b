"""The main job in a real browser on real files, and it survives a restart."""

import json
import re
import signal
from pathlib import Path

import numpy as np
import pytest
import roifile
import shapely
import tifffile
from playwright.sync_api import Page, expect
from pycocotools.coco import COCO
from shapely.geometry import shape

from cytoloop.samples import FOLDER

from .conftest import Server
from .screen import SLOW_MS, Screen

RUN = "Nuclei 1"
MINE = "My annotations"

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def server(fresh_server: Server) -> Server:
    """One of its own: it has no project yet, and is killed."""
    return fresh_server


def test_open_segment_correct_measure_take_away_and_come_back(
    screen: Screen, page: Page, server: Server, tmp_path: Path
) -> None:
    _upload(screen)
    screen.open_image("fluorescence-nuclei.png")
    found = _segment(screen, page)
    _correct(screen, page, found)
    left = screen.layer_count(RUN)
    drawn = screen.layer_count(MINE)
    _measure(screen, page, left)
    _take_away(screen, left, tmp_path)
    address = page.url
    server.stop(signal.SIGKILL)
    server.start()
    page.goto(address)
    screen.idle()
    screen.expect_layer_count(RUN, left)
    screen.expect_layer_count(MINE, drawn)
    page.keyboard.press("Control+z")
    screen.expect_layer_count(MINE, drawn - 1)
    screen.picture("after-restart")


def _upload(screen: Screen) -> None:
    screen.open()
    expect(screen.part("projects-empty")).to_be_visible()
    screen.picture("empty")
    screen.new_project("My cells")
    screen.picture("empty-project")
    screen.drop(FOLDER / "fluorescence-nuclei.png", FOLDER / "hela-cells.tif", FOLDER / "he-slide.svs")
    screen.part("edit-classes").click()
    for name in ("Nucleus", "Debris"):
        screen.part("term-new-name").fill(name)
        screen.part("term-add").click()
        # exact: each row shows its name in a field
        expect(screen.part("ontology").locator(f'input[value="{name}"]')).to_be_visible()
    screen.picture("classes")
    screen.press("Escape")
    screen.picture("project")


def _segment(screen: Screen, page: Page) -> int:
    expect(screen.part("layers-empty")).to_be_visible()
    screen.tab("segment")
    screen.picture("segment-form")
    screen.part("segment-run").click()
    row = screen.part("layer-row").filter(has_text=RUN)
    expect(row).to_be_visible(timeout=SLOW_MS)
    expect(screen.part("toast-action").or_(screen.part("job-show")).first).to_be_visible(timeout=SLOW_MS)
    screen.until("() => Number(document.querySelector('[data-testid=layer-count]').textContent) > 100")
    screen.idle()
    screen.picture("segmented")
    return screen.layer_count(RUN)


def _correct(screen: Screen, page: Page, found: int) -> None:
    # delete one by clicking on it
    target = _an_object(screen, page)
    screen.press("s")
    screen.click_at(*target)
    expect(screen.part("selection-count")).to_be_visible()
    screen.picture("selected")
    screen.press("Delete")
    screen.expect_layer_count(RUN, found - 1)
    screen.press("Control+z")
    screen.expect_layer_count(RUN, found)
    screen.press("Control+Shift+z")
    screen.expect_layer_count(RUN, found - 1)
    screen.expect_saved()
    # the class of another, by its key
    screen.click_at(*_an_object(screen, page))
    expect(screen.part("selection-count")).to_contain_text("1 object")
    screen.press("2")
    expect(screen.part("class-row").filter(has_text="Debris")).to_have_text(re.compile(r"1$"), timeout=15_000)
    screen.press("Escape")
    _draw(screen, page)


def _draw(screen: Screen, page: Page) -> None:
    """One object with each tool, on the user's own layer."""
    screen.press("r")
    screen.drag((300, 20), (340, 50))
    screen.expect_layer_count(MINE, 1)
    screen.press("o")
    screen.drag((400, 20), (440, 60))
    screen.expect_layer_count(MINE, 2)
    screen.press("p")
    for point in ((150, 20), (210, 30), (180, 70)):
        screen.click_at(*point)
    screen.press("Enter")
    screen.expect_layer_count(MINE, 3)
    screen.press("F2")
    screen.drag((300, 100), (360, 100), (360, 140), (300, 140))
    screen.expect_layer_count(MINE, 4)
    screen.press(".")
    screen.click_at(200, 200)
    screen.expect_layer_count(MINE, 5)
    screen.press("Escape")
    screen.press("Escape")
    screen.press("b")
    screen.drag((420, 200), (470, 230))
    screen.expect_layer_count(MINE, 6)
    screen.expect_saved()
    screen.picture("drawn")
    screen.press("Escape")
    screen.press("Escape")


def _an_object(screen: Screen, page: Page) -> tuple[float, float]:
    """The middle of some object of the run layer, away from the border."""
    objects = page.evaluate(
        """async () => {
          const image = location.pathname.split('/')[4];
          const layers = await (await fetch(`/api/v1/images/${image}/layers`)).json();
          const run = layers.find((one) => one.kind === 'run');
          const url = `/api/v1/layers/${run.id}/annotations?bbox=200,250,500,450&limit=50`;
          return (await (await fetch(url)).json()).items;
        }"""
    )
    solid = max(objects, key=lambda one: one["area"])
    point = shape(solid["geometry"]).representative_point()
    return point.x, point.y


def _measure(screen: Screen, page: Page, objects: int) -> None:
    screen.part("layer-row").filter(has_text=RUN).click()
    screen.tab("measure")
    screen.part("features-toggle").click()
    for name in ("ring", "neighbours"):
        screen.part(f"feature-{name}").check()
    screen.picture("measure-more")
    screen.part("features-toggle").click()
    expect(screen.part("features-toggle")).to_have_text("2 further sets chosen")
    screen.part("measure-run").click()
    expect(screen.part("plot-histogram").or_(screen.part("plot-scatter")).first).to_be_visible(timeout=SLOW_MS)
    screen.picture("measured")
    _gate(screen, page)
    screen.tab("objects")
    expect(screen.part("object-count")).to_contain_text(str(objects))
    screen.part("sort-area").click()
    screen.idle()
    screen.part("object-row").nth(2).click()
    expect(screen.part("selection-count")).to_be_visible()
    screen.idle()
    screen.picture("table")


def _gate(screen: Screen, page: Page) -> None:
    """A rectangle drawn on the scatter chooses the objects in it."""
    screen.part("plot-kind").get_by_text("Scatter").click()
    screen.idle()
    box = screen.part("plot-scatter").locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2, steps=8)
    page.mouse.up()
    expect(screen.part("gated").get_by_test_id("bulk-menu")).to_contain_text("marked objects")
    expect(screen.part("selection-count")).to_be_visible()
    screen.idle()
    screen.picture("gated")
    screen.part("gate-clear").click()
    expect(screen.part("gated")).to_have_count(0)


def _take_away(screen: Screen, objects: int, folder: Path) -> None:
    files: dict[str, Path] = {}
    for name in ("geojson", "coco", "labels", "imagej", "csv"):
        screen.part("layer-row").filter(has_text=RUN).get_by_test_id("layer-menu").click()
        files[name] = screen.download(screen.part(f"export-{name}"), folder)
    features = json.loads(files["geojson"].read_text())["features"]
    assert len(features) == objects
    assert all(shape(one["geometry"]).is_valid for one in features)
    labels = tifffile.imread(files["labels"])
    assert (labels.shape, labels.dtype, len(np.unique(labels)) - 1) == ((520, 696), np.uint16, objects)
    total = shapely.union_all([shape(one["geometry"]) for one in features]).area
    assert (labels > 0).sum() == pytest.approx(total)
    coco = COCO(files["coco"])
    assert len(coco.getAnnIds()) == objects
    assert {one["name"] for one in coco.loadCats(coco.getCatIds())} >= {"Debris"}
    assert len(roifile.roiread(files["imagej"])) >= objects
    assert len(files["csv"].read_text().splitlines()) == objects + 1
    screen.tab("measure")
    table = screen.download(screen.part("measurements-csv"), folder)
    lines = table.read_text().splitlines()
    assert len(lines) == objects + 1
    assert {"neighbour_1_px", "ring_ratio_0"} <= {one.strip('"').split(" [")[0] for one in lines[0].split(",")}
