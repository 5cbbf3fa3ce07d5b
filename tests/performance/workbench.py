"""How quick the workbench feels: brush, selection, undo and panning with many objects, in headless Chromium.

``python -m tests.performance.workbench`` prints medians with the machine and its load. Script time is what the code
of the page takes: the handlers of the event and the frame after it. Latencies run from the event to the end of the
script of the frame that shows the result. Frames are the time from one to the next while the mouse drags.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright
from tests.e2e.conftest import ARGUMENTS, Server
from tests.e2e.screen import Screen

from cytoloop.samples import FOLDER

SAMPLE = "he-slide.svs"
WIDTH_PX, HEIGHT_PX = 2220, 2967
PROJECT = "Speed"
ROUNDS = 15
CORNERS = 500
BLOB = (1100.0, 1400.0, 300.0)
"""Middle and radius (px) of the object that is brushed, selected and undone."""

METER = """() => {
  const meter = { frames: [], handled: [], drawn: [], started: 0, done: 0, watch: null };
  window.meter = meter;
  const real = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) => real((time) => {
    const before = performance.now();
    callback(time);
    meter.drawn.push(performance.now() - before);
    if (meter.watch && meter.done === 0 && meter.watch()) meter.done = performance.now();
  });
  let last = 0;
  const tick = (time) => { if (last) meter.frames.push(time - last); last = time; real(tick); };
  real(tick);
  let before = 0;
  window.addEventListener("pointermove", () => { before = performance.now(); }, true);
  window.addEventListener("pointermove", () => meter.handled.push(performance.now() - before));
  const start = () => { if (meter.watch && !meter.started) meter.started = performance.now(); };
  window.addEventListener("pointerup", start, true);
  window.addEventListener("keydown", (event) => { if (event.key === "z") start(); }, true);
  meter.layer = (z) => window.cytoloop.map.getLayers().getArray().find((one) => one.getZIndex() === z).getSource();
  meter.isHit = ([x, y]) => {
    const pixel = window.cytoloop.map.getPixelFromCoordinate([x, -y]);
    return window.cytoloop.map.hasFeatureAtPixel(pixel, { layerFilter: (one) => one.get("objectLayerId") });
  };
}"""
INSERT = """async (geometry) => {
  const image = document.querySelector('[data-testid=viewer]').dataset.imageId;
  const session = await (await fetch('/api/v1/session')).json();
  const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': session.csrf_token};
  const send = async (path, body) =>
    (await fetch('/api/v1' + path, {method: 'POST', headers, body: JSON.stringify(body)})).json();
  const layer = await send(`/images/${image}/layers`, {});
  await send(`/layers/${layer.id}/changes`, {creates: [{geometry}]});
}"""
SHOWN = """() => {
  const { map } = window.cytoloop;
  const extent = map.getView().calculateExtent(map.getSize());
  const seen = { objects: new Set(), clusters: 0 };
  for (const layer of map.getLayers().getArray()) {
    if (!layer.get("objectLayerId") || !layer.getFeaturesInExtent || !layer.isVisible(map.getView())) continue;
    for (const one of layer.getFeaturesInExtent(extent)) {
      if (one.get("layer") === "objects") seen.objects.add(one.getId());
      if (one.get("layer") === "clusters") seen.clusters += Number(one.get("count"));
    }
  }
  return [seen.objects.size, seen.clusters];
}"""


@dataclass(frozen=True)
class Row:
    """One line of the table: milliseconds."""

    name: str
    times_ms: tuple[float, ...]
    target_ms: float | None = None

    def __str__(self) -> str:
        median = statistics.median(self.times_ms)
        late = float(np.percentile(self.times_ms, 95))
        target = "" if self.target_ms is None else f"{self.target_ms:.0f}"
        return f"| {self.name} | {median:.1f} | {late:.1f} | {len(self.times_ms)} | {target} |"


def _ring(x: float, y: float, radius: float, corners: int, wobble: float, waves: int) -> list[list[float]]:
    turns = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = radius * (1 + wobble * np.sin(waves * turns))
    ring = np.stack([x + reach * np.cos(turns), y + reach * np.sin(turns)], axis=1).round(2)
    return [*ring.tolist(), ring[0].tolist()]


def objects(count: int, path: Path) -> Path:
    """Cell-like outlines of twelve corners over the whole slide, as GeoJSON."""
    rng = np.random.default_rng(0)
    side = np.sqrt(WIDTH_PX * HEIGHT_PX / count) * 0.96
    columns, rows = int(WIDTH_PX // side), int(HEIGHT_PX // side)
    places = [((i % columns + 0.5) * side, (i // columns + 0.5) * side) for i in range(columns * rows)]
    chosen = rng.choice(len(places), count, replace=False)
    features = [
        {
            "type": "Feature",
            "properties": {},
            "geometry": {
                "type": "Polygon",
                "coordinates": [_ring(x, y, side * rng.uniform(0.25, 0.4), 12, 0.1, 3)],
            },
        }
        for x, y in (places[i] for i in chosen)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


class Meter:
    """What the page measures about itself."""

    def __init__(self, page: Page, screen: Screen) -> None:
        self.page = page
        self.screen = screen

    def clear(self) -> None:
        self.page.evaluate(
            "Object.assign(window.meter, {frames: [], handled: [], drawn: [], started: 0, done: 0, watch: null})"
        )

    def read(self, name: str) -> list[float]:
        return [float(one) for one in self.page.evaluate(f"window.meter.{name}")]

    def latency(self, watch: str, act: Any) -> float | None:
        """Milliseconds from the event to the end of the frame in which ``watch`` became true."""
        self.clear()
        self.page.evaluate(f"window.meter.watch = {watch}")
        act()
        for _ in range(200):
            started, done = self.page.evaluate("[window.meter.started, window.meter.done]")
            if done:
                return float(done - started)
            self.page.wait_for_timeout(25)
        return None

    def panning(self) -> list[float]:
        """From frame to frame while the picture is dragged to and fro."""
        x, y = 720, 480
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + 10, y, steps=5)
        self.clear()
        for dx in (160, -160, 160, -160):
            self.page.mouse.move(x + dx, y + dx // 2, steps=40)
        frames = self.read("frames")
        self.page.mouse.up()
        return frames


def _open(screen: Screen, name: str) -> Meter:
    screen.open()
    screen.part("project-card").first.click()
    screen.open_image(name)
    screen.page.evaluate(METER)
    return Meter(screen.page, screen)


def brush(meter: Meter) -> list[Row]:
    """Dabs along the rim of an object of 500 corners, selection of it by a click, and undo of the stroke."""
    page, screen = meter.page, meter.screen
    x, y, radius = BLOB
    ring = _ring(x, y, radius, CORNERS, 0.04, 30)
    page.evaluate(INSERT, {"type": "Polygon", "coordinates": [ring]})
    screen.idle()
    picks, undone = [], []
    handled: list[float] = []
    drawn: list[float] = []
    for turn in range(ROUNDS):
        screen.press("s")
        screen.press("Escape")
        page.wait_for_timeout(400)
        picks.append(
            meter.latency("() => window.meter.layer(920).getFeatures().length > 0", lambda: screen.click_at(x, y))
        )
        screen.press("b")
        angles = np.linspace(0, np.pi / 2, 20) + turn
        path = [screen.at(x + 1.02 * radius * np.cos(a), y + 1.02 * radius * np.sin(a)) for a in angles]
        page.mouse.move(*screen.at(x + 0.9 * radius * np.cos(turn), y + 0.9 * radius * np.sin(turn)))
        page.mouse.down()
        meter.clear()
        for point in path:
            page.mouse.move(*point)
            page.wait_for_timeout(20)
        handled += meter.read("handled")
        drawn += meter.read("drawn")
        page.mouse.up()
        screen.idle()
        assert screen.layer_count("My annotations") == 1, "the brush must change the object, not draw another"
        outside = [x + 1.075 * radius * float(np.cos(angles[10])), y + 1.075 * radius * float(np.sin(angles[10]))]
        screen.press("Escape")
        screen.press("Escape")
        screen.press("m")
        page.wait_for_timeout(300)
        # the old tile goes only when the new one is there: the object itself must be on the picture all the time
        watch = f"() => !window.meter.isHit({outside}) && window.meter.isHit({[x, y]})"
        if not page.evaluate(f"window.meter.isHit({outside})"):
            continue
        undone.append(meter.latency(watch, lambda: screen.press("Control+z")))
        screen.idle()
    return [
        Row(f"brush dab on {CORNERS} corners, handling the event", tuple(handled), 16),
        Row("brush dab, drawing the next frame (script)", tuple(drawn), 16),
        Row("selection, from click to drawn", tuple(one for one in picks if one is not None), 100),
        Row("undo of a stroke, from key to drawn", tuple(one for one in undone if one is not None), 300),
    ]


def followed(meter: Meter) -> Row:
    """From the save of an object to its being drawn on the screen of somebody else who looks there."""
    context = meter.page.context.browser.new_context(viewport={"width": 1440, "height": 900})
    other = Screen(context.new_page(), meter.screen.url, meter.screen.pictures)
    other.page.goto(meter.page.url)
    other.idle()
    other.page.evaluate(METER)
    times = []
    for turn in range(ROUNDS):
        x, y = 200 + 120 * turn, 300
        ring = [[x, y], [x + 80, y], [x + 80, y + 80], [x, y + 80], [x, y]]
        start = time.perf_counter()
        meter.page.evaluate(INSERT, {"type": "Polygon", "coordinates": [ring]})
        while not other.page.evaluate(f"window.meter.isHit([{x + 40}, {y + 40}])"):
            other.page.wait_for_timeout(5)
        times.append((time.perf_counter() - start) * 1e3)
    context.close()
    return Row("an object drawn by one seen by another, from sending it", tuple(times), 1000)


def many(meter: Meter, zoom: float | None, count: int) -> Row:
    """Panning over a crowd, the whole image in sight or at a zoom."""
    page, screen = meter.page, meter.screen
    if zoom is not None:
        page.evaluate("(zoom) => window.cytoloop.map.getView().setResolution(1 / zoom)", zoom)
    screen.press("m")
    screen.idle()
    outlines, clustered = page.evaluate(SHOWN)
    crowd = f"{clustered:,} objects as counts" if clustered else f"{count:,} objects as a raster of classes"
    seen = f"{outlines:,} outlines" if outlines else crowd
    return Row(f"frame while panning over {seen}", tuple(meter.panning()), 33)


def selected(meter: Meter) -> list[Row]:
    """A thousand editable objects, plain and all selected."""
    page, screen = meter.page, meter.screen
    screen.press("m")
    screen.idle()
    plain = meter.panning()
    watch = "() => window.meter.layer(920).getFeatures().length > 500"
    page.evaluate("window.addEventListener('keydown', () => { window.meter.started ||= performance.now(); }, true)")
    taken = meter.latency(watch, lambda: screen.press("Control+a"))
    screen.idle()
    count = page.evaluate("window.meter.layer(920).getFeatures().length")
    rows = [
        Row("frame while panning over 1,000 editable objects", tuple(plain), 33),
        Row(f"frame while panning with {count:,} selected", tuple(meter.panning()), 33),
    ]
    return rows if taken is None else [*rows, Row(f"select all {count:,}, from key to drawn", (taken,), 500)]


def _import(home: Path, count: int, folder: Path, image: str) -> None:
    path = objects(count, folder / f"{count}.geojson")
    command = [sys.executable, "-m", "cytoloop.cli", "import", str(path), "--project", PROJECT]
    subprocess.run([*command, "--image", image, "--home", str(home)], check=True, stdout=subprocess.DEVNULL)


CROWDS = {"1000.svs": 1060, "10000.svs": 25_000, "100000.svs": 100_000}
"""Images and what is imported: at half size, four tenths of the 25,000 are in sight, each with its outline."""


def measured(page: Page, server: Server, folder: Path) -> Iterator[Row]:
    """All rows, one after the other."""
    screen = Screen(page, server.url, folder / "picture")
    screen.open()
    screen.new_project(PROJECT)
    for name in ("brush.svs", *CROWDS):
        shutil.copy(FOLDER / SAMPLE, folder / name)
        screen.drop(folder / name)
    for name, count in CROWDS.items():
        _import(folder / "home", count, folder, name)
    yield from brush(_open(screen, "brush.svs"))
    yield followed(_open(screen, "brush.svs"))
    yield from selected(_open(screen, "1000.svs"))
    yield many(_open(screen, "10000.svs"), 0.5, CROWDS["10000.svs"])
    yield many(_open(screen, "100000.svs"), None, CROWDS["100000.svs"])


@contextmanager
def _browser_page() -> Generator[Page]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser.new_page(viewport={"width": 1440, "height": 900})
        finally:
            browser.close()


def main() -> None:
    """Measure and print."""
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, _browser_page() as page:
        server = Server(Path(folder) / "home")
        server.start()
        try:
            rows = list(measured(page, server, Path(folder)))
        finally:
            server.stop()
    print("Command: python -m tests.performance.workbench")
    loads = f"load before {before:.1f}, after {os.getloadavg()[0]:.1f}"
    print(f"Machine: {os.cpu_count()} cores, {platform.machine()}, headless Chromium with SwiftShader, {loads}\n")
    print("| what | median ms | 95th percentile | of | target |\n| --- | --- | --- | --- | --- |")
    print("\n".join(str(row) for row in rows))


if __name__ == "__main__":
    main()
