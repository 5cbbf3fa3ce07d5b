"""Fingers and a pen on the glass: real touch events of the browser, at the size of a tablet."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from .conftest import SCREENSHOTS, Server
from .workbench import Workbench

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

Point = tuple[float, float]

SMALL = """() => [...document.querySelectorAll('button, [role=tab]')]
  .filter((one) => one.getClientRects().length > 0)
  .map((one) => [one.getAttribute('data-testid') || one.getAttribute('aria-label') || one.textContent,
                 one.getBoundingClientRect().height])
  .filter(([, height]) => height < 40)"""


class Tablet(Workbench):
    """A workbench that is touched."""

    def __init__(self, page: Page, url: str, name: str) -> None:
        super().__init__(page, url, SCREENSHOTS / name)
        self._session = page.context.new_cdp_session(page)

    def _send(self, kind: str, *points: Point) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def fingers(self, *ways: list[Point]) -> None:
        """One finger a way (image px), the second down a moment after the first; all lifted at the end."""
        places = [[self.at(*point) for point in way] for way in ways]
        for count in range(1, len(places) + 1):
            self._send("touchStart", *(way[0] for way in places[:count]))
            self.page.wait_for_timeout(30)
        for step in range(1, 13):
            self._send("touchMove", *(_along(way, step / 12) for way in places))
            self.page.wait_for_timeout(16)
        self._send("touchEnd")
        self.idle()

    def pen(self, start: Point, end: Point, force: float) -> None:
        """A stroke of a pen that presses so hard (0 to 1)."""
        (x0, y0), (x1, y1) = self.at(*start), self.at(*end)

        def event(kind: str, x: float, y: float, **more: Any) -> None:
            facts = {"type": kind, "x": x, "y": y, "pointerType": "pen", "force": force, **more}
            self._session.send("Input.dispatchMouseEvent", facts)

        event("mousePressed", x0, y0, button="left", buttons=1, clickCount=1)
        for step in range(1, 9):
            event("mouseMoved", x0 + (x1 - x0) * step / 8, y0 + (y1 - y0) * step / 8, button="left", buttons=1)
        event("mouseReleased", x1, y1, button="left", clickCount=1)
        self.idle()

    def zoom(self) -> float:
        return 1 / float(self.page.evaluate("window.cytoloop.map.getView().getResolution()"))

    def tap(self, test_id: str) -> None:
        self.part(test_id).tap()


def _along(way: list[Point], part: float) -> Point:
    (x0, y0), (x1, y1) = way[0], way[-1]
    return x0 + (x1 - x0) * part, y0 + (y1 - y0) * part


@pytest.fixture
def tablet(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Tablet]:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, has_touch=True)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    made = Tablet(page, server.url, request.node.name)
    made.open_sample()
    yield made
    context.close()
    assert errors == []


def test_one_finger_draws_and_two_move_the_picture(tablet: Tablet) -> None:
    tablet.tap("tool-rectangle")
    tablet.fingers([(150, 150), (300, 250)])
    assert tablet.only().geometry.bounds == pytest.approx((150, 150, 300, 250), abs=4)
    tablet.tap("tool-brush")
    tablet.fingers([(400, 400), (500, 400)])
    assert len(tablet.stored()) == 2
    zoom, place = tablet.zoom(), tablet.at(350, 260)
    tablet.fingers([(330, 260), (250, 260)], [(370, 260), (450, 260)])
    assert tablet.zoom() > 2 * zoom
    zoom = tablet.zoom()
    before = tablet.at(350, 260)
    tablet.fingers([(330, 260), (330, 290)], [(370, 260), (370, 290)])
    after = tablet.at(350, 260)
    assert after[1] - before[1] > 20
    assert tablet.zoom() == pytest.approx(zoom, rel=0.1)
    assert place != after
    assert len(tablet.stored()) == 2, "two fingers draw nothing"
    tablet.picture("after-a-pinch")


def test_a_pinch_between_two_corners_leaves_the_polygon(tablet: Tablet) -> None:
    tablet.tap("tool-polygon")
    for point in ((200, 150), (400, 150)):
        tablet.page.touchscreen.tap(*tablet.at(*point))
        tablet.page.wait_for_timeout(400)
    tablet.fingers([(290, 260), (260, 260)], [(330, 260), (360, 260)])
    tablet.page.touchscreen.tap(*tablet.at(400, 300))
    tablet.page.wait_for_timeout(400)
    tablet.press("Enter")
    assert tablet.only().area == pytest.approx(200 * 150 / 2, rel=0.06)


def test_a_pen_draws_the_same_however_hard_it_presses(tablet: Tablet) -> None:
    areas: list[float] = []
    for force, y in ((0.1, 150), (1.0, 350)):
        tablet.tap("tool-move")
        tablet.tap("tool-brush")
        tablet.pen((200, y), (400, y), force)
        areas.append(tablet.stored()[-1].area)
    assert len(tablet.stored()) == 2
    assert areas[0] == pytest.approx(areas[1], rel=0.02)
    assert areas[0] > 200 * math.sqrt(areas[0]) / 20


def test_buttons_have_the_size_of_a_finger(tablet: Tablet) -> None:
    tablet.tap("tool-rectangle")
    tablet.fingers([(150, 150), (300, 250)])
    for tab in ("objects", "display", "segment"):
        tablet.tap(f"tab-{tab}")
        for _ in range(20):  # a panel that is still being laid out has no sizes yet
            tablet.page.wait_for_timeout(300)
            if not tablet.page.evaluate(SMALL):
                break
        assert tablet.page.evaluate(SMALL) == [], tab
        tablet.picture(tab)
