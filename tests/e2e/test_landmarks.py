"""Landmarks on the page: choose names, place, train, find, correct by dragging, accept, measure."""

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from cytoloop.learning.landmarks.fish import Fish, drawn_fish

from .screen import SLOW_MS
from .test_accessibility import violations
from .workbench import Workbench, workbench

NAMES = ("snout", "eye", "tail fork")
BY_HAND = 2
"""Images on which the test places landmarks by clicks; on the others that are learnt from, a script does."""
LEARNT = 6
COUNT = 7

pytestmark = pytest.mark.timeout(900)

PLACE = """async ([image, points]) => {
  const session = await (await fetch('/api/v1/session')).json();
  const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': session.csrf_token};
  const send = async (path, body) =>
    (await fetch('/api/v1' + path, {method: 'POST', headers, body: JSON.stringify(body)})).json();
  const project = location.pathname.split('/')[2];
  const get = async (path) => (await fetch('/api/v1' + path)).json();
  const {terms} = await get(`/projects/${project}/ontology`);
  const images = (await get(`/projects/${project}/images`)).items;
  const {id} = images.find(({name}) => name === image);
  const layer = await send(`/images/${id}/layers`, {kind: 'landmarks'});
  const creates = Object.entries(points).map(([name, coordinates]) => ({
    geometry: {type: 'Point', coordinates}, term_id: terms.find((one) => one.name === name).id,
  }));
  return send(`/layers/${layer.id}/changes`, {creates});
}"""


NAMED = """() => {
  const layers = window.cytoloop.map.getLayers().getArray();
  return layers.find((one) => one.get('name') === 'names').getSource().getFeatures().length;
}"""
"""How many names stand beside points on the picture."""


class Pond(Workbench):
    fish: list[Fish]

    def rows(self, state: str) -> Any:
        return self.page.locator(f'[data-testid="landmark-row"][data-state="{state}"]')

    def place_by_script(self, at: int) -> None:
        points = {name: self.fish[at].points[name] for name in NAMES}
        self.page.evaluate(PLACE, [f"fish-{at}.png", points])

    def points(self) -> dict[str, Any]:
        """The landmarks of the open image by name."""
        found = self.page.evaluate(
            """async () => {
              const image = document.querySelector('[data-testid=viewer]').dataset.imageId;
              return (await fetch(`/api/v1/images/${image}/landmarks`)).json();
            }"""
        )
        names = self.page.evaluate(
            """async () => {
              const project = location.pathname.split('/')[2];
              return (await (await fetch(`/api/v1/projects/${project}/ontology`)).json()).terms;
            }"""
        )
        by_id = {one["id"]: one["name"] for one in names}
        return {by_id[one["term_id"]]: one for one in found}

    def off(self, at: int, name: str) -> float:
        found, truth = self.points()[name], self.fish[at].points[name]
        return float(np.hypot(found["x"] - truth[0], found["y"] - truth[1]))

    def turn_page(self) -> None:
        """To the next image, until it is the one that is shown."""
        before = self.part("viewer").get_attribute("data-image-id") or ""
        self.press("PageDown")
        expect(self.part("viewer")).not_to_have_attribute("data-image-id", before, timeout=SLOW_MS)
        self.page.wait_for_timeout(1000)

    def choose_names(self) -> None:
        self.part("landmark-names").click()
        for name in NAMES:
            self.page.get_by_role("option", name=name, exact=True).click()
        self.press("Escape")


@pytest.fixture
def pond(screen: object, tmp_path: Path) -> Pond:
    bench = workbench(screen)  # type: ignore[arg-type]
    bench = Pond(bench.page, bench.url, bench.pictures)
    bench.fish = [drawn_fish(seed, 480, 360) for seed in range(COUNT)]
    paths = [tmp_path / f"fish-{at}.png" for at in range(COUNT)]
    for path, one in zip(paths, bench.fish, strict=True):
        Image.fromarray(one.image).save(path)
    bench.open()
    bench.new_project("Fish")
    bench.add_classes(*((name, str(at)) for at, name in enumerate(NAMES, start=1)))
    for path in paths:  # one after the other: they lie in the order in which they came
        bench.drop(path)
    bench.open_image("fish-0.png")
    bench.part("tour-end").click()
    bench.press("0")
    bench.idle()
    return bench


