"""What the keys of drawing and editing do, in the scene "editing": a stack without objects."""

import pytest
from playwright.sync_api import expect
from shapely.geometry.base import BaseGeometry

from .keychecks import HEIGHT, WIDTH, Keys, checks
from .workbench import Stored


def corners(geometry: BaseGeometry) -> int:
    """Points of the outer ring."""
    return len(geometry.exterior.coords)  # type: ignore[attr-defined]


def clicks(bench: Keys, *points: tuple[float, float]) -> None:
    for point in points:
        bench.click_at(*point)


def drawn(bench: Keys) -> Stored:
    """One rectangle, which is selected."""
    bench.wipe()
    bench.rectangle(60, 40, 120, 80)
    bench.press("s")
    return bench.only()


@checks("editing", "shape.finish")
def closes_the_polygon(bench: Keys, _action: str) -> None:
    bench.wipe()
    bench.press("p")
    clicks(bench, (40, 40), (100, 40), (100, 100))
    assert bench.stored() == []
    bench.hit()
    assert bench.only().area == pytest.approx(1800, rel=0.05)


@checks("editing", "shape.back")
def takes_back_the_last_corner(bench: Keys, _action: str) -> None:
    bench.wipe()
    bench.press("p")
    clicks(bench, (40, 40), (100, 40), (100, 100), (40, 130))
    bench.hit()
    bench.press("Enter")
    assert bench.only().area == pytest.approx(1800, rel=0.05)


@checks("editing", "shape.cancel")
def cancels_shape_then_selection_then_tool(bench: Keys, _action: str) -> None:
    drawn(bench)
    bench.press("p")
    clicks(bench, (140, 100), (180, 100), (180, 140))
    bench.hit()
    bench.press("Enter")
    bench.only()
    bench.expect_selected(1)
    bench.hit()
    bench.expect_selected(0)
    expect(bench.part("tool-polygon")).to_have_attribute("aria-pressed", "true")
    bench.hit()
    expect(bench.part("tool-move")).to_have_attribute("aria-pressed", "true")


@checks("editing", "brush.smaller", "brush.larger")
def changes_the_brush(bench: Keys, action: str) -> None:
    bench.wipe()
    bench.press("b")
    bench.drag((50, 50), (52, 50))
    bench.press("Escape")
    bench.press("b")
    for _ in range(3):
        bench.hit()
    bench.drag((140, 100), (142, 100))
    first, second = bench.stored()
    assert (second.area > 1.3 * first.area) is (action == "brush.larger")
    assert (second.area < 0.8 * first.area) is (action == "brush.smaller")


@checks("editing", "edit.undo")
def takes_back(bench: Keys, _action: str) -> None:
    drawn(bench)
    bench.hit()
    assert bench.stored() == []


@checks("editing", "edit.redo")
def does_again(bench: Keys, _action: str) -> None:
    before = drawn(bench)
    bench.press("Control+z")
    assert bench.stored() == []
    bench.hit()
    assert bench.only().area == before.area


@checks("editing", "edit.delete")
def deletes(bench: Keys, _action: str) -> None:
    drawn(bench)
    bench.hit()
    assert bench.stored() == []


@checks("editing", "edit.copy", "edit.paste", "edit.duplicate")
def makes_a_second_one(bench: Keys, action: str) -> None:
    drawn(bench)
    if action == "edit.paste":
        bench.press("Control+c")
    bench.hit()
    if action == "edit.copy":
        bench.press("Control+v")
    bench.page.wait_for_timeout(300)
    first, second = bench.stored()
    assert second.area == pytest.approx(first.area, rel=1e-6)
    assert second.geometry.bounds[0] > first.geometry.bounds[0]


@checks("editing", "edit.merge")
def joins_two_areas(bench: Keys, _action: str) -> None:
    drawn(bench)
    bench.press("Escape")
    bench.rectangle(100, 40, 160, 80)
    bench.press("Control+a")
    bench.expect_selected(2)
    bench.hit()
    assert bench.only().area == pytest.approx(4000, rel=0.03)


