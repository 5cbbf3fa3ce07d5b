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
    expect(screen.part("exchange")).to_be_visible()
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
    page.goto(address)
    found = bench.stored()
    assert len(found) == 2
    assert found[1].area == pytest.approx(found[0].area, rel=0.01)
    assert found[1].term_id == found[0].term_id
