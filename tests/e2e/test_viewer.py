"""Looking at images: channels, planes, slides, the address, errors."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cytoloop.samples import FOLDER

from .screen import SLOW_MS, Screen

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def _open(screen: Screen, *names: str) -> None:
    screen.open()
    screen.new_project("Looking")
    screen.drop(*(FOLDER / name for name in names))


def test_a_slide_is_shown_with_its_scale_and_pixels(screen: Screen, page: Page) -> None:
    _open(screen, "he-slide.svs")
    screen.open_image("he-slide.svs")
    expect(screen.part("scale-bar")).to_contain_text("µm")
    screen.picture("slide")
    screen.press("Home")
    screen.idle()
    page.mouse.move(700, 450)
    expect(screen.part("readout").first).to_contain_text(re.compile(r"\d+.*µm"), timeout=SLOW_MS)
    screen.picture("slide-full-resolution")
    screen.tab("info")
    expect(screen.part("info-panel")).to_contain_text("0.499")
    screen.picture("slide-info")


def test_channels_are_switched_and_the_address_remembers_the_view(screen: Screen, page: Page) -> None:
    _open(screen, "hela-cells.tif")
    screen.open_image("hela-cells.tif")
    screen.tab("display")
    screen.picture("channels")
    before = page.screenshot()
    screen.press("Control+1")
    screen.idle()
    assert page.screenshot() != before
    screen.picture("without-red")
    screen.press("Home")
    screen.idle()
    address = page.url
    zoom = screen.part("zoom-readout").inner_text()
    page.goto(screen.url)
    page.goto(address)
    screen.idle()
    assert screen.part("zoom-readout").inner_text() == zoom
    assert page.url == address


def test_leaving_right_after_a_frame_breaks_nothing(screen: Screen, page: Page) -> None:
    """A frame asks for coarser tiles a moment later: by then the page has let go of the picture."""
    _open(screen, "hela-cells.tif")
    screen.open_image("hela-cells.tif")
    page.evaluate("() => { window.cytoloop.map.renderSync(); document.querySelector('[data-testid=home]').click(); }")
    expect(screen.part("viewer")).to_have_count(0)
    page.wait_for_timeout(500)


def test_a_time_series_is_stepped_through_and_drawn_on_plane_by_plane(screen: Screen, page: Page) -> None:
    _open(screen, "membrane-timelapse.tif")
    screen.open_image("membrane-timelapse.tif")
    expect(screen.part("slider-t")).to_be_visible()
    screen.press("r")
    screen.drag((50, 50), (90, 90))
    screen.expect_layer_count("My annotations", 1)
    screen.expect_saved()
    screen.press("Escape")
    screen.press("Escape")
    screen.press("ArrowRight")
    screen.idle()
    assert "t=1" in page.url
    screen.picture("second-time-point")


def test_a_broken_file_is_told_on_its_card(screen: Screen, page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "broken.tif"
    broken.write_bytes((FOLDER / "hela-cells.tif").read_bytes()[:5000])
    screen.open()
    screen.new_project("Broken")
    screen.files.set_input_files(str(broken))
    expect(screen.part("image-error")).to_be_visible(timeout=SLOW_MS)
    screen.picture("broken-file")
    assert len(screen.part("image-error").inner_text()) > 20


def test_the_shortcuts_are_shown_and_dark_is_dark(screen: Screen, page: Page) -> None:
    _open(screen, "fluorescence-nuclei.png")
    screen.open_image("fluorescence-nuclei.png")
    screen.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Freehand", ignore_case=True)
    screen.picture("shortcuts")
    screen.press("Escape")
    screen.part("scheme").click()
    screen.picture("dark")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(int(value) for value in re.findall(r"\d+", background)[:3]) < 200
