"""Nothing is lost: cut connections, reloads, a second browser, two people on one object."""

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from .conftest import Server
from .screen import Screen
from .workbench import Workbench, workbench

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

CHANGES = "**/api/v1/layers/*/changes"
TILES = "**/api/v1/layers/*/tiles/**"


@pytest.fixture
def bench(screen: Screen) -> Workbench:
    made = workbench(screen)
    made.open_sample("fluorescence-nuclei.png", ("nucleus", "1"))
    return made


def _cut(route: Route) -> None:
    route.abort("connectionfailed")


def _draw(bench: Workbench, x: float) -> None:
    bench.press("r")
    bench.drag_quickly((x, 60), (x + 50, 110))


def test_work_goes_on_without_a_connection_and_survives_a_reload(bench: Workbench, page: Page) -> None:
    _draw(bench, 60)
    bench.expect_saved()
    page.route(CHANGES, _cut)
    _draw(bench, 160)
    _draw(bench, 260)
    bench.press("1")
    expect(bench.part("save-state")).to_have_attribute("data-state", "offline", timeout=15_000)
    expect(bench.part("save-state")).to_contain_text("changes wait")
    bench.picture("offline")
    page.reload()
    bench.until("() => window.cytoloop !== undefined")
    expect(bench.part("save-state")).to_have_attribute("data-state", "offline", timeout=15_000)
    page.wait_for_timeout(500)
    bench.picture("offline-after-reload")
    page.unroute(CHANGES)
    bench.expect_saved()
    found = bench.stored()
    assert [round(one.geometry.bounds[0]) for one in found] == [60, 160, 260]
    assert [one.term_id is not None for one in found] == [False, False, True]
    bench.press("Control+z")
    bench.press("Control+z")
    assert len(bench.stored()) == 2


def test_undo_takes_back_what_was_not_sent_yet(bench: Workbench, page: Page) -> None:
    _draw(bench, 60)
    bench.expect_saved()
    page.route(CHANGES, _cut)
    _draw(bench, 160)
    expect(bench.part("save-state")).to_have_attribute("data-state", "offline", timeout=15_000)
    _draw(bench, 260)
    page.wait_for_timeout(300)
    bench.press("Control+z")
    page.unroute(CHANGES)
    bench.expect_saved()
    assert [round(one.geometry.bounds[0]) for one in bench.stored()] == [60, 160]


def test_two_browsers_on_one_object(bench: Workbench, page: Page, browser: Browser, server: Server) -> None:
    _draw(bench, 100)
    bench.expect_saved()
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    other = Workbench(context.new_page(), server.url, bench.pictures)
    other.page.goto(page.url)
    other.idle()
    for one in (bench, other):
        one.press("Escape")
        one.press("Escape")
        one.press("s")
        one.click_at(125, 85)
        expect(one.part("selection-count")).to_have_text("1 object selected")
    # different sides of the object: both stand
    other.page.route(CHANGES, _cut)
    other.press("1")
    bench.press("Shift+ArrowRight")
    bench.expect_saved()
    other.page.unroute(CHANGES)
    other.expect_saved()
    merged = bench.only()
    assert merged.term_id is not None
    assert merged.geometry.bounds[0] == pytest.approx(101, abs=0.6)
    # the same side: the second is asked, and its word counts
    bench.page.wait_for_timeout(800)
    other.page.route(CHANGES, _cut)
    other.press("Shift+ArrowDown")
    bench.press("Shift+ArrowUp")
    bench.expect_saved()
    other.page.unroute(CHANGES)
    expect(other.part("not-saved")).to_be_visible(timeout=15_000)
    other.part("not-saved").click()
    other.picture("conflict")
    other.part("keep-mine").click()
    expect(other.part("not-saved")).to_have_count(0, timeout=15_000)
    other.expect_saved()
    y = other.only().geometry.bounds[1]
    assert y == pytest.approx(61, abs=0.7)
    context.close()


HIT = """() => {
  const { map } = window.cytoloop;
  const pixel = map.getPixelFromCoordinate([%d, -%d]);
  return map.hasFeatureAtPixel(pixel, { layerFilter: (one) => one.get("objectLayerId") });
}"""


def test_another_screen_follows_while_somebody_works(
    bench: Workbench, page: Page, browser: Browser, server: Server
) -> None:
    _draw(bench, 100)
    bench.expect_saved()
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    other = Workbench(context.new_page(), server.url, bench.pictures)
    other.page.goto(page.url)
    other.idle()
    assert other.page.evaluate(HIT % (125, 85))
    assert not other.page.evaluate(HIT % (225, 85))
    # what is drawn already stays while the new tile is on its way
    held: list[Route] = []
    other.page.route(TILES, lambda route: held.append(route))
    _draw(bench, 200)
    other.wait(lambda: bool(held))
    other.page.wait_for_timeout(300)
    assert other.page.evaluate(HIT % (125, 85))
    other.page.unroute(TILES)  # which lets go what was held
    other.until(HIT % (225, 85))
    for key in ("Escape", "Escape", "s"):
        bench.press(key)
    bench.click_at(225, 85)
    expect(bench.part("selection-count")).to_have_text("1 object selected")
    bench.press("Delete")
    bench.expect_saved()
    other.until(f"() => !({HIT % (225, 85)})()")
    assert other.page.evaluate(HIT % (125, 85))
    bench.press("Control+z")
    other.until(HIT % (225, 85))
    other.picture("followed")
    context.close()


def test_an_object_can_be_clicked_before_it_is_in_the_tiles(bench: Workbench, page: Page) -> None:
    page.route(TILES, lambda route: None)  # they never come
    _draw(bench, 60)
    _draw(bench, 160)
    for _ in range(2):
        bench.press("Escape")
    bench.press("s")
    expect(bench.part("tool-select")).to_have_attribute("aria-pressed", "true")
    bench.expect_saved()
    page.wait_for_timeout(1000)  # else it would be a double click
    page.mouse.click(*bench.at(85, 85))
    expect(bench.part("selection-count")).to_have_text("1 object selected")
    with page.expect_response(lambda one: one.url.endswith("/changes")):  # a page left sooner asks whether to stay
        bench.press("1")
    page.unroute(TILES)
    page.reload()
    found = bench.stored()
    assert [one.term_id is not None for one in found] == [True, False]
