"""Every drawing tool and every key of the workbench: real mouse and keyboard, and the geometry that is stored."""

import json
import math

import pytest
from playwright.sync_api import Page, expect

from .screen import Screen
from .workbench import Workbench, toast, workbench

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

CLASSES = (("nucleus", "1"), ("debris", "2"))


@pytest.fixture
def bench(screen: Screen) -> Workbench:
    made = workbench(screen)
    made.open_sample("fluorescence-nuclei.png", *CLASSES)
    return made


def test_closed_shapes_are_stored_as_drawn(bench: Workbench, page: Page) -> None:
    bench.press("r")
    bench.drag((50, 60), (150, 110))
    one = bench.only()
    assert one.kind == "rectangle"
    assert one.area == pytest.approx(5000, rel=0.02)
    assert one.geometry.bounds == pytest.approx((50, 60, 150, 110), abs=0.6)
    bench.clear()

    bench.press("r")
    page.mouse.move(*bench.at(50, 60))
    page.mouse.down()
    page.keyboard.down("Shift")
    page.mouse.move(*bench.at(150, 110), steps=5)
    page.mouse.up()
    page.keyboard.up("Shift")
    x0, y0, x1, y1 = bench.only().geometry.bounds
    assert x1 - x0 == pytest.approx(y1 - y0, abs=0.1)
    bench.clear()

    bench.press("o")
    bench.drag((50, 60), (150, 110))
    one = bench.only()
    assert one.kind == "ellipse"
    assert one.area == pytest.approx(math.pi * 50 * 25, rel=0.03)
    bench.clear()

    bench.press("p")
    for point in ((100, 100), (200, 100), (200, 180)):
        bench.click_at(*point)
    bench.press("Enter")
    one = bench.only()
    assert one.kind == "polygon"
    assert one.area == pytest.approx(4000, rel=0.03)
    assert len(one.geometry.exterior.coords) == 4  # type: ignore[attr-defined]
    bench.clear()

    bench.press("p")
    for point in ((100, 100), (200, 100), (220, 140), (200, 180)):
        bench.click_at(*point)
    bench.press("Backspace")
    bench.click_at(100, 100)
    assert bench.only().area == pytest.approx(100 * 40 / 2, rel=0.05)
    bench.clear()

    bench.press("F2")
    ring = [(200 + 50 * math.cos(a / 8 * math.pi), 200 + 50 * math.sin(a / 8 * math.pi)) for a in range(16)]
    bench.drag(*ring)
    assert bench.only().area == pytest.approx(math.pi * 2500, rel=0.08)


def test_modifiers_add_subtract_intersect_and_avoid(bench: Workbench) -> None:
    bench.rectangle(100, 100, 200, 200)
    bench.held(("Shift",), (150, 150), (250, 250))
    assert bench.only().area == pytest.approx(17500, rel=0.02)
    bench.held(("Alt",), (90, 90), (150, 150))
    assert bench.only().area == pytest.approx(15000, rel=0.02)
    bench.held(("Shift", "Alt"), (150, 90), (260, 260))
    assert bench.only().area == pytest.approx(12500, rel=0.02)
    bench.press("Control+z")
    assert bench.only().area == pytest.approx(15000, rel=0.02)
    bench.press("Escape")
    bench.press("o")
    bench.press("r")
    bench.held(("Control", "Shift"), (150, 100), (300, 200))
    first, second = bench.stored()
    assert first.geometry.intersection(second.geometry).area < 0.5
    assert second.area == pytest.approx(10000, rel=0.03)


def test_the_brush_paints_erases_fills_and_has_a_size(bench: Workbench, page: Page) -> None:
    bench.press("b")
    bench.drag((100, 100), (200, 100))
    first = bench.only().area
    assert first > 1000
    bench.held(("Alt",), (150, 60), (150, 140))
    parts = bench.only()
    assert parts.kind == "multipolygon"
    assert parts.area < first
    bench.press("Control+z")
    bench.press("e")
    bench.drag((95, 60), (95, 140))
    assert bench.only().area < first
    bench.clear()

    bench.press("b")
    for _ in range(4):
        bench.press("]")
    bench.drag((100, 100), (200, 100))
    assert bench.only().area > 1.5 * first
    bench.clear()
    for _ in range(6):
        bench.press("[")
    bench.press("b")
    ring = [(250 + 60 * math.cos(a / 6 * math.pi), 200 + 60 * math.sin(a / 6 * math.pi)) for a in range(13)]
    page.mouse.move(*bench.at(*ring[0]))
    page.mouse.down()
    for point in ring[1:]:
        page.mouse.move(*bench.at(*point), steps=4)
    page.keyboard.press("f")
    page.mouse.up()
    filled = bench.only()
    assert len(filled.geometry.interiors) == 0  # type: ignore[attr-defined]
    assert filled.area > math.pi * 3600


