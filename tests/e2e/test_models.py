"""Models and comparisons on the page."""

import re

import pytest
from playwright.sync_api import Page, expect

from cytoloop.samples import FOLDER

from .screen import SLOW_MS, Screen

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_a_model_tells_what_it_scores_and_where_it_fails(screen: Screen, page: Page) -> None:
    screen.open("/models")
    card = page.locator('[data-testid="model-card"][data-model="nuclei"]')
    expect(card).to_be_visible()
    expect(card).to_contain_text("MB")
    card.get_by_role("link").first.click()
    view = screen.part("model-view")
    expect(view).to_contain_text("Where it fails")
    expect(view.get_by_role("img").first).to_be_visible()
    view.get_by_role("img").last.scroll_into_view_if_needed()
    screen.until("() => [...document.images].every((one) => one.complete && one.naturalWidth > 0)")
    with page.expect_download() as download:
        screen.part("model-export").click()
    assert download.value.suggested_filename.endswith(".zip")
    expect(screen.part("model-remove")).to_have_count(0)  # it came with the program


def test_methods_are_compared_side_by_side_and_a_row_becomes_a_method(screen: Screen, page: Page) -> None:
    screen.open()
    screen.new_project("Comparing")
    screen.drop(FOLDER / "hela-cells.tif")
    screen.open_image("hela-cells.tif")
    screen.tab("segment")
    page.get_by_role("button", name="Compare methods").click()
    screen.part("compare-run").click()
    rows = screen.part("compare-row")
    expect(rows.first).to_be_visible(timeout=SLOW_MS)
    expect(page.locator('[data-testid="compare-row"]:not([data-state="done"])')).to_have_count(0, timeout=2 * SLOW_MS)
    screen.picture("compared")
    assert rows.count() > 3
    expect(rows.first.get_by_role("img")).to_be_visible()
    preprocessed = page.locator('[data-testid="compare-row"]').nth(1)
    preprocessed.get_by_test_id("compare-use").click()
    screen.part("compare-name").fill("my-way")
    screen.part("compare-save").click()
    expect(screen.part("compare-dialog")).to_have_count(0)
    expect(screen.part("segment-method")).to_have_value(re.compile("my-way"))
    screen.picture("used")
