"""A folder's worth of images: few requests while they arrive, found by name, their imports one row of the jobs."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from .conftest import Server
from .screen import SLOW_MS, Screen

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

COUNT = 40
READY = f"() => document.querySelectorAll('[data-testid=image-card][data-state=ready]').length === {COUNT}"


@pytest.fixture
def server(fresh_server: Server) -> Server:
    return fresh_server


def test_many_images_arrive_are_found_by_name_and_their_imports_are_one_row(
    screen: Screen, page: Page, tmp_path: Path
) -> None:
    files = [tmp_path / f"{'liver' if number % 4 else 'kidney'} {number}.png" for number in range(COUNT)]
    for number, file in enumerate(files):
        Image.fromarray(np.full((48, 64), 4 * number, np.uint8)).save(file)
    asked: Counter[str] = Counter()
    page.on("request", lambda one: asked.update([re.sub(r"/[^/]*\d[^/]*", "/N", one.url.split("?")[0])]))
    screen.open()
    screen.new_project("Organs")
    expect(screen.part("image-find")).to_have_count(0)
    asked.clear()
    screen.files.set_input_files([str(one) for one in files])
    page.wait_for_function(READY, timeout=SLOW_MS)
    expect(screen.part("uploads")).to_have_count(0, timeout=SLOW_MS)
    lists = sum(count for url, count in asked.items() if url.endswith("/images"))
    assert 0 < lists < 4 * COUNT, asked

    names = page.locator('[data-testid="image-card"] [data-testid="image-name"]')
    screen.part("image-order").click()
    page.get_by_role("option", name="By name").click()
    expect(names.nth(0)).to_have_text("kidney 0.png")
    expect(names.nth(1)).to_have_text("kidney 4.png")
    screen.part("image-find").fill("kid 2")
    found = [f"kidney {number}.png" for number in range(0, COUNT, 4) if "2" in str(number)]
    expect(names).to_have_text(found)
    expect(screen.part("image-count")).to_have_text(f"{len(found)} of {COUNT} images")
    screen.picture("found")
    # it is still so after a look at one of them
    screen.open_image(found[1])
    page.go_back()
    expect(names).to_have_text(found)
    screen.part("image-find").fill("spleen")
    expect(screen.part("images-unfound")).to_contain_text("spleen")
    screen.picture("unfound")
    screen.part("image-find").press("Escape")
    expect(names).to_have_count(COUNT)

    page.get_by_role("tab", name="Jobs").click()
    expect(screen.part("jobs-imports")).to_have_attribute("data-count", str(COUNT))
    expect(screen.part("job-row")).to_have_count(0)
    screen.part("jobs-imports").get_by_role("button").first.click()
    expect(screen.part("job-row")).to_have_count(COUNT)
    screen.picture("jobs")
