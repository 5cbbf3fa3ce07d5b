"""Objects as records: filters, bulk actions, details, the gallery, and the review of predictions."""

import json
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from cytoloop.samples import FOLDER

from .conftest import Server
from .screen import SLOW_MS, Screen
from .test_accessibility import violations

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

COUNT = 12


def api(server: Server, path: str, body: Any = None) -> Any:
    """Ask the server as a script would; a local server needs no account."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{server.url}/api/v1{path}", content, {"Content-Type": "application/json", "Origin": server.url}
    )
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


class Bench:
    """An image with a layer of squares of two classes, as a script would have left it."""

    def __init__(self, server: Server, screen: Screen, page: Page, **fields: Any) -> None:
        self.server, self.screen, self.page = server, screen, page
        screen.open()
        screen.new_project("Records")
        screen.drop(FOLDER / "hela-cells.tif")
        self.project = page.url.rsplit("/", 1)[1]
        names = (("Cell", "#2a9d8f", "1"), ("Debris", "#e76f51", "2"))
        self.terms = [
            api(server, f"/projects/{self.project}/terms", {"name": n, "color": c, "hotkey": k})["id"]
            for n, c, k in names
        ]
        self.image = api(server, f"/projects/{self.project}/images")["items"][0]["id"]
        self.layer = api(server, f"/images/{self.image}/layers", {})["id"]
        creates = [self._square(index) | fields for index in range(COUNT)]
        made = api(server, f"/layers/{self.layer}/changes", {"creates": creates})
        self.ids: list[int] = made["created_ids"]
        screen.open_image("hela-cells.tif")
        if screen.part("tour-end").is_visible():
            screen.part("tour-end").click()

    def _square(self, index: int) -> dict[str, Any]:
        x, y, side = 40 + 90 * (index % 4), 60 + 100 * (index // 4), 20 + 3 * index
        ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
        term = self.terms[0] if index % 2 == 0 else None
        geometry = {"type": "Polygon", "coordinates": [ring]}
        return {"geometry": geometry, "term_id": term, "score": round(index / COUNT, 3)}

    def stored(self, layer: str | None = None) -> dict[int, dict[str, Any]]:
        items = api(self.server, f"/layers/{layer or self.layer}/annotations?limit=1000")["items"]
        return {one["id"]: one for one in items}

    def until_stored(self, done: Any) -> None:
        """Until what the server holds is as it should be."""
        for _ in range(150):
            if done(self.stored()):
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"never stored: {self.stored()}")

    def row(self, index: int) -> Any:
        return self.page.locator(f'[data-testid="object-row"][data-object-id="{self.ids[index]}"]')

    def crop(self, index: int) -> Any:
        return self.page.locator(f'[data-testid="gallery-crop"][data-object-id="{self.ids[index]}"]')

    def drag_to_class(self, index: int, term: int) -> None:
        """Drag a picture as a hand does: a browser asks the place below only when the mouse moves over it."""
        self.crop(index).hover()
        self.page.mouse.down()
        target = self.page.locator(f'[data-testid="gallery-class"][data-term-id="{term}"]').bounding_box()
        assert target is not None
        x, y = target["x"] + 60, target["y"] + target["height"] / 2
        self.page.mouse.move(x + 20, y - 4, steps=5)
        self.page.mouse.move(x, y, steps=5)
        self.page.mouse.up()

    def condition(self, name: str, value: str) -> None:
        self.screen.part("filter-more").click()
        self.screen.part(f"filter-{name}").fill(value)
        self.screen.part(f"filter-{name}").press("Tab")
        self.screen.press("Escape")


def test_objects_are_filtered_marked_and_changed_together(screen: Screen, page: Page, server: Server) -> None:
    bench = Bench(server, screen, page)
    expect(screen.part("object-count")).to_contain_text(f"{COUNT} objects")
    bench.condition("min-score", "0.5")
    expect(screen.part("object-count")).to_contain_text("6 objects")
    screen.picture("filtered")
    screen.part("filter-clear").click()
    expect(screen.part("object-count")).to_contain_text(f"{COUNT} objects")

    bench.row(2).click()
    bench.row(6).click(modifiers=["Shift"])
    bench.row(4).click(modifiers=["Control"])
    expect(screen.part("bulk-menu")).to_have_text("4 marked objects")
    expect(screen.part("selection-count")).to_contain_text("4")
    screen.picture("marked")
    screen.part("bulk-menu").click()
    screen.picture("bulk-menu")
    screen.part("bulk-class").filter(has_text="Debris").click()
    marked = {bench.ids[index] for index in (2, 3, 5, 6)}
    bench.until_stored(lambda all_: {k for k, o in all_.items() if o["term_id"] == bench.terms[1]} == marked)
    screen.part("bulk-menu").click()
    screen.part("bulk-lock").click()
    bench.until_stored(lambda all_: {k for k, o in all_.items() if o["locked"]} == marked)

    page.wait_for_timeout(500)  # an open menu takes Escape for itself
    screen.press("Escape")
    expect(screen.part("bulk-menu")).to_have_text(f"all {COUNT} objects")
    screen.part("bulk-menu").click()
    screen.part("bulk-delete").click()
    screen.part("confirm").click()
    bench.until_stored(lambda all_: set(all_) == marked)
    expect(screen.part("confirm")).to_be_hidden()
    screen.press("Control+z")
    bench.until_stored(lambda all_: len(all_) == COUNT)


def test_details_survive_a_reload(screen: Screen, page: Page, server: Server) -> None:
    bench = Bench(server, screen, page)
    bench.row(1).click()
    screen.part("details-tags").fill("mitosis")
    screen.part("details-tags").press("Enter")
    screen.part("details-description").fill("Near the border")
    screen.part("property-name").fill("depth")
    screen.part("property-value").fill("2.5")
    screen.part("property-add").click()
    page.get_by_label("Locked").click()
    screen.expect_saved()
    screen.picture("details")
    stored = bench.stored()[bench.ids[1]]
    assert (stored["tags"], stored["description"]) == (["mitosis"], "Near the border")
    assert (stored["properties"], stored["locked"]) == ({"depth": 2.5}, True)
    page.reload()
    screen.idle()
    bench.condition("tag", "mitosis")
    expect(screen.part("object-count")).to_contain_text("1 object ")
    bench.row(1).click()
    expect(screen.part("details-description")).to_have_value("Near the border")
    expect(screen.part("property-row")).to_contain_text("depth")
    expect(page.get_by_label("Locked")).to_be_checked()


def test_pictures_are_dragged_and_keyed_to_other_classes(screen: Screen, page: Page, server: Server) -> None:
    bench = Bench(server, screen, page)
    screen.tab("gallery")
    expect(screen.part("gallery-crop")).to_have_count(COUNT)
    screen.until("() => [...document.querySelectorAll('.gallery-crop img')].every((i) => i.naturalWidth > 0)")
    screen.picture("gallery")
    bench.drag_to_class(0, bench.terms[1])
    bench.until_stored(lambda all_: all_[bench.ids[0]]["term_id"] == bench.terms[1])
    expect(bench.crop(0)).to_have_attribute("data-term-id", str(bench.terms[1]))

    bench.crop(2).click()
    bench.crop(6).click(modifiers=["Shift"])
    expect(screen.part("selection-count")).to_contain_text("3")
    bench.drag_to_class(2, 0)
    bench.until_stored(lambda all_: [all_[bench.ids[i]]["term_id"] for i in (2, 4, 6)] == [None] * 3)

    bench.crop(8).click()
    expect(screen.part("selection-count")).to_contain_text("1")
    screen.press("2")
    bench.until_stored(lambda all_: all_[bench.ids[8]]["term_id"] == bench.terms[1])
    expect(bench.crop(8)).to_have_attribute("data-term-id", str(bench.terms[1]))
    screen.picture("gallery-reclassified")


def test_a_late_answer_to_a_click_does_not_undo_the_next(screen: Screen, page: Page, server: Server) -> None:
    bench = Bench(server, screen, page)
    screen.tab("gallery")
    expect(screen.part("gallery-crop")).to_have_count(COUNT)
    held: list[Route] = []
    page.route("**/api/v1/annotations/*", lambda route: held.append(route))
    bench.crop(2).click()
    bench.crop(6).click(modifiers=["Shift"])
    page.wait_for_timeout(1000)
    assert held, "the first click asked for its object"
    for route in held:
        route.continue_()
    page.wait_for_timeout(500)
    expect(screen.part("selection-count")).to_contain_text("3")


def test_a_review_by_keyboard_only(screen: Screen, page: Page, server: Server) -> None:
    bench = Bench(server, screen, page, status="predicted")
    screen.tab("review")
    expect(screen.part("review-counts")).to_have_attribute("data-open", str(COUNT))
    expect(screen.part("review-current")).to_have_text(f"{COUNT} open objects")
    screen.press("y")  # nothing is looked at yet: goes to the first
    expect(screen.part("review-current")).to_have_text(f"Object {bench.ids[0]}")
    screen.picture("review")
    for key, following in (("y", 1), ("n", 2), ("y", 3)):
        screen.press(key)
        expect(screen.part("review-current")).to_have_text(f"Object {bench.ids[following]}")
    expect(screen.part("review-counts")).to_have_attribute("data-open", str(COUNT - 3))
    states = [bench.stored()[key]["status"] for key in bench.ids[:4]]
    assert states == ["accepted", "rejected", "accepted", "predicted"]
    layers = api(server, f"/images/{bench.image}/layers")
    (review,) = [one for one in layers if one["kind"] == "review"]
    copies = bench.stored(review["id"]).values()
    assert [one["parent_id"] for one in copies] == [bench.ids[0], bench.ids[2]]

    screen.press("0")
    screen.idle()
    screen.part("review-accept-view").click()
    expect(screen.part("review-counts")).to_have_attribute("data-open", "0", timeout=SLOW_MS)
    assert len(bench.stored(review["id"])) == COUNT - 1
    screen.press("Control+z")
    expect(screen.part("review-counts")).to_have_attribute("data-open", str(COUNT - 3), timeout=SLOW_MS)
    screen.tab("objects")
    screen.press("y")
    screen.press("n")
    page.wait_for_timeout(500)
    assert sum(one["status"] == "predicted" for one in bench.stored().values()) == COUNT - 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_new_tabs_can_be_used_by_everybody(screen: Screen, page: Page, server: Server, scheme: str) -> None:
    bench = Bench(server, screen, page, status="predicted")
    if scheme == "dark":
        screen.part("scheme").click()
    bench.row(1).click()
    found: dict[str, list[str]] = {}
    for tab in ("objects", "gallery", "review"):
        screen.tab(tab)
        page.wait_for_timeout(800)
        screen.picture(tab)
        found[tab] = violations(page)
    screen.part("filter-more").click()
    screen.picture("filter")
    found["filter"] = violations(page)
    screen.press("Escape")
    screen.tab("objects")
    screen.part("bulk-menu").click()
    found["bulk"] = violations(page)
    assert {place: one for place, one in found.items() if one} == {}
