"""Planes: copies, interpolation and cuts, on a time series."""

import pytest
from playwright.sync_api import Page, expect

from .screen import Screen
from .workbench import toast, workbench

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_planes_are_copied_to_filled_and_cut(screen: Screen, page: Page) -> None:
    bench = workbench(screen)
    bench.open_sample("membrane-timelapse.tif")
    bench.press("r")
    bench.drag((40, 40), (60, 60))
    bench.press("Control+Shift+ArrowRight")
    first, copied = bench.stored()
    assert (first.t, copied.t) == (0, 1)
    assert copied.area == pytest.approx(first.area, rel=1e-6)
    assert "t=1" in page.url
    bench.press("Control+z")
    assert len(bench.stored()) == 1
    for _ in range(3):
        bench.press("ArrowRight")
    bench.idle()
    bench.press("r")
    bench.drag((40, 40), (80, 80))
    for _ in range(4):
        bench.press("ArrowLeft")
    bench.idle()
    bench.press("s")
    page.keyboard.down("Control")
    bench.click_at(50, 50)
    page.keyboard.up("Control")
    expect(bench.part("selection-count")).to_have_text("2 objects selected")
    bench.press("Shift+P")
    found = sorted(bench.stored(), key=lambda one: one.t)
    assert [one.t for one in found] == [0, 1, 2, 3, 4]
    areas = [one.area for one in found]
    assert areas == sorted(areas)
    assert "3 planes" in page.get_by_test_id("toast-success").last.inner_text()
    bench.press("Shift+O")
    expect(bench.part("ortho")).to_be_visible()
    page.wait_for_timeout(800)
    bench.picture("cuts")
    box = bench.part("cut-x").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 3)
    page.wait_for_timeout(500)
    assert "t=0" not in page.url
    bench.press("Escape")
    bench.press("Escape")
    bench.press("Shift+P")
    assert "Ctrl-click" in toast(page)
