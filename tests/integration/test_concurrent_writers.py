"""What one writer after the other keeps, many at once keep too: on SQLite, and on PostgreSQL also from processes."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import shapely
from sqlalchemy import func, select

from cytoloop.annotations import history, layers
from cytoloop.annotations.bulk import SetStatus, apply_bulk
from cytoloop.annotations.filters import EVERYTHING
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import ChangeSet, Edit, Layer, NewAnnotation, Removal, Status
from cytoloop.annotations.review import accept
from cytoloop.annotations.store import apply_change
from cytoloop.annotations.tables import annotation, annotation_revision, change, layer, stat, status_count
from cytoloop.core.errors import ConflictError, NotFoundError, StaleVersionError
from cytoloop.jobs import claims, ledger
from cytoloop.jobs.model import NewJob
from cytoloop.projects import images, ontologies, store, users
from cytoloop.projects.permissions import Role
from cytoloop.storage.database import Database
from cytoloop.storage.migrate import migrate
from cytoloop.storage.signals import LocalSignals
from cytoloop.workflows.announcing import Announcer
from cytoloop.workflows.objects.editing import check_terms, once, remove_term

from ..databases import ENGINES  # noqa: TID252 - tests are no package

WRITERS = 8
ROUNDS = 12


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Both, whatever ``--engine`` says."""
    return request.param


@dataclass
class Desk:
    database: Database
    project: store.Project
    image_id: int
    user_id: int
    layer: Layer


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    database = Database(database_url)
    migrate(database)

    def build(c: Any) -> Desk:
        me = users.local_user(c)
        project = store.create_project(c, name="P", description="", owner_id=me.id)
        image = images.add_project_image(c, project_id=project.id, name="i", size_bytes=1)
        own = layers.user_layer(c, image_id=image.id, creator_id=me.id, name="Mine")
        return Desk(database, project, image.id, me.id, own)

    yield database.write(build)
    database.close()