def test_points_lines_arrows_rulers_and_angles(bench: Workbench) -> None:
    bench.press(".")
    bench.click_at(120, 130)
    point = bench.only()
    assert point.kind == "point"
    assert point.geometry.coords[0] == pytest.approx((120, 130), abs=0.6)
    bench.clear()

    bench.press("l")
    bench.drag((100, 100), (200, 150))
    line = bench.only()
    assert line.kind == "line"
    assert line.geometry.length == pytest.approx(math.hypot(100, 50), rel=0.02)
    bench.clear()

    bench.press("l")
    for point_ in ((100, 100), (200, 100), (200, 200)):
        bench.click_at(*point_)
    bench.press("Enter")
    assert bench.only().geometry.length == pytest.approx(200, rel=0.02)
    bench.clear()

    bench.press("Shift+A")
    bench.drag((100, 100), (160, 180))
    assert bench.only().kind == "arrow"
    bench.clear()

    bench.press("u")
    bench.drag((100, 100), (200, 100))
    bench.picture("ruler")
    assert bench.stored() == []
    bench.press("Enter")
    kept = bench.only()
    assert (kept.kind, round(kept.geometry.length)) == ("line", 100)
    bench.clear()

    bench.press("Shift+U")
    for point_ in ((200, 100), (100, 100), (100, 200)):
        bench.click_at(*point_)
    bench.picture("angle")
    bench.press("Enter")
    angle = bench.only()
    assert angle.kind == "angle"
    assert len(angle.geometry.coords) == 3


def test_split_merge_and_corrections_of_outlines(bench: Workbench) -> None:
    bench.rectangle(100, 100, 200, 200)
    bench.press("x")
    bench.drag((90, 150), (210, 150))
    halves = bench.stored()
    assert [one.area for one in halves] == pytest.approx([5000, 5000], rel=0.03)
    bench.press("Control+m")
    assert bench.only().area == pytest.approx(10000, rel=0.02)
    bench.press("Control+]")
    grown = bench.only().area
    assert grown > 10200
    bench.press("Control+[")
    assert bench.only().area < grown
    bench.press("Shift+I")
    assert bench.only().area > 100_000
    bench.press("Shift+F")
    assert len(bench.only().geometry.interiors) == 0  # type: ignore[attr-defined]
    bench.press("Control+z")
    assert len(bench.only().geometry.interiors) == 1  # type: ignore[attr-defined]
    bench.clear()

    bench.press("o")
    bench.drag((100, 100), (200, 200))
    before = bench.only()
    bench.press("Shift+S")
    simple = bench.only()
    assert len(simple.geometry.exterior.coords) < len(before.geometry.exterior.coords)  # type: ignore[attr-defined]
    assert simple.area == pytest.approx(before.area, rel=0.05)
    bench.press("Shift+M")
    assert bench.only().area == pytest.approx(before.area, rel=0.08)


OLDER = '{"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]]}'


def test_what_was_copied_is_pasted_and_not_what_the_clipboard_held_before(bench: Workbench) -> None:
    """Also where the browser is slow to take it, or has no clipboard for pages at all (a server without HTTPS)."""
    bench.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    bench.page.evaluate("(older) => navigator.clipboard.writeText(older)", OLDER)
    bench.page.evaluate("() => { navigator.clipboard.writeText = () => new Promise(() => {}); }")
    bench.rectangle(100, 100, 200, 160)
    bench.press("Control+c")
    bench.press("Control+v")
    bench.wait(lambda: len(bench.stored()) == 2)
    assert [one.area for one in bench.stored()] == pytest.approx([6000, 6000])
    assert json.loads(bench.page.evaluate("navigator.clipboard.readText()"))["type"] == "FeatureCollection"


