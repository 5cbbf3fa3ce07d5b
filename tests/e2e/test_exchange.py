"""Sets of files out of the project page and back in."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import Server
from .screen import Screen
from .workbench import workbench

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_a_set_is_downloaded_and_imported(screen: Screen, page: Page, server: Server, tmp_path: Path) -> None:
    bench = workbench(screen)
    bench.open_sample("fluorescence-nuclei.png", ("nucleus", "1"))
    bench.press("1")
    bench.rectangle(100, 100, 200, 160)
    bench.expect_saved()
    address = page.url
    page.goto(address.split("/i/")[0])
    screen.part("open-exchange").click()
    expect(screen.part("export-run")).to_be_visible()
    page.wait_for_timeout(500)
    screen.picture("exchange")
    archive = screen.download(screen.part("export-run"), tmp_path)
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
    assert "labelled_masks/fluorescence-nuclei.tif" in names
    assert "rois/fluorescence-nuclei.rois.zip" in names
    screen.part("import-set-input").set_input_files(str(archive))
    expect(screen.part("import-result")).to_contain_text("1 object in 1 new layer", timeout=30_000)
    screen.picture("imported")
    screen.press("Escape")
    page.get_by_test_id("tab-jobs").click()
    exported = page.locator('[data-testid="job-row"][data-kind="export"]')
    expect(exported).to_have_attribute("data-state", "done")
    expect(page.locator('[data-testid="job-row"][data-kind="import-set"]')).to_contain_text("1 object in 1 new layer")
    again = screen.download(exported.get_by_test_id("job-download"), tmp_path / "again")
    assert again.read_bytes() == archive.read_bytes()
    screen.picture("jobs")
    page.goto(address)
    found = bench.stored()
    assert len(found) == 2
    assert found[1].area == pytest.approx(found[0].area, rel=0.01)
    assert found[1].term_id == found[0].term_id


def test_an_export_under_way_is_shown_and_cancelled(screen: Screen, page: Page) -> None:
    bench = workbench(screen)
    bench.open_sample("fluorescence-nuclei.png")
    page.evaluate(
        """async () => {
          const get = async (path) => (await fetch('/api/v1' + path)).json();
          const { csrf_token } = await get('/session');
          const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token};
          const image = document.querySelector('[data-testid=viewer]').dataset.imageId;
          const post = async (path, body) => (await fetch('/api/v1' + path,
            {method: 'POST', headers, body: JSON.stringify(body)})).json();
          const layer = await post(`/images/${image}/layers`, {});
          const ring = (x, y) => [[x, y], [x + 8, y], [x + 8, y + 8], [x, y + 8], [x, y]];
          const creates = Array.from({length: 4000}, (_, n) => ({
            geometry: {type: 'Polygon', coordinates: [ring(10 * (n % 65), 10 * Math.floor((n % 3000) / 65))]}}));
          await post(`/layers/${layer.id}/changes`, {creates});
        }"""
    )
    page.goto(page.url.split("/i/")[0])
    screen.part("open-exchange").click()
    screen.part("export-run").click()
    expect(screen.part("export-progress")).to_be_visible()
    page.wait_for_timeout(300)
    screen.picture("exporting")
    screen.part("export-cancel").click()
    expect(screen.part("export-result")).to_contain_text("Cancelled")
    screen.press("Escape")
    page.get_by_test_id("tab-jobs").click()
    row = page.locator('[data-testid="job-row"][data-kind="export"]')
    expect(row).to_have_attribute("data-state", "cancelled")
    expect(row.get_by_test_id("job-download")).to_have_count(0)
