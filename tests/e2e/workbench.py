"""The workbench in a test: a picture to draw on, and what the server has stored of it."""

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from cytoloop.samples import FOLDER

from .screen import Screen

STORED = """async () => {
  const get = async (path) => (await fetch('/api/v1' + path)).json();
  const image = document.querySelector('[data-testid=viewer]').dataset.imageId;
  const out = [];
  for (const layer of await get(`/images/${image}/layers`)) {
    let cursor = '';
    do {
      const page = await get(`/layers/${layer.id}/annotations?limit=1000${cursor}`);
      out.push(...page.items);
      cursor = page.next ? `&cursor=${encodeURIComponent(page.next)}` : '';
    } while (cursor);
  }
  return out;
}"""


@dataclass
class Stored:
    """An object as the server has it."""

    id: int
    kind: str
    geometry: BaseGeometry
    term_id: int | None
    z: int
    t: int
    raw: dict[str, Any] = field(repr=False, default_factory=dict[str, Any])

    @property
    def area(self) -> float:
        """Square pixels."""
        return float(self.geometry.area)


class Workbench(Screen):
    """A screen with a picture open."""

    def open_sample(self, name: str = "fluorescence-nuclei.png", *classes: tuple[str, str]) -> None:
        """A new project with one sample, its viewer, and classes by name and key."""
        self.open()
        self.new_project("Tools")
        if classes:
            self.add_classes(*classes)
        self.drop(FOLDER / name)
        self.open_image(name)

    def add_classes(self, *classes: tuple[str, str]) -> None:
        """Through the API: the dialog has its own test."""
        self.page.evaluate(
            """async (classes) => {
              const project = location.pathname.split('/')[2];
              const session = await (await fetch('/api/v1/session')).json();
              const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': session.csrf_token};
              for (const [name, hotkey] of classes) {
                const body = JSON.stringify({name, hotkey: hotkey || null});
                await fetch(`/api/v1/projects/${project}/terms`, {method: 'POST', headers, body});
              }
            }""",
            [list(one) for one in classes],
        )
        self.page.reload()

    def stored(self) -> list[Stored]:
        """Everything that is saved for the open image, oldest first."""
        self.idle()
        rows: list[dict[str, Any]] = self.page.evaluate(STORED)
        found = [
            Stored(row["id"], row["kind"], shape(row["geometry"]), row["term_id"], row["z"], row["t"], row)
            for row in rows
        ]
        return sorted(found, key=lambda one: one.id)

    def only(self) -> Stored:
        """The one object there is."""
        found = self.stored()
        assert len(found) == 1, found
        return found[0]

    def held(self, keys: tuple[str, ...], *points: tuple[float, float]) -> None:
        """A drag with keys held from before it starts."""
        for key in keys:
            self.page.keyboard.down(key)
        self.drag(*points)
        for key in keys:
            self.page.keyboard.up(key)

    def rectangle(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw one, as a fixed beginning for other steps."""
        self.press("r")
        self.drag((x0, y0), (x1, y1))
        self.idle()

    def clear(self) -> None:
        """Delete everything and begin anew with the move tool."""
        for wait_ms in (300, 1500, 4000):  # selecting everything asks the server, which may be busy
            for _ in range(3):
                self.press("Escape")
            self.press("Control+a")
            self.page.wait_for_timeout(wait_ms)
            self.press("Delete")
            self.idle()
            if not self.stored():
                return
        assert self.stored() == []


def workbench(screen: Screen) -> Workbench:
    """The same page with more words."""
    return Workbench(screen.page, screen.url, screen.pictures)


def toast(page: Page) -> str:
    """The newest message."""
    return page.get_by_test_id("toast-info").last.inner_text()
