"""How long the contour assist takes: from releasing the mouse to the dashed outline, in headless Chromium.

``python -m tests.performance.assist`` prints the median and the slowest of a line and a click over each of the sample's
nuclei that stand alone, with the machine and what else it is doing.
"""

import os
import platform
import shutil
import statistics
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright
from skimage.filters import threshold_otsu
from skimage.io import imread
from skimage.measure import label, regionprops
from skimage.segmentation import clear_border
from tests.e2e.conftest import ARGUMENTS, Server
from tests.e2e.screen import Screen

from cytoloop.samples import FOLDER

SAMPLE = "fluorescence-nuclei.png"
NUCLEI = 14
WATCH = """() => {
  const layer = window.cytoloop.map.getLayers().getArray().find((one) => one.getZIndex() === 940);
  window.assistTimes = { released: 0, shown: 0 };
  const note = () => { window.assistTimes.released = performance.now(); window.assistTimes.shown = 0; };
  window.addEventListener("pointerup", note, true);
  layer.getSource().on("addfeature", ({ feature }) => {
    const style = feature.getStyle();
    const isDashed = Array.isArray(style) && style.some((one) => one.getStroke()?.getLineDash());
    if (isDashed && window.assistTimes.shown === 0) window.assistTimes.shown = performance.now();
  });
}"""


def _nuclei() -> list[tuple[float, float, float]]:
    """Middles and half widths of bright pieces, image px."""
    image = np.asarray(imread(FOLDER / SAMPLE))
    pieces = label(clear_border(image > threshold_otsu(image), buffer_size=40))
    found = [one for one in regionprops(pieces) if one.area > 250 and one.solidity > 0.93 and one.centroid[0] < 420]
    return [(one.centroid[1], one.centroid[0], (one.bbox[3] - one.bbox[1]) / 2) for one in found[:NUCLEI]]


def _milliseconds(screen: Screen, page: Page, *points: tuple[float, float]) -> float | None:
    page.mouse.move(*screen.at(*points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*screen.at(*point), steps=5)
    page.mouse.up()
    for _ in range(200):
        times = page.evaluate("window.assistTimes")
        if times["shown"]:
            page.keyboard.press("Escape")
            page.wait_for_timeout(350)
            return float(times["shown"] - times["released"])
        page.wait_for_timeout(50)
    return None


def _measured(page: Page, server: Server, folder: Path) -> dict[str, list[float]]:
    screen = Screen(page, server.url, folder / "picture")
    screen.open()
    screen.new_project("Assist")
    screen.drop(FOLDER / SAMPLE)
    screen.open_image(SAMPLE)
    screen.press("a")
    page.wait_for_timeout(15_000)
    page.evaluate(WATCH)
    taken: dict[str, list[float]] = {"line": [], "click": []}
    for x, y, half in _nuclei():
        for name, points in (("line", ((x - 0.7 * half, y - 1), (x + 0.7 * half, y + 1))), ("click", ((x, y),))):
            found = _milliseconds(screen, page, *points)
            if found is not None:
                taken[name].append(found)
    return taken


def main() -> None:
    """Measure and print."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder) / "home")
        server.start()
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            before = os.getloadavg()[0]
            taken = _measured(page, server, Path(folder))
        finally:
            browser.close()
            server.stop()
    print("Command: python -m tests.performance.assist")
    loads = f"load before {before:.1f}, after {os.getloadavg()[0]:.1f}"
    print(f"Machine: {os.cpu_count()} cores, {platform.machine()}, {loads}")
    for name, times in taken.items():
        if times:
            print(f"{name}: median {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms, of {len(times)}")


if __name__ == "__main__":
    main()
