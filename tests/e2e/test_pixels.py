"""Pixel classification on the page: scribble, train, preview, more scribbles, objects of the classes."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from cytoloop.samples import FOLDER

from .screen import SLOW_MS
from .test_accessibility import violations
from .workbench import Workbench, workbench

NUCLEI = "fluorescence-nuclei.png"


def places() -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Spots deep inside bright nuclei and far from them, well spread."""
    from scipy.ndimage import distance_transform_edt
    from skimage.filters import gaussian, threshold_otsu
    from skimage.io import imread

    picture = gaussian(imread(FOLDER / NUCLEI).astype(float), 2)
    bright = picture > threshold_otsu(picture)
    found = []
    for mask, least in ((bright, 7), (~bright, 14)):
        depth = distance_transform_edt(mask)
        depth[:70], depth[-90:], depth[:, :120], depth[:, -60:] = 0, 0, 0, 0
        own: list[tuple[int, int]] = []
        for at in np.argsort(-depth, axis=None)[: int((depth > least).sum())]:
            y, x = (int(one) for one in np.unravel_index(at, depth.shape))
            if all((x - a) ** 2 + (y - b) ** 2 > 60**2 for a, b in own):
                own.append((x, y))
        found.append(own[:6])
    return found[0], found[1]


@pytest.fixture
def bench(screen: object) -> Workbench:
    bench = workbench(screen)  # type: ignore[arg-type]
    bench.open_sample(NUCLEI, ("Nucleus", "1"), ("Background", "2"))
    bench.part("tour-end").click()
    bench.press("0")
    bench.idle()
    return bench


def scribble(bench: Workbench, name: str, spots: list[tuple[int, int]], reach: int) -> None:
    bench.part("scribble-class").filter(has_text=name).click()
    expect(bench.part("scribbling")).to_be_visible()
    for x, y in spots:
        bench.drag((x - reach, y), (x + reach, y))
    bench.idle()


def overlay(bench: Workbench, spots: list[tuple[int, int]]) -> Any:
    """Colours of the screen at these places of the image."""
    from io import BytesIO

    from PIL import Image

    shot = np.asarray(Image.open(BytesIO(bench.page.screenshot())).convert("RGB"), int)
    at = [bench.at(x, y) for x, y in spots]
    return np.array([shot[round(y), round(x)] for x, y in at])


def test_scribble_train_preview_correct_apply(bench: Workbench) -> None:
    nuclei, ground = places()
    assert len(nuclei) >= 5
    assert len(ground) >= 5
    bench.part("tab-pixels").click()
    expect(bench.part("scribble-hint")).to_contain_text("paint over a few of its pixels")
    expect(bench.part("pixel-train")).to_be_disabled()
    bench.picture("empty")

    scribble(bench, "Nucleus", nuclei[:2], 5)
    expect(bench.part("scribble-row").nth(0)).to_contain_text("2")
    expect(bench.part("pixel-train")).to_be_disabled()
    scribble(bench, "Background", ground[:2], 12)
    expect(bench.part("pixel-train")).to_be_enabled()
    stored = bench.stored()
    assert {one.kind for one in stored} == {"polygon"}
    assert len({one.raw["layer_id"] for one in stored}) == 1
    expect(bench.page.locator('[data-testid="layer-row"][data-kind="scribbles"]')).to_have_attribute("data-count", "4")
    bench.picture("scribbled")

    bench.part("pixel-train").click()
    expect(bench.part("pixel-preview")).to_have_attribute("data-version", "1", timeout=SLOW_MS)
    expect(bench.part("pixel-preview")).to_have_attribute("data-state", "shown", timeout=SLOW_MS)
    bench.idle()
    bench.picture("preview")
    inside, outside = overlay(bench, nuclei[2:5]), overlay(bench, ground[2:5])
    assert (np.abs(inside - outside).sum(axis=1) > 40).all()  # the classes have their colours on the picture

    bench.press("Control+z")
    expect(bench.part("scribble-row").nth(1)).to_contain_text("1")
    bench.press("Control+Shift+z")
    scribble(bench, "Nucleus", nuclei[2:5], 5)
    scribble(bench, "Background", ground[2:5], 12)
    expect(bench.part("pixel-retrain")).to_contain_text("6 new scribbles since version 1")
    bench.part("scribble-stop").click()
    expect(bench.part("scribbling")).to_have_count(0)
    bench.part("pixel-train").click()
    expect(bench.part("pixel-preview")).to_have_attribute("data-version", "2", timeout=SLOW_MS)
    expect(bench.part("pixel-preview")).to_have_attribute("data-state", "shown", timeout=SLOW_MS)
    expect(bench.part("pixel-versions")).to_have_attribute("data-count", "2")
    expect(bench.part("pixel-scores")).to_have_attribute("data-version", "2")
    bench.idle()
    bench.picture("preview again")
    bench.part("pixel-settings").click()
    expect(bench.part("pixel-sigmas")).to_be_visible()
    bench.page.wait_for_timeout(500)
    bench.picture("settings")
    assert violations(bench.page) == []
    bench.part("pixel-settings").click()

    # the preview follows: another view is another window
    with bench.page.expect_response(lambda answer: "pixel-preview" in answer.url) as waiting:
        bench.page.mouse.move(*bench.at(*nuclei[0]))
        bench.page.mouse.wheel(0, -600)
    assert waiting.value.ok
    expect(bench.part("pixel-preview")).to_have_attribute("data-state", "shown")
    bench.idle()
    bench.picture("zoomed")
    with bench.page.expect_response(lambda answer: "pixel-preview" in answer.url) as waiting:
        bench.drag(nuclei[0], (nuclei[0][0] - 40, nuclei[0][1] - 20))
    assert waiting.value.ok
    bench.press("0")

    bench.part("pixel-apply-image").click()
    done = bench.page.locator('[data-testid="layer-row"][data-kind="run"]')
    expect(done).to_have_count(1, timeout=SLOW_MS)
    expect(bench.part("pixel-job")).to_have_count(0, timeout=SLOW_MS)
    bench.part("pixel-preview-on").click()
    expect(bench.part("pixel-legend")).to_have_count(0)
    bench.idle()
    bench.picture("objects")
    found = [one for one in bench.stored() if one.raw["score"] is not None]
    assert 60 < len(found) < 400
    assert len({one.term_id for one in found}) == 1

    bench.tab("segment")
    bench.part("segment-method").click()
    expect(bench.page.get_by_role("option", name="Pixel classifier v2")).to_be_visible()
    bench.press("Escape")
    _carried_away_and_back(bench)


