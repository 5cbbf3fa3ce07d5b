"""Random work with real keys and a real mouse: afterwards the database is what a simple model says, and so is the page.

Eight sequences run with the tests; ``make soak-workbench`` runs a hundred (``CYTOLOOP_SEQUENCES`` says how many).
"""

import math
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import Server
from .keychecks import CLEAR, flat
from .screen import Screen
from .workbench import Workbench, workbench

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SEQUENCES = int(os.environ.get("CYTOLOOP_SEQUENCES", "8"))
A_TEST = 4
"""Sequences that share a server and a project."""
STEPS = 8
SIDE = 30
SLOTS = [(x, y) for y in (12, 62, 112) for x in (10, 58, 106, 154)]
"""Where squares are drawn (px): apart, so that a click means one of them."""
CLASSES = (("one", "1"), ("two", "2"))

SEEN = """() => {
  const { map } = window.cytoloop;
  return map.hasFeatureAtPixel(map.getPixelFromCoordinate([%f, -(%f)]));
}"""


@dataclass(frozen=True)
class Thing:
    """What the model knows of an object."""

    slot: int
    bounds: tuple[float, ...]
    term: str | None

    def moved(self, dx: float, dy: float) -> "Thing":
        x0, y0, x1, y1 = self.bounds
        return replace(self, bounds=(x0 + dx, y0 + dy, x1 + dx, y1 + dy))


State = frozenset[Thing]


@dataclass
class Model:
    """What there should be, and what undo and redo should bring."""

    now: State = frozenset()
    done: list[State] = field(default_factory=list[State])
    undone: list[State] = field(default_factory=list[State])

    def step(self, after: State) -> None:
        """One step of work; where nothing changes, there is none."""
        if after != self.now:
            self.done.append(self.now)
            self.undone.clear()
            self.now = after

    def undo(self) -> None:
        self.undone.append(self.now)
        self.now = self.done.pop()

    def redo(self) -> None:
        self.done.append(self.now)
        self.now = self.undone.pop()