def test_place_train_find_correct_accept_measure(pond: Pond, tmp_path: Path) -> None:
    pond.tab("landmarks")
    expect(pond.part("landmarks-none")).to_contain_text("Choose the classes")
    pond.picture("none chosen")
    pond.choose_names()
    expect(pond.rows("missing")).to_have_count(3)
    expect(pond.part("landmark-needs")).to_contain_text("at least 3 images")
    expect(pond.part("landmark-train")).to_be_disabled()

    # one click a landmark, the next name follows; a second click on a name that is placed moves it
    pond.part("landmark-next").click()
    expect(pond.part("landmark-placing")).to_be_visible()
    for name in NAMES[:2]:
        pond.click_at(*pond.fish[0].points[name])
        pond.idle()
    expect(pond.rows("placed")).to_have_count(2)
    pond.until(f"() => ({NAMED})() === 2")
    pond.picture("placing")
    pond.click_at(*pond.fish[0].points[NAMES[2]])
    pond.idle()
    expect(pond.rows("placed")).to_have_count(3)
    assert {name: pond.off(0, name) < 1.5 for name in NAMES} == dict.fromkeys(NAMES, True)
    pond.press("Control+z")
    expect(pond.rows("placed")).to_have_count(2)
    pond.press("Control+Shift+z")
    expect(pond.rows("placed")).to_have_count(3)
    assert {one.raw["layer_id"] for one in pond.stored()} == {pond.stored()[0].raw["layer_id"]}

    # the next image, by keys alone
    pond.turn_page()
    expect(pond.rows("missing")).to_have_count(3)
    pond.press("0")
    pond.idle()
    pond.press("n")
    expect(pond.part("landmark-placing")).to_be_visible()
    for name in NAMES:
        pond.click_at(*pond.fish[1].points[name])
        pond.idle()
    expect(pond.rows("placed")).to_have_count(3)
    expect(pond.part("landmark-placing")).to_contain_text("All are placed")
    pond.part("landmark-stop").click()
    for at in range(BY_HAND, LEARNT):
        pond.place_by_script(at)
    pond.page.reload()
    pond.tab("landmarks")
    expect(pond.part("landmark-train")).to_be_enabled()

    pond.part("landmark-settings").click()
    for name, value in (("size_px", "160"), ("trees", "10"), ("views", "3")):
        pond.part(f"landmark-{name}").fill(value)
    pond.part("landmark-settings").click()
    pond.part("landmark-train").click()
    expect(pond.part("landmark-job")).to_be_visible()
    pond.picture("training")
    expect(pond.part("landmark-errors")).to_have_attribute("data-version", "1", timeout=3 * SLOW_MS)
    expect(pond.part("landmark-detectors")).to_contain_text(re.compile(r"eye"))
    pond.page.wait_for_timeout(500)
    pond.picture("trained")
    assert violations(pond.page) == []

    # suggestions on all images; those of people stay
    pond.part("landmark-find-project").click()
    expect(pond.part("landmark-job")).to_have_count(0, timeout=3 * SLOW_MS)
    expect(pond.rows("placed")).to_have_count(3)
    for _ in range(LEARNT - 1):
        pond.turn_page()
    expect(pond.rows("suggested")).to_have_count(3)
    pond.press("0")
    pond.idle()
    assert max(pond.off(LEARNT, name) for name in NAMES) < 25
    pond.picture("suggested")

    # correct one by dragging it: one step, and it is a person's then
    pond.press("n")
    pond.idle()
    chosen = pond.page.locator('[data-testid="landmark-row"][data-active="true"]')
    expect(chosen).to_have_count(1)
    name = chosen.get_by_test_id("landmark-name").inner_text().strip()
    before = pond.points()[name]
    pond.drag((before["x"], before["y"]), (before["x"] + 30, before["y"] + 20))
    expect(pond.rows("placed")).to_have_count(1)
    after = pond.points()[name]
    assert (after["state"], after["annotation_id"]) == ("placed", before["annotation_id"])
    assert np.hypot(after["x"] - before["x"] - 30, after["y"] - before["y"] - 20) < 2
    pond.picture("dragged")
    pond.press("Control+z")
    expect(pond.rows("suggested")).to_have_count(3)
    pond.press("y")  # the selected one alone
    expect(pond.rows("placed")).to_have_count(1)
    pond.part("landmark-accept").click()
    expect(pond.rows("placed")).to_have_count(3)
    expect(pond.part("landmark-review")).to_have_count(0)

    # distances and angles
    for at, chosen_name in enumerate(("snout", "tail fork")):
        pond.part(f"landmark-measure-{at}").click()
        pond.page.get_by_role("option", name=chosen_name, exact=True).click()
    pond.part("landmark-measure-add").click()
    expect(pond.part("landmark-measure")).to_have_count(1)
    pond.part("landmark-measure-kind").get_by_text("Angle").click()
    for at, chosen_name in enumerate(("snout", "eye", "tail fork")):
        pond.part(f"landmark-measure-{at}").click()
        pond.page.get_by_role("option", name=chosen_name, exact=True).click()
    pond.part("landmark-measure-add").click()
    expect(pond.part("landmark-measure")).to_have_count(2)
    expect(pond.part("landmark-table")).to_have_attribute("data-rows", str(COUNT))
    pond.part("landmark-csv").scroll_into_view_if_needed()
    pond.page.wait_for_timeout(300)
    pond.picture("measured")
    with pond.download(pond.part("landmark-csv"), tmp_path).open() as file:
        table = list(csv.DictReader(file))
    assert len(table) == COUNT
    points = pond.fish[3].points
    length = float(np.hypot(*np.subtract(points["snout"], points["tail fork"])))
    row = next(one for one in table if one["image"] == "fish-3.png")
    assert float(row["snout – tail fork [px]"]) == pytest.approx(length, abs=0.01)
    assert row["state"] == "placed"
    assert {one["state"] for one in table} == {"placed"}  # the suggestions were accepted


def test_a_project_without_classes_is_told_what_to_do(screen: object) -> None:
    bench = workbench(screen)  # type: ignore[arg-type]
    bench.open_sample()
    bench.part("tour-end").click()
    bench.tab("landmarks")
    expect(bench.part("landmarks-empty")).to_contain_text("Add a class for each name")
    bench.picture("no classes")
