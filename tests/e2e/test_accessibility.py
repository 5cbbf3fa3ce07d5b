"""WCAG 2.1 A and AA by axe: no violation on any page or tab, light or dark."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from cytoloop.samples import FOLDER

from .screen import Screen

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
TABS = ("objects", "gallery", "review", "classify", "pixels", "measure", "segment", "history", "display", "info")
RUN = "() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })"

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it is now: rule and element."""
    if not AXE.exists():
        pytest.skip("axe is not installed: there is no Node on this machine (see scripts/web-test)")
    page.wait_for_timeout(400)
    page.evaluate(AXE.read_text())
    found = page.evaluate(RUN)["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_and_tab_can_be_used_by_everybody(screen: Screen, page: Page, scheme: str) -> None:
    screen.open()
    if scheme == "dark":
        screen.part("scheme").click()
    found = {"projects": violations(page)}
    screen.new_project("For all")
    screen.drop(FOLDER / "hela-cells.tif")
    found["project"] = violations(page)
    screen.open_image("hela-cells.tif")
    screen.press("r")
    screen.drag((100, 100), (200, 200))
    for tab in TABS:
        screen.tab(tab)
        found[tab] = violations(page)
    screen.tab("segment")
    page.get_by_role("button", name="Compare methods").click()
    screen.part("compare-run").wait_for()
    found["compare"] = violations(page)
    screen.press("Escape")
    page.get_by_role("button", name="Improve a model").click()
    screen.part("tuning-settings").click()
    found["tuning"] = violations(page)
    screen.press("Escape")
    for path, part in (("/models", "model-card"), ("/models/nuclei", "model-view")):
        screen.open(path)
        screen.part(part).first.wait_for()
        found[path] = violations(page)
    assert {place: one for place, one in found.items() if one} == {}
