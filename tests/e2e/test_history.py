"""The history of an image, and the views of a stained section, in a browser."""

import pytest
from playwright.sync_api import Page, Route, expect

from .screen import SLOW_MS, Screen
from .test_accessibility import violations
from .workbench import workbench

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

COLOURS = """() => {
  const canvas = document.querySelector('.picture-rgb canvas');
  const { data } = canvas.getContext('2d').getImageData(canvas.width / 2 - 60, canvas.height / 2 - 60, 120, 120);
  const sums = [0, 0, 0];
  const kinds = new Set();
  for (let i = 0; i < data.length; i += 4) {
    for (let c = 0; c < 3; c += 1) sums[c] += data[i + c] / (data.length / 4);
    kinds.add(data[i]);
  }
  return [...sums, kinds.size];
}"""


def test_the_history_lists_what_was_done_and_leads_back(screen: Screen, page: Page) -> None:
    bench = workbench(screen)
    bench.open_sample()
    bench.tab("history")
    expect(bench.part("history-empty")).to_be_visible()
    for x in (50, 150, 250):
        bench.rectangle(x, 60, x + 60, 120)
    rows = bench.part("history-row")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("Draw an object")
    expect(rows.first).to_contain_text("You")
    bench.picture("history")
    rows.nth(1).get_by_test_id("history-undo").click()
    expect(page.locator("[data-testid=history-row][data-state=undone]")).to_have_count(2)
    assert bench.only().geometry.bounds[0] == pytest.approx(50, abs=0.6)
    expect(bench.part("history-undo")).to_have_count(1)
    bench.press("Control+Shift+z")
    bench.idle()
    expect(bench.part("history-undo")).to_have_count(2)
    page.reload()
    bench.tab("history")
    expect(bench.part("history-undo")).to_have_count(2)
    bench.part("history-undo").nth(1).focus()
    bench.press("Enter")
    expect(bench.part("history-undo")).to_have_count(0)
    assert bench.stored() == []


def test_a_redo_waits_for_the_undo_before_it(screen: Screen, page: Page) -> None:
    bench = workbench(screen)
    bench.open_sample()
    bench.rectangle(50, 60, 110, 120)
    bench.idle()
    held: list[Route] = []
    page.route("**/undo", lambda route: held.append(route))
    bench.press("Control+z")
    bench.press("Control+Shift+z")
    page.wait_for_timeout(300)
    assert len(held) == 1
    held[0].continue_()
    bench.idle()
    assert len(bench.stored()) == 1
    expect(bench.part("toast-error")).to_have_count(0)


def test_undo_to_here_stops_where_somebody_else_went_on(screen: Screen, page: Page) -> None:
    bench = workbench(screen)
    bench.open_sample()
    bench.rectangle(50, 60, 110, 120)
    bench.tab("history")
    page.route(
        "**/undo",
        lambda route: route.fulfill(
            status=409,
            content_type="application/problem+json",
            body='{"title":"Conflict","status":409,"code":"conflict","detail":"Someone else has changed it."}',
        ),
    )
    bench.part("history-undo").click()
    expect(bench.part("toast-error")).to_contain_text("Someone else has changed it")
    expect(bench.part("history-undo")).to_be_enabled()
    assert len(bench.stored()) == 1


def test_a_run_is_taken_away_by_undo_and_brought_back(screen: Screen, page: Page) -> None:
    bench = workbench(screen)
    bench.open_sample()
    bench.tab("segment")
    bench.part("segment-run").click()
    expect(bench.part("job-row")).to_have_attribute("data-state", "done", timeout=SLOW_MS)
    bench.idle()
    found = len(bench.stored())
    assert found > 20
    expect(bench.part("layer-row")).to_have_count(1)
    bench.press("s")
    bench.press("Control+a")
    expect(bench.part("selection-count")).to_have_text(f"{found} objects selected")
    bench.press("Delete")
    assert bench.stored() == []
    bench.press("Control+z")
    assert len(bench.stored()) == found
    expect(bench.part("layer-row")).to_have_count(1)
    bench.press("Control+z")
    expect(page.get_by_text("Took away the layer")).to_be_visible()
    expect(bench.part("layer-row")).to_have_count(0)
    bench.picture("run-taken-away")
    assert bench.stored() == []
    bench.press("Control+Shift+z")
    expect(page.get_by_text("Brought back the layer")).to_be_visible()
    expect(bench.part("layer-row")).to_have_count(1)
    assert len(bench.stored()) == found
    bench.tab("history")
    expect(bench.part("history-row").filter(has_text=" on fluorescence")).to_contain_text(f"{found} objects")
    bench.picture("run-in-history")


def test_a_stained_section_is_shown_as_one_dye_or_by_a_threshold(screen: Screen, page: Page) -> None:
    bench = workbench(screen)
    bench.open_sample("he-slide.svs")
    page.evaluate("window.cytoloop.map.getView().setResolution(1)")
    bench.tab("display")
    bench.idle()
    recorded = page.evaluate(COLOURS)
    means = {}
    for name in ("haematoxylin", "eosin", "dab", "threshold"):
        bench.part(f"view-{name}").check()
        bench.idle()
        means[name] = page.evaluate(COLOURS)
        bench.picture(name)
    red, green, blue, _ = means["haematoxylin"]
    assert blue > red > green, "haematoxylin is violet blue"
    red, green, blue, _ = means["eosin"]
    assert red > green
    assert blue > green, "eosin is pink"
    assert means["threshold"][3] == 2, "dark and bright, and nothing between"
    bench.part("view-level").get_by_role("slider").focus()
    bench.press("ArrowLeft")
    bench.idle()
    bench.part("view-recorded").check()
    bench.idle()
    assert page.evaluate(COLOURS) == pytest.approx(recorded, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_panels_can_be_used_by_everybody(screen: Screen, page: Page, scheme: str) -> None:
    screen.open()
    if scheme == "dark":
        screen.part("scheme").click()
    bench = workbench(screen)
    bench.open_sample("he-slide.svs")
    bench.rectangle(500, 500, 900, 900)
    bench.rectangle(1000, 500, 1300, 900)
    bench.press("Control+z")
    bench.idle()
    bench.tab("history")
    expect(bench.part("history-row")).to_have_count(2)
    found = {"history": violations(page)}
    bench.picture(f"history-{scheme}")
    bench.tab("display")
    bench.part("view-threshold").check()
    bench.idle()
    found["display"] = violations(page)
    bench.picture(f"display-{scheme}")
    assert found == {"history": [], "display": []}
