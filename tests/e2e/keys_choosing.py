"""What the keys of selecting, classes, suggestions and the review do."""

import json
from typing import Any

import pytest
from playwright.sync_api import expect
from shapely.geometry import Point

from .keychecks import DISC, Keys, checks

SUGGESTION = """() => {
  const outlines = [];
  for (const layer of window.cytoloop.map.getLayers().getArray()) {
    if (layer.getZIndex() !== 940) continue;
    for (const one of layer.getSource().getFeatures()) {
      const styles = one.getStyle();
      if (Array.isArray(styles) && styles.some((style) => style.getStroke()?.getLineDash()))
        outlines.push(one.getGeometry().getCoordinates());
    }
  }
  return outlines.length ? JSON.stringify(outlines) : null;
}"""


def three(bench: Keys) -> list[int]:
    """Three rectangles from left to right, none selected; their numbers in the order of drawing."""
    bench.wipe()
    bench.page.locator('[data-testid="class-row"][data-term-id="0"] .row-button').click()
    for x in (20, 80, 140):
        bench.rectangle(x, 20, x + 40, 60)
        bench.press("Escape")
    bench.rest()
    bench.tab("objects")
    bench.page.locator(".stage-map").focus()
    return [one.id for one in bench.stored()]


@checks("choosing", "class")
def sets_the_class(bench: Keys, _action: str) -> None:
    if not bench.part("selection-count").count():
        bench.wipe()
        bench.rectangle(60, 40, 120, 80)
    bench.hit()
    terms: list[dict[str, Any]] = bench.page.evaluate(
        """async () => {
          const project = location.pathname.split('/')[2];
          return (await (await fetch(`/api/v1/projects/${project}/ontology`)).json()).terms;
        }"""
    )
    expected = next(one["id"] for one in terms if one["hotkey"] == bench.chord)
    assert bench.only().term_id == expected


@checks("choosing", "class.search")
def finds_a_class_by_name(bench: Keys, _action: str) -> None:
    bench.wipe()
    bench.rectangle(60, 40, 120, 80)
    bench.press("1")
    before = bench.only().term_id
    bench.hit()
    bench.part("search-field").fill("class-7")
    bench.press("Enter")
    assert bench.only().term_id not in (None, before)


@checks("choosing", "select.all")
def selects_all_in_view(bench: Keys, _action: str) -> None:
    three(bench)
    bench.hit()
    bench.expect_selected(3)


@checks("choosing", "select.next", "select.previous")
def goes_through_the_objects(bench: Keys, action: str) -> None:
    three(bench)
    bench.press("Tab")
    first = bench.selected_row()
    bench.press("Tab")
    expect(bench.page.locator(f'[data-object-id="{first}"][aria-selected="true"]')).to_have_count(0)
    second = bench.selected_row()
    bench.hit()
    expect(bench.page.locator(f'[data-object-id="{second}"][aria-selected="true"]')).to_have_count(0)
    third = bench.selected_row()
    assert (third == first) is (action == "select.previous")


@checks("choosing", "select.open")
def goes_to_one_without_a_class(bench: Keys, _action: str) -> None:
    ids = three(bench)
    for x in (40, 160):
        bench.press("s")
        bench.click_at(x, 40)
        bench.expect_selected(1)
        bench.press("2")
        bench.idle()
        bench.press("Escape")
    bench.hit()
    assert bench.selected_row() == ids[1]


def suggested(bench: Keys) -> str:
    """A suggestion for the disc, by region growing; its outlines."""
    bench.wipe()
    bench.press("a")
    method = bench.part("option-assist-method")
    if method.input_value() != "Region growing":
        method.click()
        bench.page.get_by_role("option", name="Region growing").click()
    x, y, radius = DISC
    bench.page.mouse.move(*bench.at(x - radius / 2, y))
    bench.page.mouse.down()
    bench.page.mouse.move(*bench.at(x + radius / 2, y), steps=8)
    bench.page.mouse.up()
    bench.until(f"() => ({SUGGESTION})() !== null")
    return str(bench.page.evaluate(SUGGESTION))


@checks("assist", "assist.accept")
def keeps_the_suggestion(bench: Keys, _action: str) -> None:
    suggested(bench)
    bench.hit()
    assert bench.only().area == pytest.approx(3.1416 * DISC[2] ** 2, rel=0.15)
    assert bench.page.evaluate(SUGGESTION) is None


@checks("assist", "assist.reject")
def drops_the_suggestion(bench: Keys, _action: str) -> None:
    suggested(bench)
    bench.hit()
    assert bench.page.evaluate(SUGGESTION) is None
    assert bench.stored() == []


@checks("assist", "assist.invert")
def turns_the_suggestion_inside_out(bench: Keys, _action: str) -> None:
    before = suggested(bench)
    bench.hit()
    bench.until(f"() => ({SUGGESTION})() !== {json.dumps(before)}")
    bench.press("Enter")
    area = bench.only().geometry
    assert not area.buffer(-2).intersects(_disc(-3))


@checks("assist", "assist.snap")
def pulls_the_suggestion_to_edges(bench: Keys, _action: str) -> None:
    before = suggested(bench)
    bench.hit()
    bench.until(f"() => ({SUGGESTION})() !== {json.dumps(before)}")
    bench.press("Enter")
    disc = _disc(0)
    kept = bench.only().geometry
    assert kept.intersection(disc).area / kept.union(disc).area > 0.8


def _disc(more: float) -> Any:
    return Point(DISC[0], DISC[1]).buffer(DISC[2] + more)


def queued(bench: Keys) -> int:
    """The selected object, by the line that tells of it."""
    text = bench.part("suggestion-current").inner_text()
    return int(text.split()[1].rstrip(":")) if text.startswith("Object ") else 0


@checks("labelling", "labelling.next")
def goes_to_the_next_of_the_queue(bench: Keys, action: str) -> None:
    bench.tab("classify")
    expect(bench.part("suggestion-next")).to_be_visible()
    before = queued(bench)
    bench.hit()
    expect(bench.part("suggestion-current")).to_contain_text("% sure")
    assert queued(bench) not in (0, before)


@checks("labelling", "labelling.accept")
def agrees_to_the_suggested_class(bench: Keys, action: str) -> None:
    bench.tab("classify")
    if queued(bench) == 0:
        bench.part("suggestion-next").click()
    expect(bench.part("suggestion-current")).to_contain_text("% sure")
    chosen = queued(bench)
    bench.hit()
    bench.idle()
    (one,) = (one for one in bench.stored() if one.id == chosen)
    assert one.term_id is not None
    assert one.raw["term_score"] is None


@checks("review", "review.accept", "review.reject")
def decides_on_the_prediction(bench: Keys, action: str) -> None:
    bench.tab("review")
    wanted = "accepted" if action == "review.accept" else "rejected"
    before = [one.raw["status"] for one in bench.stored() if not one.raw["parent_id"]]
    if "Object" not in bench.part("review-current").inner_text():
        bench.part("review-next").click()
    expect(bench.part("review-current")).to_contain_text("Object")
    bench.hit()
    open_ = before.count("predicted") - 1
    expect(bench.part("review-counts")).to_have_attribute("data-open", str(open_))
    after = [one.raw["status"] for one in bench.stored() if not one.raw["parent_id"]]
    assert after.count(wanted) == before.count(wanted) + 1