LATE = """() => window.addEventListener('paste', (event) => {
  if (!event.isTrusted) return;
  event.stopImmediatePropagation();
  const text = event.clipboardData.getData('text/plain');
  const clipboardData = new DataTransfer();
  clipboardData.setData('text/plain', text);
  setTimeout(() => window.dispatchEvent(new ClipboardEvent('paste', { clipboardData })), 600);
}, true)"""
"""A browser that takes its time to hand over the clipboard."""


def test_a_paste_that_comes_late_is_made_once(bench: Workbench) -> None:
    bench.rectangle(100, 100, 200, 160)
    bench.press("Control+c")
    bench.page.evaluate(LATE)
    bench.press("Control+v")
    bench.wait(lambda: len(bench.stored()) == 2)
    bench.page.wait_for_timeout(1000)
    assert len(bench.stored()) == 2
    bench.page.wait_for_timeout(1500)  # the next one is another
    bench.press("Control+v")
    bench.wait(lambda: len(bench.stored()) == 3)


def test_copies_moves_turns_and_locks(bench: Workbench) -> None:
    bench.rectangle(100, 100, 200, 160)
    bench.press("Control+c")
    bench.press("Control+v")
    bench.page.wait_for_timeout(300)
    first, second = bench.stored()
    assert second.area == pytest.approx(first.area, rel=1e-6)
    assert second.geometry.bounds[0] > first.geometry.bounds[0]
    bench.press("Delete")
    bench.idle()
    bench.press("s")
    bench.click_at(150, 130)
    bench.idle()
    bench.press("Control+d")
    assert len(bench.stored()) == 2
    bench.press("Delete")
    bench.idle()
    bench.click_at(150, 130)
    bench.idle()
    x = bench.only().geometry.bounds[0]
    bench.press("Shift+ArrowRight")
    assert bench.only().geometry.bounds[0] == pytest.approx(x + 1, abs=1e-6)
    bench.press("Shift+ArrowDown")
    bench.press("v")
    bench.drag((150, 130), (190, 150))
    moved = bench.only()
    assert moved.geometry.bounds[0] == pytest.approx(x + 41, abs=1)
    assert moved.area == pytest.approx(6000, rel=0.02)
    x0, y0, x1, y1 = moved.geometry.bounds
    bench.page.mouse.move(*bench.at((x0 + x1) / 2, (y0 + y1) / 2))
    bench.picture("transform")
    bench.drag((x1, y1), (x1 + (x1 - x0), y1 + (y1 - y0)))
    assert bench.only().area == pytest.approx(4 * moved.area, rel=0.05)
    bench.press("Shift+L")
    bench.idle()
    bench.press("Delete")
    assert "locked" in toast(bench.page)
    assert bench.only().raw["locked"] is True
    bench.press("Shift+L")
    bench.idle()
    bench.press("Delete")
    assert bench.stored() == []


def test_selecting_by_lasso_keys_and_box(bench: Workbench) -> None:
    for x in (60, 160, 260):
        bench.rectangle(x, 60, x + 60, 120)
        bench.press("Escape")
        bench.press("Escape")
    bench.press("j")
    bench.drag((50, 50), (230, 45), (235, 130), (45, 135), (48, 60))
    expect(bench.part("selection-count")).to_have_text("2 objects selected")
    bench.press("Control+a")
    expect(bench.part("selection-count")).to_have_text("3 objects selected")
    bench.press("Escape")
    bench.press("s")
    bench.held(("Shift",), (150, 50), (330, 130))
    expect(bench.part("selection-count")).to_have_text("2 objects selected")
    bench.press("Escape")
    bench.page.locator(".stage-map").focus()
    bench.press("Tab")
    expect(bench.part("selection-count")).to_have_text("1 object selected")
    bench.press("1")
    bench.idle()
    bench.press("Tab")
    bench.page.wait_for_timeout(300)
    bench.press("2")
    bench.idle()
    by_place = sorted(bench.stored(), key=lambda one: one.geometry.bounds[0])
    assert by_place[0].term_id is not None
    assert by_place[1].term_id is not None
    assert by_place[2].term_id is None
    bench.press("Shift+Tab")
    bench.page.wait_for_timeout(300)
    bench.press("Escape")
    bench.press("n")
    bench.page.wait_for_timeout(300)
    bench.press("/")
    bench.part("search-field").fill("deb")
    bench.press("Enter")
    bench.idle()
    by_place = sorted(bench.stored(), key=lambda one: one.geometry.bounds[0])
    assert by_place[2].term_id == by_place[1].term_id
    bench.press("Escape")
    bench.press("1")
    bench.press("k")
    bench.click_at(290, 90)
    by_place = sorted(bench.stored(), key=lambda one: one.geometry.bounds[0])
    assert by_place[2].term_id == by_place[0].term_id


