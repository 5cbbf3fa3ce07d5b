"""The loop on the page: label, train, apply, correct, train again, scores."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from .conftest import Server
from .screen import SLOW_MS
from .workbench import Workbench, workbench

PROJECT = "Two kinds"
SIDE, STEP, SPOTS = 480, 48, 9


def picture_of(path: Path) -> list[tuple[int, int, bool]]:
    """Discs on a dark ground, dull small ones and bright large ones; their centres, and whether they are bright."""
    rng = np.random.default_rng(2)
    y, x = np.mgrid[:SIDE, :SIDE]
    pixels = rng.normal(22, 4, (SIDE, SIDE))
    found: list[tuple[int, int, bool]] = []
    for row in range(SPOTS):
        for column in range(SPOTS):
            cx, cy, bright = 48 + column * STEP, 48 + row * STEP, bool(rng.integers(2))
            inside = (x - cx) ** 2 + (y - cy) ** 2 <= 13**2
            mean = rng.normal(150, 22) if bright else rng.normal(95, 22)
            pixels[inside] = rng.normal(mean, 28, int(inside.sum()))
            found.append((cx, cy, bright))
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
    return found


@pytest.fixture
def server(fresh_server: Server) -> Server:
    """One whose home is known: a command imports into it."""
    return fresh_server


@pytest.fixture
def spots(tmp_path: Path) -> list[tuple[int, int, bool]]:
    return picture_of(tmp_path / "discs.png")


@pytest.fixture
def bench(screen: object, tmp_path: Path, spots: list[tuple[int, int, bool]]) -> Workbench:
    bench = workbench(screen)  # type: ignore[arg-type]
    bench.open()
    bench.new_project(PROJECT)
    bench.add_classes(("Bright", "1"), ("Dull", "2"))
    bench.drop(tmp_path / "discs.png")
    objects = tmp_path / "objects.csv"
    rings = [
        [(cx + dx, cy + dy) for dx, dy in ((-12, -8), (8, -12), (12, 8), (-8, 12), (-12, -8))] for cx, cy, _ in spots
    ]
    lines = [f'"POLYGON (({", ".join(f"{x} {y}" for x, y in ring)}))"' for ring in rings]
    objects.write_text("\n".join(["wkt", *lines]))
    command = [sys.executable, "-m", "cytoloop.cli", "import", str(objects), "--project", PROJECT]
    subprocess.run([*command, "--image", "discs.png", "--home", str(tmp_path / "home")], check=True)
    bench.open_image("discs.png")
    bench.part("tour-end").click()
    bench.press("0")
    bench.idle()
    return bench


def label(bench: Workbench, spots: list[tuple[int, int, bool]], wanted: range) -> None:
    for number in wanted:
        cx, cy, bright = spots[number]
        bench.click_at(cx, cy)
        bench.idle()
        bench.press("1" if bright else "2")
        bench.idle()
    bench.press("Escape")
    bench.idle()


def test_label_train_apply_correct_train_again(bench: Workbench, spots: list[tuple[int, int, bool]]) -> None:
    bench.part("tab-classify").click()
    expect(bench.part("classify-hint")).to_contain_text("at least 2 objects in each of 2 classes")
    expect(bench.part("train-classifier")).to_be_disabled()
    bench.picture("empty")
    label(bench, spots, range(12))
    rows = bench.part("label-row")
    bright = sum(one[2] for one in spots[:12])
    expect(rows.nth(0)).to_contain_text(str(bright))
    expect(rows.nth(1)).to_contain_text(str(12 - bright))
    bench.picture("labelled")

    bench.part("train-classifier").click()
    expect(bench.part("classifier-scores")).to_have_attribute("data-version", "1", timeout=SLOW_MS)
    expect(bench.part("suggestions")).to_have_attribute("data-count", "69", timeout=SLOW_MS)
    bench.idle()
    bench.picture("suggested")
    stored = bench.stored()
    suggested = [one for one in stored if one.raw["term_score"] is not None]
    assert len(suggested) == 69
    assert all(0.3 <= one.raw["term_score"] <= 1 for one in suggested)

    bench.page.keyboard.press("n")
    expect(bench.part("suggestion-current")).to_contain_text("% sure")
    bench.picture("next")
    expect(bench.part("suggestion-accept")).to_be_enabled()
    bench.press("y")
    expect(bench.part("suggestions")).to_have_attribute("data-count", "68")
    bench.press("2")
    expect(bench.part("suggestions")).to_have_attribute("data-count", "67")

    bench.part("accept-from").fill("0.85")
    bench.part("accept-many").click()
    expect(bench.part("suggestions")).not_to_have_attribute("data-count", "67")
    left = int(bench.part("suggestions").get_attribute("data-count") or "0")
    assert 0 < left < 60
    expect(bench.part("retrain-hint")).to_contain_text(re.compile(r"new labels since classifier 1"))
    bench.part("train-classifier").click()
    expect(bench.part("classifier-scores")).to_have_attribute("data-version", "2", timeout=SLOW_MS)
    expect(bench.part("quality-curve")).to_have_attribute("data-count", "2")
    bench.page.wait_for_timeout(1500)
    bench.part("quality-curve").scroll_into_view_if_needed()
    bench.picture("scores")

    cell = bench.page.locator('[data-testid="confusion-cell"]:not([disabled])').first
    cell.click()
    expect(bench.part("checked-objects")).to_have_attribute("data-count", (cell.text_content() or "").strip())
    bench.picture("cell")
    bench.part("checked-object").first.click()
    expect(bench.part("suggestion-current")).to_be_visible()

    bench.part("suggestions-gallery").click()
    expect(bench.part("gallery-crop").first).to_have_attribute("data-suggested", "true")
    bench.page.wait_for_timeout(800)
    bench.picture("gallery")


def test_suggestions_of_a_run_are_undone_by_one_step(bench: Workbench, spots: list[tuple[int, int, bool]]) -> None:
    bench.part("tab-classify").click()
    label(bench, spots, range(8))
    bench.part("train-classifier").click()
    expect(bench.part("suggestions")).to_have_attribute("data-count", "73", timeout=SLOW_MS)
    bench.press("Control+z")
    expect(bench.part("suggestions")).to_have_attribute("data-count", "0")
    assert sum(one.term_id is None for one in bench.stored()) == 73
    bench.press("Control+Shift+z")
    expect(bench.part("suggestions")).to_have_attribute("data-count", "73")
    bench.part("clear-suggestions").click()
    expect(bench.part("suggestions")).to_have_attribute("data-count", "0")
    assert sum(one.term_id is not None for one in bench.stored()) == 8