@checks("editing", "edit.simplify", "edit.smooth")
def corrects_an_outline(bench: Keys, action: str) -> None:
    bench.wipe()
    bench.press("o")
    bench.drag((60, 40), (140, 120))
    before = bench.only()
    bench.hit()
    after = bench.only()
    assert not after.geometry.equals(before.geometry)
    assert after.area == pytest.approx(before.area, rel=0.06)
    if action == "edit.simplify":
        assert corners(after.geometry) < corners(before.geometry)


@checks("editing", "edit.grow", "edit.shrink")
def changes_the_size(bench: Keys, action: str) -> None:
    before = drawn(bench)
    bench.hit()
    after = bench.only().area
    assert (after > before.area) is (action == "edit.grow")
    assert after == pytest.approx(before.area, rel=0.12)
    assert after != before.area


@checks("editing", "edit.fillHoles")
def fills_holes(bench: Keys, _action: str) -> None:
    before = drawn(bench)
    bench.press("r")
    bench.held(("Alt",), (80, 50), (100, 70))
    assert bench.only().area == pytest.approx(before.area - 400, rel=0.03)
    bench.hit()
    assert bench.only().area == pytest.approx(before.area, rel=1e-3)


@checks("editing", "edit.invert")
def inverts(bench: Keys, _action: str) -> None:
    before = drawn(bench)
    bench.hit()
    assert bench.only().area == pytest.approx(WIDTH * HEIGHT - before.area, rel=1e-3)


@checks("editing", "edit.lock")
def locks_and_unlocks(bench: Keys, _action: str) -> None:
    drawn(bench)
    bench.hit()
    assert bench.only().raw["locked"] is True
    bench.hit()
    assert bench.only().raw["locked"] is False


@checks("editing", "nudge.up", "nudge.down", "nudge.left", "nudge.right")
def moves_by_a_pixel(bench: Keys, action: str) -> None:
    before = drawn(bench).geometry.bounds
    bench.hit()
    dx, dy = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}[action.removeprefix("nudge.")]
    x, y = bench.only().geometry.bounds[:2]
    assert (x - before[0], y - before[1]) == pytest.approx((dx, dy), abs=1e-6)


@checks("editing", "copyTo.up", "copyTo.down", "copyTo.left", "copyTo.right")
def copies_to_the_plane_beside(bench: Keys, action: str) -> None:
    bench.wipe()
    bench.press("ArrowUp")
    bench.press("ArrowRight")
    bench.rectangle(60, 40, 120, 80)
    bench.hit()
    first, copied = bench.stored()
    assert (first.z, first.t) == (1, 1)
    plane = {"up": (2, 1), "down": (0, 1), "left": (1, 0), "right": (1, 2)}[action.removeprefix("copyTo.")]
    assert (copied.z, copied.t) == plane
    assert copied.geometry.equals(first.geometry)
    expect(bench.part("slider-z")).to_have_value(str(plane[0]))
    expect(bench.part("slider-t")).to_have_value(str(plane[1]))


@checks("editing", "edit.interpolate")
def fills_the_plane_between(bench: Keys, _action: str) -> None:
    bench.wipe()
    bench.rectangle(60, 40, 120, 80)
    bench.press("Escape")
    bench.press("ArrowUp")
    bench.press("ArrowUp")
    bench.rectangle(60, 40, 100, 80)
    bench.press("ArrowDown")
    bench.press("ArrowDown")
    bench.idle()
    bench.press("s")
    bench.page.keyboard.down("Control")
    bench.click_at(90, 60)
    bench.page.keyboard.up("Control")
    bench.expect_selected(2)
    bench.hit()
    between = [one for one in bench.stored() if one.z == 1]
    assert [one.area for one in between] == [pytest.approx(2000, rel=0.06)]