def test_corners_are_moved_added_and_deleted(bench: Workbench, page: Page) -> None:
    bench.rectangle(100, 100, 200, 200)
    bench.press("s")
    bench.drag((200, 200), (240, 240))
    assert bench.only().area == pytest.approx(10000 + 100 * 40, rel=0.03)
    page.wait_for_timeout(350)
    page.mouse.dblclick(*bench.at(150, 100))
    bench.idle()
    assert len(bench.only().geometry.exterior.coords) == 6  # type: ignore[attr-defined]
    page.keyboard.down("Alt")
    bench.click_at(150, 100)
    page.keyboard.up("Alt")
    assert len(bench.only().geometry.exterior.coords) == 5  # type: ignore[attr-defined]


def test_regions_and_boxes_instead_of_objects(bench: Workbench) -> None:
    bench.part("type-semantic").click()
    bench.press("1")
    bench.rectangle(100, 100, 200, 200)
    bench.press("Escape")
    bench.rectangle(150, 150, 250, 250)
    assert bench.only().area == pytest.approx(17500, rel=0.02)
    bench.press("Escape")
    bench.press("2")
    bench.rectangle(100, 100, 150, 150)
    areas = sorted(one.area for one in bench.stored())
    assert areas == pytest.approx([2500, 15000], rel=0.03)
    bench.picture("regions")
    bench.clear()
    bench.part("type-box").click()
    bench.press("o")
    bench.drag((100, 100), (200, 150))
    assert bench.only().kind == "rectangle"
    assert bench.only().area == pytest.approx(5000, rel=0.02)


def test_what_cannot_be_drawn_is_said_and_leaves_nothing(bench: Workbench, page: Page) -> None:
    bench.press("-")
    bench.press("-")
    page.wait_for_timeout(500)
    bench.press("r")
    bench.drag((100, -60), (140, -20))
    assert "outside" in toast(page)
    bench.press("p")
    bench.click_at(100, 100)
    bench.press("Enter")
    bench.press("F2")
    bench.drag((100, 100), (101, 100))
    assert bench.stored() == []
    bench.drag((100, 100), (200, 200), (200, 100), (100, 200))
    crossing = bench.only()
    assert crossing.geometry.is_valid
    assert crossing.area == pytest.approx(5000, rel=0.1)
    bench.clear()
    bench.press("r")
    bench.drag((-30, 100), (40, 140))
    assert bench.only().geometry.bounds[0] >= 0


def test_views_keys_and_dialogs(bench: Workbench, page: Page) -> None:
    bench.rectangle(100, 100, 200, 200)
    bench.press("Escape")
    bench.press("Control+k")
    bench.part("search-field").fill("one image pixel")
    bench.picture("palette")
    bench.press("Enter")
    page.wait_for_timeout(500)
    assert "100" in bench.part("zoom-readout").inner_text()
    bench.press("?")
    bench.picture("shortcuts")
    bench.part("key-tool.wand").click()
    bench.press("r")
    expect(bench.part("key-conflict")).to_contain_text("used twice")
    page.get_by_role("button", name="Reset all").click()
    expect(bench.part("key-conflict")).to_have_count(0)
    bench.press("Escape")
    for key in ("h", "h", "f", "f", "Shift+C", "Shift+C", "+", "-", "Home", "0"):
        bench.press(key)
    page.wait_for_timeout(500)
    assert bench.only().area == pytest.approx(10000, rel=0.02)
