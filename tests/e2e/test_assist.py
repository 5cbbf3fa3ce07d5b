"""The tools that look at pixels, with a real mouse and keyboard: what they store is compared with the nuclei."""

import json
import urllib.request
from functools import cache
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from playwright.sync_api import Page, expect
from shapely.geometry import shape
from skimage.io import imread
from skimage.measure import regionprops

from cytoloop.learning.method import Pixels
from cytoloop.learning.registry import MethodRegistry
from cytoloop.samples import FOLDER

from .conftest import Server
from .screen import SLOW_MS, Screen

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SAMPLE = "fluorescence-nuclei.png"
MINE = "My annotations"


class Nucleus:
    """A nucleus of the sample as the server's own model sees it; lengths in image px."""

    def __init__(self, labels: NDArray[np.int32], region: Any) -> None:
        self.mask = labels == region.label
        self.y, self.x = region.centroid
        self.top, self.left, self.bottom, self.right = region.bbox
        self.area = float(region.area)

        values = np.asarray(imread(FOLDER / SAMPLE))[self.mask]
        self.texture = float(values.std() / values.mean())

    def iou(self, geometry: Any) -> float:
        """Intersection over union with a stored outline, on the grid of pixel centres."""
        rows, columns = np.indices(self.mask.shape)
        found = shapely.contains_xy(geometry, columns.ravel() + 0.5, rows.ravel() + 0.5).reshape(self.mask.shape)
        return float((found & self.mask).sum() / (found | self.mask).sum())


@cache
def nuclei() -> list[Nucleus]:
    """Nuclei that stand alone in the middle of the sample, the largest first."""
    image = imread(FOLDER / SAMPLE)
    pixels = Pixels(np.asarray(image)[..., None], rgb=False)
    method = MethodRegistry().by_name("nuclei")
    parameters = method.parameters()
    labels = method.segment(pixels, parameters, method.calibrate(pixels, parameters)).labels
    alone: list[Nucleus] = []
    for region in regionprops(labels):
        top, left, bottom, right = region.bbox
        around = labels[max(0, top - 8) : bottom + 8, max(0, left - 8) : right + 8]
        is_inside = top > 90 and left > 60 and bottom < 430 and right < 560
        if is_inside and set(np.unique(around)) <= {0, region.label} and region.area > 250:
            alone.append(Nucleus(labels, region))
    return sorted(alone, key=lambda one: -one.area)


class Bench:
    """The sample opened, and what is stored of it."""

    def __init__(self, screen: Screen, server: Server) -> None:
        self.screen = screen
        self.server = server
        screen.open()
        screen.new_project("Pixels")
        screen.drop(FOLDER / SAMPLE)
        screen.open_image(SAMPLE)
        self.image_id = screen.part("viewer").get_attribute("data-image-id")

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.server.url}/api/v1{path}") as answer:
            return json.load(answer)

    def stored(self) -> list[dict[str, Any]]:
        """All objects of the image, the newest last."""
        layers = self._get(f"/images/{self.image_id}/layers")
        found = [one for layer in layers for one in self._get(f"/layers/{layer['id']}/annotations")["items"]]
        return sorted(found, key=lambda one: one["id"])

    def last(self, count: int) -> tuple[Any, dict[str, Any]]:
        """The newest of so many objects: its geometry, which must be valid and inside the image, and all of it."""
        self.screen.expect_layer_count(MINE, count)
        self.screen.expect_saved()
        newest = self.stored()[-1]
        geometry = shape(newest["geometry"])
        assert geometry.is_valid
        assert shapely.box(0, 0, 696, 520).buffer(1e-6).contains(geometry)
        return geometry, newest

    def take(self, key: str, name: str) -> None:
        self.screen.press("Escape")
        self.screen.press("Escape")
        self.screen.press(key)
        expect(self.screen.part(f"tool-{name}")).to_have_attribute("aria-pressed", "true")

    def drag(self, *points: tuple[float, float]) -> None:
        """Drag without waiting for tiles or saves, as both need a connection."""
        mouse = self.screen.page.mouse
        mouse.move(*self.screen.at(*points[0]))
        mouse.down()
        for point in points[1:]:
            mouse.move(*self.screen.at(*point), steps=6)
        mouse.up()

    def wait_for_model(self) -> None:
        """The model is fetched while the page is idle."""
        method = self.screen.part("option-assist-method")
        expect(method).to_have_value("Nuclei", timeout=SLOW_MS)
        self.screen.page.wait_for_timeout(1500)

    def suggested(self) -> None:
        """Until a dashed outline is shown."""
        self.screen.until(
            """() => window.cytoloop.map.getLayers().getArray().some((layer) =>
              layer.getZIndex() === 940 && layer.getSource().getFeatures().some((one) =>
                Array.isArray(one.getStyle()) && one.getStyle().some((style) => style.getStroke()?.getLineDash())))"""
        )
        self.screen.page.wait_for_timeout(700)  # the suggestion of the whole line follows that of its beginning


