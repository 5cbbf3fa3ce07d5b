import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cytoloop.core.errors import UnavailableError
from cytoloop.jobs import claims, ledger, logbook, waiting
from cytoloop.jobs.dispatcher import Dispatcher
from cytoloop.jobs.executors.inline import InlineExecutor
from cytoloop.jobs.executors.local import LocalExecutor
from cytoloop.jobs.model import FINAL_STATES, Job
from cytoloop.jobs.progress import SHARES

from .conftest import Bench


class Kind:
    """A kind of job that notes what happened."""

    name = "test"
    function = "work:run"

    def __init__(self) -> None:
        self.finished: list[int] = []
        self.failed: list[str] = []
        self.ended: list[str] = []

    def prepare(self, job: Job, task: Any, scratch: Path) -> dict[str, Any]:
        return task.payload

    def finish_task(self, connection: Any, job: Job, task: Any, receipt: dict[str, Any], scratch: Path) -> None:
        self.finished.append(receipt["n"])

    def task_failed(self, connection: Any, job: Job, task: Any, error: str) -> None:
        self.failed.append(error)

    def finish_job(self, connection: Any, job: Job, scratch: Path) -> str:
        self.ended.append(ledger.job_by_id(connection, job.id).state)
        return "all of it"


@pytest.fixture(autouse=True)
def _work_is_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(Path(__file__).parent)
    monkeypatch.setenv("PYTHONPATH", folder)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(claims, "BACKOFF_S", 0.01)


Make = Callable[..., Dispatcher]


@pytest.fixture
def make(bench: Bench, tmp_path: Path) -> Iterator[Make]:
    made: list[Dispatcher] = []

    def build(kind: Kind, executor: object | None = None) -> Dispatcher:
        dispatcher = Dispatcher(
            bench.database,
            executor or LocalExecutor(2),
            {"test": kind},
            tmp_path / "scratch",
            on_job=lambda _: None,
            on_log=lambda *_: None,
        )
        made.append(dispatcher)
        dispatcher.start()
        return dispatcher

    yield build
    for one in made:
        one.stop()


