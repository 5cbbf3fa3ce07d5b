"""Two pictures beside each other, the tabs at the right, and the wheel of a trackpad."""

import pytest
from playwright.sync_api import Page, expect

from cytoloop.samples import FOLDER

from .screen import Screen
from .test_accessibility import violations
from .workbench import Workbench, workbench

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PLACES = """() => ['map', 'beside'].map((name) => {
  const view = window.cytoloop[name].getView();
  return [...view.getCenter(), view.getResolution()];
})"""


def places(bench: Workbench) -> list[list[float]]:
    """Centre and resolution of the first and of the second picture."""
    bench.until("() => window.cytoloop.beside !== undefined")
    bench.page.wait_for_timeout(400)
    found: list[list[float]] = bench.page.evaluate(PLACES)
    return found


def test_two_pictures_move_together_until_they_are_freed(screen: Screen, page: Page) -> None:
    bench = workbench(screen)
    bench.open_sample("fluorescence-nuclei.png")
    bench.rectangle(100, 100, 200, 200)
    bench.press("Escape")
    bench.press("Shift+B")
    first, second = places(bench)
    assert second == pytest.approx(first, rel=1e-3)
    bench.picture("the-same-image")
    page.mouse.move(*bench.at(300, 250))
    page.mouse.wheel(0, -400)
    bench.idle()
    first, second = places(bench)
    assert second == pytest.approx(first, rel=1e-3)
    bench.part("beside-shown").click()
    layer = bench.part("beside-layer")
    expect(layer).to_have_attribute("aria-checked", "true")
    page.wait_for_timeout(300)
    bench.picture("layers-of-the-second")
    layer.click()
    expect(layer).to_have_attribute("aria-checked", "false")
    page.keyboard.press("Escape")
    expect(layer).to_have_count(0)
    bench.part("beside-link").click()
    page.mouse.move(*bench.at(300, 250))
    page.mouse.wheel(0, 300)
    bench.idle()
    after, alone = places(bench)
    assert after[2] > first[2]
    assert alone == pytest.approx(second, rel=1e-6)
    edge = bench.part("beside-edge")
    before = bench.part("beside").bounding_box()
    edge.focus()
    for _ in range(3):
        bench.press("ArrowRight")
    page.wait_for_timeout(200)
    now = bench.part("beside").bounding_box()
    assert before is not None
    assert now is not None
    assert now["width"] < 0.85 * before["width"]
    bench.part("beside-close").click()
    expect(bench.part("beside")).to_have_count(0)


def test_another_image_is_shown_beside(screen: Screen, page: Page) -> None:
    bench = workbench(screen)
    bench.open_sample("hela-cells.tif")
    page.goto(page.url.split("/i/")[0])
    bench.drop(FOLDER / "fluorescence-nuclei.png")
    bench.open_image("hela-cells.tif")
    bench.press("Shift+B")
    bench.part("beside-image").click()
    page.get_by_role("option", name="fluorescence-nuclei.png").click()
    expect(page.get_by_label("Picture of fluorescence-nuclei.png, beside")).to_be_visible()
    zoomed = places(bench)
    page.mouse.move(*bench.at(200, 200))
    page.mouse.wheel(0, -300)
    bench.idle()
    now = places(bench)
    assert now[0][2] / zoomed[0][2] == pytest.approx(now[1][2] / zoomed[1][2], rel=1e-3)
    assert now[0][2] < 0.8 * zoomed[0][2]
    bench.picture("another-image")


def test_the_wheel_pans_for_a_trackpad_and_that_is_remembered(screen: Screen, page: Page) -> None:
    bench = workbench(screen)
    bench.open_sample("fluorescence-nuclei.png")
    bench.press("?")
    page.get_by_label("Trackpad").check()
    bench.picture("trackpad")
    bench.press("Escape")
    page.reload()
    bench.idle()
    resolution = "window.cytoloop.map.getView().getResolution()"
    before, x = page.evaluate(resolution), bench.at(300, 250)
    page.mouse.move(*x)
    page.mouse.wheel(40, 30)
    bench.idle()
    assert page.evaluate(resolution) == before
    assert bench.at(300, 250) == pytest.approx((x[0] - 40, x[1] - 30), abs=1)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    bench.idle()
    assert page.evaluate(resolution) < before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_tabs_options_and_the_second_picture_can_be_used_by_everybody(screen: Screen, page: Page, scheme: str) -> None:
    screen.open()
    if scheme == "dark":
        screen.part("scheme").click()
    bench = workbench(screen)
    bench.open_sample("hela-cells.tif")
    tabs = page.locator(".side-right [role=tab]")
    boxes = [one.bounding_box() for one in tabs.all()]
    assert len({box["y"] for box in boxes if box}) == 1, "one row"
    side = page.locator(".side-right").bounding_box()
    assert side is not None
    assert all(box and box["x"] + box["width"] <= side["x"] + side["width"] + 0.5 for box in boxes)
    assert page.get_by_role("tab", name="Gallery").count() == 1
    bench.picture(f"tabs-{scheme}")
    found: dict[str, list[str]] = {}
    found["tabs"] = violations(page)
    for key, option in (("a", "assist-method"), ("w", "tolerance"), ("q", "superpixel"), ("t", "threshold")):
        bench.press(key)
        expect(bench.part(f"option-{option}")).to_be_visible()
        bench.picture(f"options-{option}-{scheme}")
        found[option] = violations(page)
    bench.press("m")
    bench.press("Shift+B")
    expect(bench.part("beside-map")).to_be_visible()
    bench.idle()
    bench.picture(f"beside-{scheme}")
    found["beside"] = violations(page)
    assert {place: one for place, one in found.items() if one} == {}