@pytest.fixture
def bench(screen: Screen, server: Server) -> Bench:
    return Bench(screen, server)


def _line_over(one: Nucleus) -> list[tuple[float, float]]:
    """A careless line: from one side to the other, bent."""
    width = one.right - one.left
    return [
        (one.left + 0.2 * width, one.y),
        (one.x, one.y + 0.12 * (one.bottom - one.top)),
        (one.right - 0.25 * width, one.y - 0.08 * (one.bottom - one.top)),
    ]


def test_wand_fill_and_threshold_store_the_nucleus_below_them(bench: Bench, screen: Screen, page: Page) -> None:
    first, second, third = sorted(nuclei(), key=lambda one: one.texture)[:3]
    bench.take("w", "wand")
    page.mouse.move(*screen.at(first.x, first.y))
    page.mouse.down()
    page.mouse.move(*screen.at(first.x + 20, first.y), steps=5)
    screen.picture("wand")
    page.mouse.up()
    geometry, _ = bench.last(1)
    assert first.iou(geometry) > 0.7
    bench.take("c", "fill")
    screen.click_at(second.x, second.y)
    geometry, _ = bench.last(2)
    assert geometry.contains(shapely.Point(second.x, second.y))
    assert second.iou(geometry) > 0.5
    bench.take("t", "threshold")
    screen.drag((third.left - 7, third.top - 7), (third.right + 7, third.bottom + 7))
    geometry, _ = bench.last(3)
    assert third.iou(geometry) > 0.8
    screen.picture("three")
    bench.take("t", "threshold")
    screen.click_at(third.x, third.y)
    expect(screen.part("toast-info").last).to_contain_text("Drag a box")
    assert len(bench.stored()) == 3