def until(condition: Callable[[], bool], otherwise: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, otherwise
        time.sleep(0.01)


def until_ended(bench: Bench, job: Job, seconds: float = 60) -> Job:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        now = bench.job(job)
        if now.state in FINAL_STATES:
            return now
        time.sleep(0.02)
    raise AssertionError(f"the job is still {bench.job(job)}")


def test_every_task_is_done_once_and_the_folder_is_cleaned(bench: Bench, make: Make, tmp_path: Path) -> None:
    kind = Kind()
    job = bench.queue([{"n": n, "folder": str(tmp_path), "how": "print"} for n in range(8)])
    make(kind)
    ended = until_ended(bench, job)
    assert (ended.state, ended.progress, ended.tasks_done, ended.message) == ("done", 1.0, 8, "all of it")
    assert sorted(kind.finished) == list(range(8))
    until(
        lambda: list((tmp_path / "scratch").iterdir()) == [], "the folder stays"
    )  # it goes after the job's end is told


def test_progress_counts_stages_for_the_time_they_take(
    bench: Bench, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cytoloop.jobs.dispatcher.PROGRESS_EVERY_S", 0.0)
    first = [{"n": n, "folder": str(tmp_path)} for n in range(3)]
    last = {"n": 3, "folder": str(tmp_path), "how": "wait", "stage": 1}  # it tells that it is half done, and waits
    job = bench.queue([*first, last], parameters={SHARES: (0.1, 0.9)})
    make(Kind())
    until(lambda: abs(bench.job(job).progress - 0.55) < 1e-9, "the progress is another")
    (tmp_path / "go").touch()
    assert until_ended(bench, job).progress == 1.0


def test_a_worker_that_dies_costs_one_try_of_one_task(bench: Bench, make: Make, tmp_path: Path) -> None:
    kind = Kind()
    job = bench.queue([{"n": n, "folder": str(tmp_path), "how": "die" if n == 2 else ""} for n in range(5)])
    make(kind)
    assert until_ended(bench, job).state == "done"
    assert sorted(kind.finished) == list(range(5))
    assert (tmp_path / "2.tries").read_text() == "xx", "the kill must have met work in flight"


def test_a_task_under_which_servers_keep_ending_is_given_up_and_can_be_retried(
    bench: Bench, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = Kind()
    job = bench.queue([{"n": n, "folder": str(tmp_path), "how": ""} for n in range(2)])
    monkeypatch.setattr(claims, "MAX_CLAIMS", 6)
    for _ in range(3):  # the first task is at work when the server ends; the second never begins
        claimed = bench.database.write(lambda c: claims.claim(c, "a server that ends"))
        assert claimed is not None
        assert claimed[1].index == 0
        bench.database.write(lambda c: claims.recover(c, claims.EVERYONE))
    dispatcher = make(kind)
    ended = until_ended(bench, job)
    assert (ended.state, ended.tasks_done, ended.tasks_failed) == ("done", 1, 1)
    assert kind.finished == [1]
    assert "The server ended again and again" in (ended.error or "")
    bench.database.write(lambda c: ledger.retry(c, job.id))
    dispatcher.wake()
    ended = until_ended(bench, job)
    assert (ended.state, ended.tasks_done, ended.tasks_failed) == ("done", 2, 0)


def test_a_poisonous_task_is_reported_and_the_others_are_done(bench: Bench, make: Make, tmp_path: Path) -> None:
    kind = Kind()
    hows = {0: "always die", 1: "", 2: "refuse", 3: "crash"}
    job = bench.queue([{"n": n, "folder": str(tmp_path), "how": how} for n, how in hows.items()])
    make(kind)
    ended = until_ended(bench, job)
    assert (ended.state, ended.tasks_done, ended.tasks_failed) == ("done", 1, 3)
    assert "signal 9" in (ended.error or "")
    assert kind.finished == [1]
    assert (tmp_path / "2.tries").read_text() == "x", "what cannot be done is not tried again"
    assert (tmp_path / "0.tries").read_text() == "xxx"
    assert any("this cannot be done" in one for one in kind.failed)


def test_cancelling_ends_running_work_soon(bench: Bench, make: Make, tmp_path: Path) -> None:
    kind = Kind()
    job = bench.queue([{"n": n, "folder": str(tmp_path), "how": "sleep"} for n in range(4)])
    dispatcher = make(kind)
    wait = time.monotonic() + 30
    while not (tmp_path / "0.tries").exists() and time.monotonic() < wait:
        time.sleep(0.02)
    assert dispatcher.cancel(job.id).state == "cancelled"
    after = bench.queue([{"n": 9, "folder": str(tmp_path)}])
    dispatcher.wake()
    assert until_ended(bench, after, 20).state == "done"
    assert kind.finished == [9]


def test_a_restarted_server_goes_on_with_what_was_left(bench: Bench, make: Make, tmp_path: Path) -> None:
    job = bench.queue([{"n": 0, "folder": str(tmp_path)}])
    bench.database.write(lambda c: claims.claim(c, "a dead server"))
    kind = Kind()
    make(kind)
    assert until_ended(bench, job).state == "done"
    assert kind.finished == [0]


def test_the_inline_twin_behaves_alike(bench: Bench, make: Make, tmp_path: Path) -> None:
    kind = Kind()
    hows = {0: "", 1: "refuse", 2: ""}
    job = bench.queue([{"n": n, "folder": str(tmp_path), "how": how} for n, how in hows.items()])
    make(kind, InlineExecutor())
    ended = until_ended(bench, job)
    assert (ended.tasks_done, ended.tasks_failed) == (2, 1)


def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    import subprocess
    import sys

    script = (
        "import sys, time, os\n"
        "from cytoloop.jobs.executors.local import LocalExecutor\n"
        "e = LocalExecutor(1)\n"
        "e.start(lambda r: None)\n"
        f"e.submit('k', 'work:run', {{'n': 0, 'folder': {str(tmp_path)!r}, 'how': 'sleep'}})\n"
        "print(e.process_ids()[0], flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    end = time.monotonic() + 30
    while not (tmp_path / "0.tries").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert (tmp_path / "0.tries").exists()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    while _lives(worker) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _lives(worker)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().split()[2]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"


def test_results_outlive_an_outage_of_the_database(bench: Bench, make: Make, tmp_path: Path) -> None:
    class Unlucky(Kind):
        outages = 2

        def finish_task(self, connection: Any, job: Job, task: Any, receipt: dict[str, Any], scratch: Path) -> None:
            if self.outages:
                self.outages -= 1
                raise UnavailableError("The database does not answer.")
            super().finish_task(connection, job, task, receipt, scratch)

    kind = Unlucky()
    job = bench.queue([{"n": n, "folder": str(tmp_path)} for n in range(3)])
    make(kind)
    ended = until_ended(bench, job)
    assert (ended.state, ended.tasks_failed, ended.error) == ("done", 0, None)
    assert sorted(kind.finished) == [0, 1, 2]
    assert kind.outages == 0
    assert all((tmp_path / f"{n}.tries").read_text() == "x" for n in range(3)), "nothing is computed twice"


@pytest.mark.parametrize("executor", [LocalExecutor, InlineExecutor])
def test_a_task_waits_while_what_it_needs_does_not_answer(
    bench: Bench, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, executor: Any
) -> None:
    monkeypatch.setattr(waiting, "OUTAGE_S", 0.01)
    kind = Kind()
    job = bench.queue([{"n": n, "folder": str(tmp_path), "how": "outage" if n == 1 else ""} for n in range(3)])
    make(kind, executor(2) if executor is LocalExecutor else executor())
    end = time.monotonic() + 60
    tries = tmp_path / "1.tries"
    while not tries.exists() or len(tries.read_text()) < 2 * claims.MAX_ATTEMPTS:
        assert time.monotonic() < end, "it is not tried again and again"
        time.sleep(0.02)
    # each try says for a moment how far it is
    waits = "Waiting for what does not answer. The store does not answer."
    until(lambda: bench.job(job).message == waits, "the job does not say what it waits for")
    now = bench.job(job)
    assert (now.state, now.tasks_failed) == ("running", 0)
    (tmp_path / "go").touch()
    ended = until_ended(bench, job)
    assert (ended.state, ended.tasks_done, ended.tasks_failed, ended.error) == ("done", 3, 0, None)
    assert sorted(kind.finished) == [0, 1, 2]
    with bench.database.read() as connection:
        told = [one for one in logbook.log_of(connection, job.id, after=0) if "Waiting" in one.text]
    assert [one.level for one in told] == ["warning"], "it is told once"


def test_a_job_that_waits_for_what_does_not_answer_can_be_cancelled(
    bench: Bench, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "OUTAGE_S", 0.01)
    kind = Kind()
    job = bench.queue([{"n": 0, "folder": str(tmp_path), "how": "outage"}])
    dispatcher = make(kind)
    end = time.monotonic() + 60
    while "Waiting" not in bench.job(job).message:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert dispatcher.cancel(job.id).state == "cancelled"
    time.sleep(1.5)
    assert bench.job(job).state == "cancelled"
    assert kind.finished == []