def at_once(works: list[Callable[[], Any]]) -> list[Any]:
    """What each gives, or the error that it raises; all begin together."""
    gate = threading.Barrier(len(works))
    outcomes: list[Any] = [None] * len(works)

    def run(place: int) -> None:
        gate.wait(30)
        try:
            outcomes[place] = works[place]()
        except Exception as error:
            outcomes[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


def box(n: int) -> NewAnnotation:
    return NewAnnotation(shapely.box(10 * n, 5, 10 * n + 8, 13), Kind.POLYGON, term_id=1 + n % 3)


def add(desk: Desk, *numbers: int) -> list[int]:
    new = ChangeSet("Draw", creates=[box(n) for n in numbers])
    return desk.database.write(lambda c: apply_change(c, new, layer=desk.layer, user_id=desk.user_id)).created_ids


def assert_counts_are_true(database: Database) -> None:
    """The counts that are kept equal those of the objects that are there."""
    columns = (annotation.c.layer_id, annotation.c.cell, func.coalesce(annotation.c.term_id, 0))
    with database.read() as c:
        true = c.execute(select(*columns, func.count()).group_by(*columns)).all()
        kept = c.execute(select(stat.c.layer_id, stat.c.cell, stat.c.term_id, stat.c.n).where(stat.c.n != 0)).all()
        assert sorted(map(tuple, kept)) == sorted(map(tuple, true))
        states = (annotation.c.layer_id, annotation.c.status)
        true = c.execute(select(*states, func.count()).group_by(*states)).all()
        kept = c.execute(select(status_count).where(status_count.c.n != 0)).all()
        assert sorted(map(tuple, kept)) == sorted(map(tuple, true))


def test_no_number_is_given_twice_and_none_of_a_block_to_others(desk: Desk) -> None:
    def work(start: int) -> list[list[int]]:
        return [add(desk, *range(start, start + 1 + n % 20)) for n in range(ROUNDS)]

    blocks = [block for found in at_once([lambda n=n: work(n) for n in range(WRITERS)]) for block in found]
    ids = [one for block in blocks for one in block]
    assert len(set(ids)) == len(ids)
    assert all(block == list(range(block[0], block[0] + len(block))) for block in blocks)
    with desk.database.read() as c:
        rows = c.execute(select(change.c.id, change.c.first_id, change.c.created)).all()
        generation = c.execute(select(layer.c.generation).where(layer.c.id == desk.layer.id)).scalar_one()
    assert len(rows) == generation == WRITERS * ROUNDS
    assert sorted(one for _, first, n in rows for one in range(first, first + n)) == sorted(ids)
    assert_counts_are_true(desk.database)


def test_of_all_who_edit_one_version_one_wins(desk: Desk) -> None:
    (key,) = add(desk, 0)
    for version in range(1, 6):
        edits = [Edit(key, version, {"geometry": shapely.box(0, 0, 20 + n, 20)}) for n in range(WRITERS - 2)]
        sets = [ChangeSet("Move", edits=[one]) for one in edits]
        sets += [ChangeSet("Class", edits=[Edit(key, version, {"term_id": n})]) for n in (1, 2)]
        outcomes = at_once(
            [
                lambda one=one: desk.database.write(
                    lambda c: apply_change(c, one, layer=desk.layer, user_id=desk.user_id)
                )
                for one in sets
            ]
        )
        lost = [one for one in outcomes if isinstance(one, Exception)]
        assert [type(one) for one in lost] == [StaleVersionError] * (WRITERS - 1), lost
    with desk.database.read() as c:
        assert c.execute(select(annotation.c.version)).scalars().all() == [6]
        assert c.execute(select(func.count()).select_from(annotation_revision)).scalar_one() == 5
    assert_counts_are_true(desk.database)


def test_edits_deletions_bulk_and_review_keep_the_counts(desk: Desk) -> None:
    ids = add(desk, *range(40))

    def edit(n: int) -> None:
        for key in ids[n::4]:
            one = (
                ChangeSet("E", edits=[Edit(key, 1, {"term_id": 2})])
                if n % 2
                else ChangeSet("R", removals=[Removal(key, 1)])
            )
            try:
                desk.database.write(lambda c, one=one: apply_change(c, one, layer=desk.layer, user_id=desk.user_id))
            except StaleVersionError:
                continue

    def bulk(status: Status) -> None:
        action = SetStatus(status)
        for _ in range(4):
            desk.database.write(lambda c: apply_bulk(c, EVERYTHING, action, layer=desk.layer, user_id=desk.user_id))

    def review() -> None:
        for _ in range(3):
            desk.database.write(lambda c: accept(c, EVERYTHING, layer=desk.layer, user_id=desk.user_id))

    works = [lambda n=n: edit(n) for n in range(4)]
    outcomes = at_once([*works, lambda: bulk(Status.REJECTED), lambda: bulk(Status.PREDICTED), review, review])
    assert [one for one in outcomes if one is not None] == []
    assert_counts_are_true(desk.database)
    with desk.database.read() as c:
        reviewed = c.execute(select(func.count()).select_from(layer).where(layer.c.kind == "review")).scalar_one()
        parents = c.execute(select(annotation.c.parent_id).where(annotation.c.parent_id.is_not(None))).scalars().all()
    assert reviewed == 1
    assert len(parents) == len(set(parents)), "an object was accepted twice"


def test_undo_takes_every_step_back_once(desk: Desk) -> None:
    for n in range(WRITERS):
        add(desk, n)

    def undo() -> None:
        desk.database.write(lambda c: history.undo(c, image_id=desk.image_id, user_id=desk.user_id))

    outcomes = at_once([undo] * (WRITERS + 3))
    assert [type(one) for one in outcomes if one is not None] == [ConflictError] * 3, outcomes
    with desk.database.read() as c:
        assert c.execute(select(func.count()).select_from(annotation)).scalar_one() == 0
        state = history.history_state(c, image_id=desk.image_id, user_id=desk.user_id)
    assert (state.undo_count, state.redo_count) == (0, WRITERS)
    assert_counts_are_true(desk.database)


def test_a_user_gets_one_layer_and_an_image_one_review_layer(desk: Desk) -> None:
    other = desk.database.write(
        lambda c: users.create_user(c, username="b", display_name="B", password_hash=None, is_admin=False)
    )

    def own() -> int:
        return desk.database.write(
            lambda c: layers.user_layer(c, image_id=desk.image_id, creator_id=other.id, name="B")
        ).id

    def review() -> int:
        return desk.database.write(lambda c: layers.review_layer(c, image_id=desk.image_id, creator_id=other.id)).id

    assert len(set(at_once([own] * WRITERS))) == 1
    assert len(set(at_once([review] * WRITERS))) == 1


def test_a_layer_that_is_deleted_meanwhile_leaves_nothing_behind(desk: Desk) -> None:
    add(desk, 1, 2, 3)

    def draw(n: int) -> None:
        add(desk, n)

    def delete() -> None:
        desk.database.write(lambda c: layers.delete_layer(c, desk.layer.id))

    outcomes = at_once([*(lambda n=n: draw(n) for n in range(WRITERS)), delete])
    assert {type(one) for one in outcomes if one is not None} <= {NotFoundError}
    with desk.database.read() as c:
        for table in (annotation, stat, status_count, change):
            assert c.execute(select(func.count()).select_from(table)).scalar_one() == 0, table.name


def test_a_repeated_key_is_done_once(desk: Desk) -> None:
    def send() -> dict[str, Any]:
        new = ChangeSet("Draw", creates=[box(1)])

        def work(c: Any) -> dict[str, Any]:
            def draw() -> dict[str, Any]:
                return {"ids": apply_change(c, new, layer=desk.layer, user_id=desk.user_id).created_ids}

            return once(c, draw, user_id=desk.user_id, key="k", layer_id=desk.layer.id)

        return desk.database.write(work)

    answers = at_once([send] * WRITERS)
    assert all(one == answers[0] for one in answers), answers
    with desk.database.read() as c:
        assert c.execute(select(func.count()).select_from(annotation)).scalar_one() == 1


def test_a_class_that_is_deleted_is_on_no_object(desk: Desk) -> None:
    term = desk.database.write(lambda c: ontologies.create_term(c, desk.project.ontology_id, name="T"))

    def draw(n: int) -> None:
        def work(c: Any) -> None:
            check_terms(c, desk.project.id, [term.id])
            new = ChangeSet("Draw", creates=[NewAnnotation(shapely.box(n, 0, n + 5, 5), Kind.POLYGON, term_id=term.id)])
            apply_change(c, new, layer=desk.layer, user_id=desk.user_id)

        for _ in range(ROUNDS):
            desk.database.write(work)

    def delete() -> None:
        desk.database.write(lambda c: remove_term(c, term, Announcer(LocalSignals())))

    at_once([*(lambda n=n: draw(n) for n in range(4)), delete])
    with desk.database.read() as c:
        assert c.execute(select(annotation.c.id).where(annotation.c.term_id == term.id)).all() == []
    assert_counts_are_true(desk.database)


def test_a_project_keeps_an_owner(desk: Desk) -> None:
    other = desk.database.write(
        lambda c: users.create_user(c, username="b", display_name="B", password_hash=None, is_admin=False)
    )
    for _ in range(5):
        for one in (desk.user_id, other.id):
            desk.database.write(lambda c, one=one: store.set_member(c, desk.project.id, one, Role.OWNER))

        def leave(user_id: int) -> None:
            desk.database.write(lambda c: store.set_member(c, desk.project.id, user_id, Role.VIEWER))

        outcomes = at_once([lambda: leave(desk.user_id), lambda: leave(other.id)])
        assert sorted(type(one).__name__ for one in outcomes) == ["ConflictError", "NoneType"]


def test_names_keys_and_places_are_given_once(desk: Desk) -> None:
    def term(n: int) -> Any:
        return desk.database.write(lambda c: ontologies.create_term(c, desk.project.ontology_id, name=f"T{n}"))

    terms = at_once([lambda n=n: term(n) for n in range(WRITERS)])
    assert len({one.hotkey for one in terms}) == len({one.color for one in terms}) == WRITERS

    def place() -> Any:
        return desk.database.write(
            lambda c: images.add_project_image(c, project_id=desk.project.id, name="x", size_bytes=1)
        )

    assert len({one.position for one in at_once([place] * WRITERS)}) == WRITERS


def test_every_task_is_claimed_and_finished_once(desk: Desk) -> None:
    tasks = 40
    order = NewJob(desk.project.id, "test", "J", desk.user_id, {}, [{} for _ in range(tasks)])
    job = desk.database.write(lambda c: ledger.enqueue(c, order))

    def work(owner: str) -> tuple[int, int]:
        done = ends = 0
        while (claimed := desk.database.write(lambda c: claims.claim(c, owner))) is not None:
            task = claimed[1]

            def finish(c: Any, task: Any = task) -> bool:
                claims.check_claim(c, task)
                claims.finish_task(c, task)
                return ledger.recount(c, task.job_id)

            ends += desk.database.write(finish)
            done += 1
        return done, ends

    outcomes = at_once([lambda n=n: work(f"w{n}") for n in range(WRITERS)])
    assert sum(done for done, _ in outcomes) == tasks
    assert sum(ends for _, ends in outcomes) == 1, "the end of the job is seen once"
    with desk.database.read() as c:
        assert ledger.job_by_id(c, job.id).tasks_done == tasks


PROCESS = """
import sys
import shapely
from cytoloop.annotations import layers
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import ChangeSet, NewAnnotation
from cytoloop.annotations.store import apply_change
from cytoloop.storage.database import Database
import cytoloop.jobs.tables, cytoloop.projects.tables

database = Database(sys.argv[1])
with database.read() as c:
    layer = layers.layer_by_id(c, int(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
for n in range(20):
    boxes = [shapely.box(n * 10 + k, 0, n * 10 + k + 5, 5) for k in range(1 + n % 25)]
    new = ChangeSet("Draw", creates=[NewAnnotation(one, Kind.POLYGON, term_id=1) for one in boxes])
    made = database.write(lambda c: apply_change(c, new, layer=layer, user_id=int(sys.argv[3])))
    print(*made.created_ids, flush=True)
database.close()
"""


@pytest.mark.parametrize("engine", ["postgresql"])
def test_processes_keep_numbers_and_counts_too(desk: Desk, database_url: str, tmp_path: Path) -> None:
    script = tmp_path / "writer.py"
    script.write_text(PROCESS)
    command = [sys.executable, str(script), database_url, str(desk.layer.id), str(desk.user_id)]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for one in started:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    outputs = []
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    for one in started:
        outputs.append(one.communicate(timeout=120)[0])
        assert one.returncode == 0
    ids = [int(word) for output in outputs for word in output.split()]
    assert len(ids) == len(set(ids)) == 3 * sum(1 + n % 25 for n in range(20))
    assert_counts_are_true(desk.database)