def test_superpixels_add_up_and_are_given_back(bench: Bench, screen: Screen, page: Page) -> None:
    one = nuclei()[0]
    bench.take("q", "superpixel")
    for _ in range(4):
        screen.press("[")
    page.mouse.move(*screen.at(one.x, one.y))
    page.wait_for_timeout(3000)
    page.mouse.move(*screen.at(one.x + 1, one.y))
    screen.picture("hover")
    inside = shapely.Polygon(
        [(one.left, one.top), (one.right, one.top), (one.right, one.bottom), (one.left, one.bottom)]
    )
    rows, columns = np.nonzero(one.mask)
    page.mouse.move(*screen.at(one.x, one.y))
    page.mouse.down()
    for y, x in list(zip(rows, columns, strict=True))[:: max(1, len(rows) // 60)]:
        page.mouse.move(*screen.at(float(x) + 0.5, float(y) + 0.5))
    page.mouse.up()
    screen.picture("taken")
    outside = (one.right + 12.0, one.bottom + 12.0)
    screen.click_at(*outside)
    page.keyboard.down("Alt")
    screen.click_at(*outside)
    page.keyboard.up("Alt")
    screen.press("Enter")
    geometry, _ = bench.last(1)
    assert one.iou(geometry) > 0.6
    assert geometry.intersection(inside).area > 0.8 * geometry.area


def test_a_careless_line_a_click_and_a_box_become_contours(bench: Bench, screen: Screen, page: Page) -> None:
    first, second, third, fourth = nuclei()[:4]
    bench.take("a", "assist")
    bench.wait_for_model()
    screen.drag(*_line_over(first))
    bench.suggested()
    screen.picture("line")
    screen.press("Enter")
    geometry, stored = bench.last(1)
    assert first.iou(geometry) > 0.85
    assert stored["properties"]["assist"] == "nuclei"
    assert 0 < stored["properties"]["assist_ms"] < 60_000
    screen.click_at(second.x, second.y)
    bench.suggested()
    screen.press("q")
    geometry, _ = bench.last(2)
    assert second.iou(geometry) > 0.85
    page.keyboard.down("Control")
    screen.drag((third.left - 3, third.top - 3), (third.right + 3, third.bottom + 3))
    page.keyboard.up("Control")
    bench.suggested()
    screen.press("Control+Delete")
    screen.press("Enter")
    page.wait_for_timeout(500)
    assert len(bench.stored()) == 2
    screen.part("option-assist-drag").get_by_text("a box").click()
    screen.drag((third.left - 3, third.top - 3), (third.right + 3, third.bottom + 3))
    bench.suggested()
    screen.press("g")
    page.wait_for_timeout(600)
    screen.picture("snapped")
    screen.press("Enter")
    geometry, _ = bench.last(3)
    assert third.iou(geometry) > 0.7
    screen.click_at(fourth.x, fourth.y)
    bench.suggested()
    screen.press("u")
    screen.picture("inverted")
    screen.press("Enter")
    geometry, _ = bench.last(4)
    assert fourth.iou(geometry) < 0.1
    assert geometry.area > 0.5 * fourth.area
    assert not geometry.contains(shapely.Point(fourth.x, fourth.y))


def test_a_suggestion_is_refined_by_the_brush_and_by_a_right_click(bench: Bench, screen: Screen, page: Page) -> None:
    one = nuclei()[0]
    bench.take("a", "assist")
    bench.wait_for_model()
    screen.click_at(one.x, one.y)
    bench.suggested()
    page.keyboard.down("Shift")
    screen.drag((one.right - 2, one.y), (one.right + 10, one.y))
    page.keyboard.up("Shift")
    screen.picture("added")
    screen.press("Enter")
    geometry, _ = bench.last(1)
    assert geometry.contains(shapely.Point(one.right + 8, one.y))
    assert geometry.area > one.area
    screen.click_at(one.x, one.y)
    bench.suggested()
    page.keyboard.down("Alt")
    screen.drag((one.left - 6, one.top - 6), (one.left - 6, one.bottom + 6))
    page.keyboard.up("Alt")
    page.mouse.click(*screen.at(one.right - 4, one.y), button="right")
    page.wait_for_timeout(3000)
    screen.press("Enter")
    geometry, _ = bench.last(2)
    assert geometry.area < one.area
    assert not geometry.contains(shapely.Point(one.right - 4, one.y))


def test_degenerate_prompts_end_in_a_plain_message(bench: Bench, screen: Screen, page: Page) -> None:
    bench.take("a", "assist")
    bench.wait_for_model()
    page.mouse.click(*screen.at(-30, 480))
    expect(screen.part("toast-info").last).to_contain_text("outside the image")
    page.mouse.click(*screen.at(300, 200), button="right")
    expect(screen.part("toast-info").last).to_contain_text("first")
    bench.take("w", "wand")
    screen.click_at(-30, 480)
    bench.take("t", "threshold")
    screen.drag((-60, 450), (-20, 490))
    page.wait_for_timeout(300)
    assert bench.stored() == []


def test_the_assist_works_without_a_connection(bench: Bench, screen: Screen, page: Page) -> None:
    one = nuclei()[1]
    bench.take("a", "assist")
    bench.wait_for_model()
    page.context.set_offline(True)
    bench.drag(*_line_over(one))
    bench.suggested()
    screen.picture("offline")
    screen.press("Enter")
    page.wait_for_timeout(500)
    page.context.set_offline(False)
    geometry, stored = bench.last(1)
    assert one.iou(geometry) > 0.85
    assert stored["properties"]["assist"] == "nuclei"


def test_region_growing_is_the_alternative(bench: Bench, screen: Screen, page: Page) -> None:
    one = min(nuclei(), key=lambda one: one.texture)
    bench.take("a", "assist")
    screen.part("option-assist-method").click()
    page.get_by_role("option", name="Region growing").click()
    screen.drag(*_line_over(one))
    bench.suggested()
    screen.picture("grown")
    screen.press("Enter")
    geometry, stored = bench.last(1)
    assert one.iou(geometry) > 0.75
    assert stored["properties"]["assist"] == "region-growing"


def test_the_picture_may_be_turned_and_toned(bench: Bench, screen: Screen, page: Page) -> None:
    one = nuclei()[0]
    page.evaluate("window.cytoloop.map.getView().setRotation(0.6)")
    screen.idle()
    bench.take("t", "threshold")
    corners = [screen.at(*corner) for corner in ((one.left - 7, one.top - 7), (one.right + 7, one.bottom + 7))]
    page.mouse.move(*corners[0])
    page.mouse.down()
    page.mouse.move(*corners[1], steps=5)
    page.mouse.up()
    geometry, _ = bench.last(1)
    assert one.iou(geometry) > 0.8
    screen.picture("turned")


def test_a_stained_slide_is_read_from_its_tiles_turned_or_not(screen: Screen, server: Server, page: Page) -> None:
    screen.open()
    screen.new_project("Slide")
    screen.drop(FOLDER / "he-slide.svs")
    screen.open_image("he-slide.svs")
    found = []
    for rotation in (0.0, 0.5):
        page.evaluate(
            """(rotation) => {
              const view = window.cytoloop.map.getView();
              view.setCenter([1100, -1500]);
              view.setResolution(0.5);
              view.setRotation(rotation);
            }""",
            rotation,
        )
        screen.idle()
        screen.press("t")
        # a nucleus that stands alone
        screen.drag((1162, 1446), (1197, 1489))
        screen.picture(f"slide-{rotation}")
        screen.expect_layer_count(MINE, len(found) + 1)
        screen.expect_saved()
        image_id = screen.part("viewer").get_attribute("data-image-id")
        with urllib.request.urlopen(f"{server.url}/api/v1/images/{image_id}/layers") as answer:
            layer = json.load(answer)[0]["id"]
        with urllib.request.urlopen(f"{server.url}/api/v1/layers/{layer}/annotations") as answer:
            newest = max(json.load(answer)["items"], key=lambda one: one["id"])
        found.append(shape(newest["geometry"]))
    straight, turned = found
    assert straight.is_valid
    assert turned.is_valid
    assert 150 < straight.area < 1000
    assert straight.intersection(turned).area > 0.75 * straight.union(turned).area
