"""Random sequences of edits, undo, redo and reloads leave the database as a simple model says."""

import itertools
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from .conftest import running
from .driver import Driver, square

State = dict[int, tuple[Any, ...]]
"""What is compared of an object: corner, class, tags, lock."""
_numbers = itertools.count()


class Editing(RuleBasedStateMachine):
    """One user's edits of one image, beside a model that is a list of states."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self._start()
        project = self.api.project()
        self.image = self.api.image(project)["id"]
        self.layer = self.api.layer(self.image)
        self.terms = [self.api.ok(self.api.post(f"/projects/{project}/terms", {"name": name}))["id"] for name in "ab"]
        self.past: list[State] = [{}]
        self.future: list[State] = []

    def _start(self) -> None:
        self.context = running(self.home)
        self.api: Driver = self.context.__enter__()[0]

    def teardown(self) -> None:
        self.context.__exit__(None, None, None)
        shutil.rmtree(self.home)

    @property
    def now(self) -> State:
        return self.past[-1]

    def _stored(self) -> dict[int, dict[str, Any]]:
        rows = self.api.ok(self.api.get(f"/layers/{self.layer}/annotations?limit=10000"))["items"]
        return {row["id"]: row for row in rows}

    def _change(self, body: dict[str, Any]) -> list[int]:
        key = {"idempotency_key": f"key-{next(_numbers):08d}"}
        first = self.api.ok(self.api.post(f"/layers/{self.layer}/changes", body | key))
        # a repeated delivery, as after a lost answer, changes nothing
        assert self.api.ok(self.api.post(f"/layers/{self.layer}/changes", body | key)) == first
        return list(first["created_ids"])

    def _done(self, state: State) -> None:
        self.past.append(state)
        self.future = []

    def _some(self, pick: int) -> int | None:
        free = sorted(one for one, facts in self.now.items() if not facts[3])
        return free[pick % len(free)] if free else None

    @rule(corner=st.integers(0, 100), count=st.integers(1, 3), term=st.integers(0, 2))
    def draw(self, corner: int, count: int, term: int) -> None:
        """New objects in one step."""
        term_id = [None, *self.terms][term]
        made = [{"geometry": square(corner + i, corner), "term_id": term_id} for i in range(count)]
        ids = self._change({"creates": made})
        self._done(self.now | {one: (corner + i, term_id, (), False) for i, one in enumerate(ids)})

    @rule(pick=st.integers(0, 50), corner=st.integers(0, 100))
    def reshape(self, pick: int, corner: int) -> None:
        """Another outline."""
        one = self._some(pick)
        if one is None:
            return
        version = self._stored()[one]["version"]
        self._change({"updates": [{"id": one, "version": version, "geometry": square(corner, corner)}]})
        self._done(self.now | {one: (corner, *self.now[one][1:])})

    @rule(pick=st.integers(0, 50))
    def delete(self, pick: int) -> None:
        """An object less."""
        one = self._some(pick)
        if one is None:
            return
        self._change({"deletes": [{"id": one, "version": self._stored()[one]["version"]}]})
        self._done({other: facts for other, facts in self.now.items() if other != one})

    @rule(term=st.integers(0, 1))
    def reclass_all(self, term: int) -> None:
        """A bulk step over everything that is not locked."""
        free = [one for one, facts in self.now.items() if not facts[3]]
        if not free:
            return
        body = {"ids": free, "action": {"action": "set_term", "term_id": self.terms[term]}}
        done = self.api.ok(self.api.post(f"/layers/{self.layer}/bulk", body))
        if done["changed"]:
            changed = {one: (self.now[one][0], self.terms[term], *self.now[one][2:]) for one in free}
            self._done(self.now | changed)

    @rule(pick=st.integers(0, 50), tag=st.sampled_from("xy"))
    def tag(self, pick: int, tag: str) -> None:
        """A note on an object."""
        one = self._some(pick)
        if one is None:
            return
        version = self._stored()[one]["version"]
        self._change({"updates": [{"id": one, "version": version, "tags": [tag]}]})
        self._done(self.now | {one: (*self.now[one][:2], (tag,), self.now[one][3])})

    @rule()
    def undo(self) -> None:
        """One step back."""
        answer = self.api.post(f"/images/{self.image}/undo")
        if len(self.past) == 1:
            assert answer.status_code == 409
            return
        self.api.ok(answer)
        self.future.append(self.past.pop())

    @rule()
    def redo(self) -> None:
        """One step forth."""
        answer = self.api.post(f"/images/{self.image}/redo")
        if not self.future:
            assert answer.status_code == 409
            return
        self.api.ok(answer)
        self.past.append(self.future.pop())

    @rule()
    def reload(self) -> None:
        """Another server on the same folder."""
        self.context.__exit__(None, None, None)
        self._start()

    @invariant()
    def the_database_equals_the_model(self) -> None:
        """Every object, everything that is compared."""
        found = {
            one: (row["bbox"][0], row["term_id"], tuple(row["tags"]), row["locked"])
            for one, row in self._stored().items()
        }
        assert found == self.now
        history = self.api.ok(self.api.get(f"/images/{self.image}/history"))
        assert (history["undo_count"], history["redo_count"]) == (len(self.past) - 1, len(self.future))


TestEditing = Editing.TestCase
TestEditing.settings = settings(
    max_examples=100, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
TestEditing.pytestmark = [pytest.mark.timeout(900)]  # type: ignore[attr-defined]


def test_a_hundred_and_twenty_steps_are_undone_and_done_again(api: Driver) -> None:
    project = api.project()
    image = api.image(project)["id"]
    layer = api.layer(image)
    for number in range(120):
        body = {"creates": [{"geometry": square(number % 90, 3)}]}
        api.ok(api.post(f"/layers/{layer}/changes", body))
    for _ in range(120):
        api.ok(api.post(f"/images/{image}/undo"))
    assert api.ok(api.get(f"/layers/{layer}/annotations"))["items"] == []
    for _ in range(120):
        api.ok(api.post(f"/images/{image}/redo"))
    assert len(api.ok(api.get(f"/layers/{layer}/annotations?limit=1000"))["items"]) == 120
