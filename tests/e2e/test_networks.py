"""Networks on the page: objects told apart by a network while its curves are drawn, and whole images in a grid."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from sklearn.datasets import load_digits

from . import test_classify
from .conftest import Server
from .screen import SLOW_MS
from .workbench import Workbench, workbench

bench, spots = test_classify.bench, test_classify.spots


@pytest.fixture
def server(fresh_server: Server) -> Server:
    return fresh_server


def choose(bench: Workbench, label: str) -> None:
    bench.part("train-method").click()
    bench.page.get_by_role("option", name=label).click()


def fill(bench: Workbench, **values: object) -> None:
    if bench.part("train-settings").get_attribute("aria-expanded") == "false":
        bench.part("train-settings").click()
    for name, value in values.items():
        bench.part(f"train-{name}").fill(str(value))


def test_a_network_learns_while_one_watches_stops_and_goes_on(
    bench: Workbench, spots: list[tuple[int, int, bool]]
) -> None:
    bench.part("tab-classify").click()
    test_classify.label(bench, spots, range(24))
    choose(bench, "Small network from nothing")
    expect(bench.part("train-method-hint")).to_contain_text("many labels")
    fill(bench, epochs=1000, patience=1000, side=32)
    bench.picture("settings")
    bench.part("train-settings").click()
    bench.part("train-classifier").click()
    curve = bench.part("training-curve")
    expect(curve).to_be_visible(timeout=SLOW_MS)
    bench.page.wait_for_function(
        "() => Number(document.querySelector('[data-testid=training-curve]')?.dataset.count) >= 6", timeout=SLOW_MS
    )
    bench.part("stop-and-keep").scroll_into_view_if_needed()
    bench.picture("learning")
    bench.part("stop-and-keep").click()
    expect(bench.part("classifier-scores")).to_have_attribute("data-version", "1", timeout=SLOW_MS)
    expect(bench.part("training-end")).to_contain_text("a person ended it")
    expect(bench.part("suggestions")).to_have_attribute("data-count", "57", timeout=SLOW_MS)
    expect(bench.part("classify-job")).to_have_count(0)
    bench.idle()
    bench.picture("suggested")
    bench.part("training-curve").scroll_into_view_if_needed()
    bench.page.wait_for_timeout(1500)
    bench.picture("scores")
    right = [one for one in bench.stored() if one.raw["term_score"] is not None]
    assert len(right) == 57

    bench.part("train-start").click()
    bench.page.get_by_role("option", name="Go on from classifier 1").click()
    fill(bench, epochs=3)
    bench.part("train-settings").click()
    bench.part("train-classifier").click()
    expect(bench.part("classifier-scores")).to_have_attribute("data-version", "2", timeout=SLOW_MS)
    expect(bench.part("training-end")).to_contain_text("it went on from classifier 1")


DIGITS = (0, 1)
EACH = 14


@pytest.fixture
def digits(screen: object, tmp_path: Path) -> Workbench:
    """A project of images of two digits."""
    bench = workbench(screen)  # type: ignore[arg-type]
    bench.open()
    bench.new_project("Digits")
    bench.add_classes(("Nought", "1"), ("One", "2"))
    known = load_digits()
    folder = tmp_path / "digits"
    folder.mkdir()
    for digit in DIGITS:
        for number, picture in enumerate(known.images[known.target == digit][:EACH]):
            pixels = np.kron(picture * 15, np.ones((6, 6))).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{number:02}-{digit}.png")
    bench.drop(*sorted(folder.iterdir()))
    expect(bench.part("image-card")).to_have_count(2 * EACH, timeout=SLOW_MS)
    bench.page.wait_for_function(
        "() => document.querySelectorAll('[data-testid=image-card][data-state=ready]').length === 28", timeout=SLOW_MS
    )
    bench.part("tab-image-classes").click()
    return bench


def of(bench: Workbench, number: int, digit: int) -> object:
    return bench.page.locator(f'[data-name="{number:02}-{digit}.png"]')


STEADY = """async () => {
  const seen = new Set();
  for (const end = performance.now() + 700; performance.now() < end; )
    await new Promise((done) => requestAnimationFrame(() => {
      seen.add(document.querySelectorAll('[data-testid="class-image"]:not([data-term=""])').length);
      done();
    }));
  return [...seen];
}"""


def test_images_get_classes_by_keys_a_network_learns_them_and_suggests_the_others(digits: Workbench) -> None:
    bench = digits
    expect(bench.part("image-train-hint")).to_contain_text("at least 2 images in each of 2 classes")
    expect(bench.part("train-classifier")).to_be_disabled()
    bench.page.wait_for_timeout(800)
    bench.picture("empty")
    for digit, key in ((0, "1"), (1, "2")):
        for number in range(8):
            of(bench, number, digit).click(modifiers=[] if number == 0 else ["Control"])  # type: ignore[attr-defined]
        expect(bench.part("image-classes-hint")).to_contain_text("8 of 28 images selected")
        bench.press(key)
    rows = bench.part("image-class-row")
    expect(rows.nth(0)).to_contain_text("8")
    expect(rows.nth(1)).to_contain_text("8")
    bench.press("Escape")
    labelled = bench.page.locator('[data-testid="class-image"]:not([data-term=""])')
    for key, count in (("Control+z", 8), ("Control+z", 0), ("Control+Shift+z", 8), ("Control+y", 16)):
        bench.press(key)
        expect(labelled).to_have_count(count)
        seen = bench.page.evaluate(STEADY)
        assert seen == [count], "an older answer of the server must not show through"
    expect(bench.part("image-classes-redo")).to_be_disabled()
    bench.picture("labelled")

    choose(bench, "Small network from nothing")
    fill(bench, epochs=12, side=32)
    bench.part("augment-rotation_degrees").fill("10")
    bench.part("train-settings").click()
    expect(bench.part("augment-rotation_degrees")).to_be_hidden()  # what folds moves what is below the pointer
    bench.part("train-classifier").click()
    expect(bench.part("training-curve")).to_be_visible(timeout=SLOW_MS)
    bench.picture("learning")
    expect(bench.part("classifier-scores")).to_have_attribute("data-version", "1", timeout=SLOW_MS)
    expect(bench.part("image-suggestions")).to_have_attribute("data-count", "12", timeout=SLOW_MS)
    expect(bench.part("score-line")).to_contain_text("images")
    bench.page.wait_for_timeout(800)
    bench.picture("suggested")
    suggested = bench.page.locator('[data-suggested="true"]')
    names = [(one.get_attribute("data-name") or "", one.get_attribute("data-term")) for one in suggested.all()]
    right = [("Nought" if name.endswith("-0.png") else "One") == term for name, term in names]
    assert len(right) == 12
    assert sum(right) >= 10

    bench.part("image-classes-show").click()
    bench.page.get_by_role("option", name="Suggested, least certain first").click()
    expect(bench.part("class-image")).to_have_count(12)
    expect(bench.page.get_by_role("listbox")).to_have_count(0)
    bench.press("ArrowRight")
    bench.press("y")
    expect(bench.part("class-image")).to_have_count(11)
    bench.press("ArrowRight")
    bench.press("1")
    expect(bench.part("class-image")).to_have_count(10)
    bench.part("image-accept-from").fill("0.5")
    bench.part("image-accept-many").click()
    expect(bench.part("image-suggestions")).to_have_count(0)
    with bench.page.expect_response(lambda one: one.url.endswith("/image-classes")):
        bench.part("image-classes-undo").click()
    expect(bench.part("image-suggestions")).to_have_attribute("data-count", "10")
    bench.page.reload()  # what was put back is on the server
    bench.part("tab-image-classes").click()
    expect(bench.part("image-suggestions")).to_have_attribute("data-count", "10")
    bench.part("image-accept-from").fill("0.5")
    bench.part("image-accept-many").click()
    expect(bench.part("image-suggestions")).to_have_count(0)
    bench.part("image-classes-show").click()
    bench.page.get_by_role("option", name="All images").click()
    bench.page.reload()
    bench.part("tab-image-classes").click()
    expect(bench.page.locator('[data-testid="class-image"]:not([data-term=""])')).to_have_count(28)

    cell = bench.page.locator('[data-testid="confusion-cell"]:not([disabled])').first
    cell.click()
    expect(bench.part("checked-images")).to_have_attribute("data-count", (cell.text_content() or "").strip())
    bench.part("checked-images").scroll_into_view_if_needed()
    bench.page.wait_for_timeout(500)
    bench.picture("cell")
    with bench.page.expect_download() as found:
        bench.part("image-classes-csv").click()
    text = found.value.path().read_text()
    assert len(re.findall(r"\.png,(Nought|One),", text)) == 28
