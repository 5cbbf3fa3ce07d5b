"""What each key does, as checks by command: every command of the keymap has one, and each of its keys is pressed.

A check is registered under the commands it is for, with the scene it plays in. ``test_keys.py`` runs them, and
compares them with ``keymap.json``, which the web app's own tests write from the keymap.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from playwright.sync_api import expect

from .conftest import Server
from .screen import Screen
from .workbench import Workbench

WIDTH, HEIGHT, PLANES, CHANNELS = 200, 160, 3, 9
DISC = (150.0, 110.0, 25.0)
"""Centre and radius of what is bright in every picture (px)."""
NAMES = ("a.tif", "b.tif", "c.tif")

CLEAR = """async () => {
  const get = async (path) => (await fetch('/api/v1' + path)).json();
  const image = document.querySelector('[data-testid=viewer]').dataset.imageId;
  const { csrf_token } = await get('/session');
  const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token};
  for (const layer of await get(`/images/${image}/layers`)) {
    const { items } = await get(`/layers/${layer.id}/annotations?limit=1000`);
    const deletes = items.map(({ id, version }) => ({ id, version }));
    const body = JSON.stringify({ deletes });
    if (deletes.length) await fetch(`/api/v1/layers/${layer.id}/changes`, {method: 'POST', headers, body});
  }
}"""


@dataclass(frozen=True)
class Command:
    """A command of the keymap."""

    action: str
    keys: tuple[str, ...]


def keymap() -> dict[str, Command]:
    """The default keymap, by command."""
    rows: list[dict[str, Any]] = json.loads(Path(__file__).with_name("keymap.json").read_text())
    return {row["action"]: Command(row["action"], tuple(row["keys"])) for row in rows}


def pressable(chord: str) -> str:
    """A chord as the browser's driver writes it."""
    *held, key = chord.split("+") if chord != "+" else ["+"]
    names = ["Control" if one == "Ctrl" else one for one in held]
    letter = key.lower() if len(key) == 1 and "Shift" not in held else key
    return "+".join([*names, letter])


class Keys(Workbench):
    """A workbench in which the key that is checked is pressed by name, and counted."""

    def __init__(self, page: Any, url: str, pictures: Path, server: Server) -> None:
        super().__init__(page, url, pictures)
        self.server = server
        self.chord = ""
        self.presses = 0

    def hit(self) -> None:
        """Press the key under test."""
        self.presses += 1
        self.press(pressable(self.chord))

    def rest(self) -> None:
        """No shape, no selection, the first plane, the move tool."""
        for _ in range(3):
            self.press("Escape")
        for axis, key in (("z", "ArrowDown"), ("t", "ArrowLeft")):
            slider = self.part(f"slider-{axis}")
            for _ in range(int(slider.input_value()) if slider.count() else 0):
                self.press(key)
        expect(self.part("tool-move")).to_have_attribute("aria-pressed", "true")

    def wipe(self) -> None:
        """Begin a check without objects."""
        self.rest()
        self.idle()
        self.page.evaluate(CLEAR)
        self.page.wait_for_timeout(250)

    def resolution(self) -> float:
        """Image pixels a screen pixel, once nothing moves any more."""
        self.page.wait_for_timeout(100)
        self.until("() => !window.cytoloop.map.getView().getAnimating()")
        return float(self.page.evaluate("window.cytoloop.map.getView().getResolution()"))

    def seen(self, x0: float, y0: float, x1: float, y1: float) -> bytes:
        """What a part of the image (px) looks like on the screen."""
        (left, top), (right, bottom) = self.at(x0, y0), self.at(x1, y1)
        return self.page.screenshot(clip={"x": left, "y": top, "width": right - left, "height": bottom - top})

    def until_seen(self, box: tuple[float, float, float, float], look: bytes, *, same: bool) -> None:
        """Until a part of the image looks, or does not look, like this."""
        for _ in range(60):
            if (self.seen(*box) == look) is same:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{box} never looked {'the same' if same else 'different'}")

    def selected_row(self) -> int:
        """The one object that the table shows as selected."""
        row = self.page.locator('[data-testid="object-row"][aria-selected="true"]')
        expect(row).to_have_count(1)
        return int(row.get_attribute("data-object-id") or 0)

    def expect_selected(self, count: int) -> None:
        texts = {0: None, 1: "1 object selected"}
        text = texts.get(count, f"{count} objects selected")
        part = self.part("selection-count")
        if text is None:
            expect(part).to_have_count(0)
        else:
            expect(part).to_have_text(text)


Check = Callable[[Keys, str], None]
CHECKED: dict[str, tuple[str, Check]] = {}
"""By command: the scene and the check."""


def checks(scene: str, *actions: str) -> Callable[[Check], Check]:
    """Register a check for these commands; it gets the bench and the command, and calls ``bench.hit()``."""

    def register(check: Check) -> Check:
        for action in actions:
            assert action not in CHECKED, f"{action} has two checks"
            CHECKED[action] = (scene, check)
        return check

    return register


def stack(path: Path, channels: int = CHANNELS) -> Path:
    """A small stack in time, depth and channels, bright in a disc."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    disc = (x - DISC[0]) ** 2 + (y - DISC[1]) ** 2 <= DISC[2] ** 2
    plane = np.random.default_rng(5).integers(15, 30, (HEIGHT, WIDTH)).astype(np.uint8) + 180 * disc.astype(np.uint8)
    planes = np.broadcast_to(plane, (PLANES, PLANES, channels, HEIGHT, WIDTH))
    tifffile.imwrite(path, planes, imagej=True, metadata={"axes": "TZCYX"})
    return path


def flat(path: Path) -> Path:
    """The same disc as one plane of one channel."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    disc = (x - DISC[0]) ** 2 + (y - DISC[1]) ** 2 <= DISC[2] ** 2
    tifffile.imwrite(path, np.where(disc, 200, 20).astype(np.uint8))
    return path


def bench_of(screen: Screen, server: Server) -> Keys:
    """The same page, for keys."""
    return Keys(screen.page, screen.url, screen.pictures, server)