class Run:
    """One sequence: the page, a second browser on the same image, and the model."""

    def __init__(self, bench: Workbench, other: Workbench, seed: int) -> None:
        self.bench, self.other = bench, other
        self.dice = random.Random(seed)
        self.model = Model()
        self.told: list[str] = []

    def begin(self) -> None:
        """With the move tool, and without what the last sequence left."""
        for _ in range(3):
            self.bench.press("Escape")
        expect(self.bench.page.locator('[data-testid="object-row"]')).to_have_count(0, timeout=10_000)
        self.settle(self.bench)

    def play(self) -> None:
        for _ in range(STEPS):
            move = self.dice.choice(self.moves())
            self.told.append(move.__name__)
            move()
            self.settle(self.bench)
        self.check()

    def moves(self) -> list[Callable[[], None]]:
        """What can be done now; drawing most often."""
        found: list[Callable[[], None]] = [self.reload]
        if len(self.model.now) < len(SLOTS):
            found += [self.draw, self.draw, self.draw, self.draw_elsewhere]
        if self.model.now:
            found += [self.nudge, self.nudge, self.classify, self.classify, self.delete, self.classify_all]
            found += [self.delete_all]
        if self.model.done:
            found += [self.undo, self.undo]
        if self.model.undone:
            found += [self.redo, self.redo, self.redo]
        return found

    def settle(self, bench: Workbench) -> None:
        bench.page.wait_for_timeout(60)
        bench.page.evaluate("window.cytoloop.idle()")

    def free(self, bench: Workbench) -> None:
        bench.press("Escape")
        bench.press("Escape")

    def draw(self) -> None:
        self._draw(self.bench)

    def draw_elsewhere(self) -> None:
        """The second browser draws; the first one is told."""
        count = len(self.model.now) + 1
        self._draw(self.other)
        expect(self.bench.part("layer-count").first).to_have_text(str(count), timeout=10_000)

    def _draw(self, bench: Workbench) -> None:
        slot = self.dice.choice([n for n in range(len(SLOTS)) if n not in {one.slot for one in self.model.now}])
        x, y = SLOTS[slot]
        self.free(bench)
        # what is drawn gets no class, whatever was chosen before
        bench.page.locator('[data-testid="class-row"][data-term-id="0"] .row-button').click()
        bench.press("r")
        bench.page.mouse.move(*bench.at(x, y))
        bench.page.mouse.down()
        bench.page.mouse.move(*bench.at(x + SIDE, y + SIDE), steps=4)
        bench.page.mouse.up()
        self.settle(bench)
        newest = bench.stored()[-1]
        assert newest.geometry.bounds == pytest.approx((x, y, x + SIDE, y + SIDE), abs=1)
        self.model.step(self.model.now | {Thing(slot, newest.geometry.bounds, None)})

    def _select(self) -> Thing:
        one = self.dice.choice(sorted(self.model.now, key=lambda thing: thing.slot))
        self.free(self.bench)
        self.bench.press("s")
        x0, y0, x1, y1 = one.bounds
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        self.bench.until(SEEN % (x, y))  # nobody clicks what is not drawn yet
        self.bench.page.wait_for_timeout(320)
        self.bench.page.mouse.click(*self.bench.at(x, y))
        expect(self.bench.part("selection-count")).to_have_text("1 object selected")
        return one

    def _select_all(self) -> None:
        self.free(self.bench)
        self.bench.press("Control+a")
        count = len(self.model.now)
        text = "1 object selected" if count == 1 else f"{count} objects selected"
        expect(self.bench.part("selection-count")).to_have_text(text)

    def nudge(self) -> None:
        one = self._select()
        for _ in range(self.dice.randint(1, 3)):
            key, dx, dy = self.dice.choice([("Right", 1, 0), ("Left", -1, 0), ("Up", 0, -1), ("Down", 0, 1)])
            self.bench.press(f"Shift+Arrow{key}")
            after = one.moved(dx, dy)
            self.model.step(self.model.now - {one} | {after})
            one = after
            self.settle(self.bench)

    def classify(self) -> None:
        one = self._select()
        name, key = self.dice.choice(CLASSES)
        self.bench.press(key)
        self.model.step(self.model.now - {one} | {replace(one, term=name)})

    def delete(self) -> None:
        one = self._select()
        self.bench.press("Delete")
        self.model.step(self.model.now - {one})

    def classify_all(self) -> None:
        self._select_all()
        name, key = self.dice.choice(CLASSES)
        self.bench.press(key)
        self.model.step(frozenset(replace(one, term=name) for one in self.model.now))

    def delete_all(self) -> None:
        self._select_all()
        self.bench.press("Delete")
        self.model.step(frozenset())

    def undo(self) -> None:
        self.bench.press("Control+z")
        self.model.undo()

    def redo(self) -> None:
        self.bench.press("Control+Shift+z")
        self.model.redo()

    def reload(self) -> None:
        self.bench.page.reload()
        self.bench.idle()

    def check(self) -> None:
        """The database is what the model says, and the page lists what the database holds."""
        names: dict[int, str] = self._terms()
        stored = self.bench.stored()
        found = sorted((one.geometry.bounds, names.get(one.term_id or 0)) for one in stored)
        wanted = sorted((one.bounds, one.term) for one in self.model.now)
        assert [term for _, term in found] == [term for _, term in wanted]
        for (bounds, _), (expected, _) in zip(found, wanted, strict=True):
            assert bounds == pytest.approx(expected, abs=1e-6)
        for bench in (self.bench, self.other):
            self.settle(bench)
            rows = bench.page.locator('[data-testid="object-row"]')
            expect(rows).to_have_count(len(stored))
            listed = {int(row.get_attribute("data-object-id") or 0) for row in rows.all()}
            assert listed == {one.id for one in stored}

    def _terms(self) -> dict[int, str]:
        terms: list[tuple[int, str]] = self.bench.page.evaluate(
            """async () => {
              const project = location.pathname.split('/')[2];
              const { terms } = await (await fetch(`/api/v1/projects/${project}/ontology`)).json();
              return terms.map(({ id, name }) => [id, name]);
            }"""
        )
        return dict(terms)


@pytest.mark.parametrize("block", range(math.ceil(SEQUENCES / A_TEST)))
def test_random_work_ends_as_the_model_says(
    screen: Screen, page: Page, browser: Browser, server: Server, tmp_path: Path, block: int
) -> None:
    bench = workbench(screen)
    bench.open()
    bench.new_project("Sequences")
    bench.add_classes(*CLASSES)
    bench.drop(flat(tmp_path / "disc.tif"))
    bench.open_image("disc.tif")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    other = Workbench(context.new_page(), server.url, bench.pictures)
    other.page.goto(page.url)
    other.idle()
    for seed in range(block * A_TEST, min(SEQUENCES, (block + 1) * A_TEST)):
        page.evaluate(CLEAR)
        run = Run(bench, other, seed)
        try:
            run.begin()
            run.play()
        except Exception as error:
            error.add_note(f"in sequence {seed}: {', '.join(run.told)}")
            bench.picture(f"sequence-{seed}-failed")
            raise
    context.close()
