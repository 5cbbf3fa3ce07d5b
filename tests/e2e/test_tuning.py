"""A model learns from corrections, on the page: accept and draw, train, look at before and after, keep, use."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from .conftest import Server
from .screen import SLOW_MS
from .workbench import Workbench, workbench

SIDE, STEP = 256, 32
TRAINING_MS = 8 * SLOW_MS
pytestmark = pytest.mark.timeout(600)


def picture(path: Path, seed: int) -> list[tuple[int, int]]:
    """Faint rings on a light ground, as of cells in brightfield, and their centres."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    pixels = rng.normal(190, 6, (SIDE, SIDE))
    centres = [(column, row) for row in range(STEP, SIDE - 8, STEP) for column in range(STEP, SIDE - 8, STEP)]
    for cx, cy in centres:
        far = np.hypot(x - cx, y - cy)
        pixels[far < 10] -= 25
        pixels[abs(far - 10) < 1.5] -= 50
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
    return centres


@pytest.fixture
def server(fresh_server: Server) -> Server:
    """One whose models are this test's alone."""
    return fresh_server


@pytest.fixture
def bench(screen: object, tmp_path: Path) -> Workbench:
    bench = workbench(screen)  # type: ignore[arg-type]
    bench.open()
    bench.new_project("Faint cells")
    for number, name in enumerate(("first.png", "second.png")):
        picture(tmp_path / name, number)
        bench.drop(tmp_path / name)
    bench.open_image("first.png")
    bench.part("tour-end").click()
    return bench


def outline(bench: Workbench, centres: list[tuple[int, int]]) -> None:
    """Through the API: that outlines can be drawn has its own tests."""
    bench.page.evaluate(
        """async (centres) => {
          const image = document.querySelector('[data-testid=viewer]').dataset.imageId;
          const session = await (await fetch('/api/v1/session')).json();
          const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': session.csrf_token};
          const post = async (path, body) =>
            (await fetch('/api/v1' + path, {method: 'POST', headers, body: JSON.stringify(body)})).json();
          const layer = await post(`/images/${image}/layers`, {});
          const creates = centres.map(([cx, cy]) => {
            const ring = Array.from({length: 20}, (_, at) => {
              const angle = (at % 20) * Math.PI / 10;
              return [cx + 0.5 + 11 * Math.cos(angle), cy + 0.5 + 11 * Math.sin(angle)];
            });
            return {geometry: {type: 'Polygon', coordinates: [[...ring, ring[0]]]}};
          });
          await post(`/layers/${layer.id}/changes`, {creates});
        }""",
        centres,
    )


def test_train_on_corrections_compare_keep_use_and_take_back(bench: Workbench, tmp_path: Path) -> None:
    bench.part("tab-segment").click()
    bench.part("tuning-open").click()
    expect(bench.part("tuning-empty")).to_contain_text("no outlines to learn from yet")
    bench.picture("tuning-empty")
    bench.press("Escape")

    outline(bench, picture(tmp_path / "again.png", 0)[:20])
    bench.page.reload()
    bench.idle()
    bench.part("tab-segment").click()
    bench.part("tuning-open").click()
    rows = bench.page.get_by_test_id("tuning-image")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("20")
    expect(bench.part("tuning-run")).to_be_enabled()
    bench.part("tuning-name").fill("faint-cells")
    bench.part("tuning-settings").click()
    for name, value in (("steps", "400"), ("batch", "2"), ("rounds", "1"), ("learning_rate", "0.001")):
        bench.part(f"tuning-{name}").fill(value)
        bench.part(f"tuning-{name}").blur()
    bench.page.wait_for_timeout(300)  # the folded part opens
    bench.picture("tuning-form")
    bench.part("tuning-run").click()
    expect(bench.part("tuning-job")).to_contain_text(re.compile("step|Waiting|Cutting"), timeout=SLOW_MS)
    bench.picture("tuning-running")
    expect(bench.part("tuning-curve")).to_be_visible(timeout=TRAINING_MS)  # the losses while it learns
    expect(bench.part("stop-and-keep")).to_be_enabled()
    bench.picture("tuning-curve")
    bench.part("stop-and-keep").click()
    expect(bench.part("tuning-result")).to_be_visible(timeout=TRAINING_MS)
    expect(bench.part("tuning-scores")).to_contain_text("DSB score")
    shown = bench.page.get_by_test_id("tuning-picture").locator("img")
    expect(shown).to_have_count(2)
    for number in range(2):
        assert shown.nth(number).evaluate("image => image.decode().then(() => image.naturalWidth)") >= 128
    bench.picture("tuning-result")

    bench.part("tuning-keep").click()
    expect(bench.part("tuning-kept")).to_contain_text("Kept as faint-cells")
    bench.part("tuning-use").click()
    expect(bench.part("tuning-dialog")).to_be_hidden()
    panel = bench.part("segment-panel")
    expect(panel.get_by_role("combobox", name="Method")).to_have_value("faint-cells")
    # the job list leads back to the result
    bench.page.get_by_test_id("job-row").and_(bench.page.locator("[data-kind=fine-tune]")).get_by_test_id(
        "job-show"
    ).click()
    bench.part("tuning-back").click()
    expect(bench.part("tuning-keep")).to_be_visible()
    bench.part("tuning-keep-name").fill("nuclei")
    bench.part("tuning-keep").click()
    expect(bench.part("tuning-dialog").get_by_role("alert")).to_contain_text("There is a method 'nuclei' already")
