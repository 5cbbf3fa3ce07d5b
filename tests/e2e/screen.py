"""What a person does on the page, by name."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from .quiet import IDLE, REST

SLOW_MS = 120_000
"""For what trains, imports or starts a process: on a busy machine that can take a minute."""


class Screen:
    """The page, driven as a person would: by what can be seen, in image coordinates where the picture is meant."""

    def __init__(self, page: Page, url: str, pictures: Path) -> None:
        self.page = page
        self.url = url
        self.pictures = pictures
        self._taken = 0

    def part(self, name: str) -> Locator:
        return self.page.get_by_test_id(name)

    def picture(self, name: str) -> None:
        """Keep a screenshot, for people to look at."""
        self._taken += 1
        self.page.screenshot(path=f"{self.pictures}-{self._taken:02d}-{name}.png")

    def open(self, path: str = "/") -> None:
        self.page.goto(self.url + path)

    def new_project(self, name: str) -> None:
        self.part("project-create").first.click()
        self.part("project-name").fill(name)
        self.part("project-save").click()
        expect(self.part("drop-zone")).to_be_visible()

    @property
    def files(self) -> Locator:
        """The page's field for files (the one beside it takes folders)."""
        return self.page.locator('input[type="file"]:not([webkitdirectory])').first

    def drop(self, *paths: Path) -> None:
        """Drop files on the page and wait until their images are there."""
        self.files.set_input_files([str(one) for one in paths])
        for one in paths:
            card = self.part("image-card").filter(has_text=one.name)
            expect(card).to_have_attribute("data-state", "ready", timeout=SLOW_MS)

    def open_image(self, name: str) -> None:
        self.part("image-card").filter(has_text=name).click()
        expect(self.part("viewer")).to_be_visible()
        self.idle()

    def idle(self) -> None:
        """Until tiles are drawn and everything is saved."""
        self.until("() => window.cytoloop !== undefined")
        self.page.evaluate(IDLE)

    def until(self, condition: str, timeout_ms: int = 30_000) -> None:
        """Until a function of the page is true; asked from here, since the page allows no evaluation of its own."""
        end = time.monotonic() + timeout_ms / 1000
        while not self.page.evaluate(condition):
            assert time.monotonic() < end, f"never true: {condition}"
            self.page.wait_for_timeout(50)

    def wait(self, condition: Callable[[], bool], timeout_ms: int = 30_000) -> None:
        """Until something that the test itself sees is true, while the page goes on."""
        end = time.monotonic() + timeout_ms / 1000
        while not condition():
            assert time.monotonic() < end, "never true"
            self.page.wait_for_timeout(50)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a pixel of the image is on the screen."""
        place: Any = self.page.evaluate(
            """([x, y]) => {
              const { map } = window.cytoloop;
              const [px, py] = map.getPixelFromCoordinate([x, -y]);
              const box = map.getTargetElement().getBoundingClientRect();
              return [px + box.left, py + box.top];
            }""",
            [x, y],
        )
        return place[0], place[1]

    def click_at(self, x: float, y: float) -> None:
        # Two clicks in quick succession would be a double click, which the map waits for with a timer.
        self.page.evaluate(REST)
        self.page.mouse.click(*self.at(x, y))

    def drag(self, *points: tuple[float, float]) -> None:
        """Press at the first point, move over the others, release at the last (image px)."""
        self.page.mouse.move(*self.at(*points[0]))
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*self.at(*point), steps=6)
        self.page.mouse.up()
        self.idle()

    def drag_quickly(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Like ``drag``, without waiting until it is saved."""
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*end), steps=6)
        self.page.mouse.up()
        self.page.wait_for_timeout(300)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def tab(self, name: str) -> None:
        self.part(f"tab-{name}").click()

    def layer_count(self, name: str | re.Pattern[str]) -> int:
        """How many objects the layer list tells."""
        row = self.part("layer-row").filter(has_text=name)
        return int(row.get_by_test_id("layer-count").inner_text().replace(",", ""))

    def expect_layer_count(self, name: str | re.Pattern[str], count: int) -> None:
        row = self.part("layer-row").filter(has_text=name)
        expect(row.get_by_test_id("layer-count")).to_have_text(str(count), timeout=15_000)

    def expect_saved(self) -> None:
        expect(self.part("save-state")).to_contain_text("Saved", timeout=15_000)

    def download(self, trigger: Locator, folder: Path) -> Path:
        """Click what downloads, and keep the file."""
        with self.page.expect_download() as waiting:
            trigger.click()
        target = folder / waiting.value.suggested_filename
        waiting.value.save_as(target)
        return target