def test_the_classifier_follows_the_scribbles(bench: Workbench) -> None:
    """Trained as one scribbles: nobody presses Train, and versions that nobody used make room."""
    nuclei, ground = places()
    bench.part("tab-pixels").click()
    bench.part("pixel-live").click()
    scribble(bench, "Nucleus", nuclei[:2], 5)
    expect(bench.part("pixel-job")).to_have_count(0)
    scribble(bench, "Background", ground[:2], 12)
    versions, preview = bench.part("pixel-versions"), bench.part("pixel-preview")
    expect(preview).to_have_attribute("data-version", re.compile(r"\d"), timeout=SLOW_MS)
    expect(bench.part("pixel-retrain")).to_have_count(0)
    for at, (more, spots, reach) in enumerate((("Nucleus", nuclei, 5), ("Background", ground, 12)) * 2, start=2):
        before = int(preview.get_attribute("data-version") or 0)
        scribble(bench, more, spots[at : at + 1], reach)
        bench.wait(lambda before=before: int(preview.get_attribute("data-version") or 0) > before, SLOW_MS)
    expect(preview).to_have_attribute("data-state", "shown", timeout=SLOW_MS)
    expect(versions).to_have_attribute("data-count", "2")
    expect(bench.part("pixel-version")).to_have_value(re.compile(r"8 scribbles"))
    expect(bench.part("toast-success")).to_have_count(0)
    bench.idle()
    bench.picture("live")


def _carried_away_and_back(bench: Workbench) -> None:
    """A version is exported, removed, and imported again; a file that is none is refused."""
    bench.part("tab-pixels").click()
    with bench.page.expect_download() as waiting:
        bench.part("pixel-export").click()
    package = Path(waiting.value.path()).read_bytes()
    bench.part("pixel-remove").click()
    expect(bench.page.get_by_role("dialog")).to_contain_text("The objects that it found stay")
    bench.part("confirm").click()
    expect(bench.part("pixel-versions")).to_have_attribute("data-count", "1")
    expect(bench.page.get_by_role("dialog")).to_have_count(0)
    _import(bench, b"no package")
    expect(bench.page.get_by_text("Not imported")).to_be_visible()
    expect(bench.part("pixel-versions")).to_have_attribute("data-count", "1")
    _import(bench, package)
    expect(bench.part("pixel-versions")).to_have_attribute("data-count", "2")
    expect(bench.part("pixel-version")).to_have_value(re.compile(r"^Version 3 · 10 scribbles"))
    bench.picture("imported")


def _import(bench: Workbench, content: bytes) -> None:
    with bench.page.expect_file_chooser() as waiting:
        bench.part("pixel-import").click()
    waiting.value.set_files({"name": "classifier.zip", "mimeType": "application/zip", "buffer": content})


def test_a_project_without_classes_is_told_what_to_do(screen: object) -> None:
    bench = workbench(screen)  # type: ignore[arg-type]
    bench.open_sample(NUCLEI)
    bench.part("tour-end").click()
    bench.part("tab-pixels").click()
    expect(bench.part("pixels-empty")).to_contain_text("Add at least 2 classes")
    bench.picture("no classes")
