"""PostgreSQL that is not there, goes away, comes back; and passwords that stay where they are."""

import logging
import os
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from cytoloop.core.errors import CytoloopError, InvalidInputError, UnavailableError
from cytoloop.core.events import CLOSING
from cytoloop.runtime.settings import Settings
from cytoloop.storage.database import Database
from cytoloop.storage.leadership import PostgresLeadership
from cytoloop.storage.locks import Held
from cytoloop.storage.migrate import migrate
from cytoloop.storage.signals import MAX_BYTES, PostgresSignals

from ..databases import PASSWORD, Cluster, running_cluster  # noqa: TID252 - tests are no package
from .conftest import running
from .driver import Driver, square

SECRET = quote(PASSWORD, safe="")
PATIENCE_S = 30.0


@pytest.fixture
def engine() -> str:
    return "postgresql"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """One of this test's own, to be stopped and started."""
    with running_cluster() as started:
        yield started


def until(work: Callable[[], Any]) -> Any:
    """What ``work`` gives once it gives something."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = work()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def told(error: CytoloopError) -> str:
    """Everything that an error and its causes say."""
    texts: list[str] = []
    one: BaseException | None = error
    while one is not None:
        texts += [str(one), repr(one)]
        one = one.__cause__ or one.__context__
    return " ".join(texts)


def test_a_server_says_that_its_database_is_away_and_goes_on_when_it_is_back(
    cluster: Cluster, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running(tmp_path / "home") as (api, services):
        project = api.project()
        layer = api.layer(api.image(project)["id"])
        heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
        services.bus.subscribe(1, heard.put)
        cluster.stop()
        for answer in (api.get("/projects"), api.post("/projects", {"name": "X"}), api.client.get("/health/ready")):
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["retry-after"] == "5"
            assert answer.json()["code"] == "unavailable"
            assert "see that PostgreSQL runs" in answer.json()["detail"]
        assert api.client.get("/health/live").status_code == 200
        cluster.start()
        until(lambda: api.get("/projects").status_code == 200)
        assert [one["name"] for one in api.ok(api.get("/projects"))["items"]] == ["P"]
        # Who listened is sent away to read anew, and whoever comes then hears what happens.
        assert until(lambda: heard.get(timeout=PATIENCE_S)).kind == CLOSING
        api.ok(api.post(f"/layers/{layer}/changes", {"creates": [{"geometry": square(5, 5)}]}))
        assert heard.get(timeout=PATIENCE_S).kind == "layer"
        # Jobs run again too.
        job = api.ok(api.post(f"/projects/{project}/jobs", {"kind": "measure", "layer_ids": [layer]}))
        assert api.finished(job)["state"] == "done"
    assert "Traceback" not in caplog.text


def test_a_transaction_that_is_cut_is_told_and_not_repeated(cluster: Cluster) -> None:
    with cluster.database() as url:
        database = Database(url)
        tries = 0

        def work(connection: Any) -> None:
            nonlocal tries
            tries += 1
            cluster.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_%'")
            connection.exec_driver_sql("SELECT 1")

        with pytest.raises(UnavailableError):
            database.write(work)
        assert tries == 1
        assert database.write(lambda c: c.exec_driver_sql("SELECT 1").scalar_one()) == 1
        database.close()


def test_another_leads_when_the_connection_of_the_first_is_cut(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cytoloop.storage.leadership.CHECK_EVERY_S", 0.0)
    with cluster.database() as url:
        database = Database(url)
        first, second = (PostgresLeadership(database, Held.DISPATCHER) for _ in range(2))
        assert first.held()
        assert not second.held()
        cluster.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        until(second.held)
        assert not first.held()
        second.release()
        until(first.held)
        first.release()
        database.close()


def test_messages_have_one_number_everywhere_and_come_with_the_commit(cluster: Cluster) -> None:
    with cluster.database() as url:
        databases = [Database(url) for _ in range(2)]
        signals = [PostgresSignals(one) for one in databases]
        heard: list[queue.SimpleQueue[Any]] = [queue.SimpleQueue() for _ in signals]
        for one, into in zip(signals, heard, strict=True):
            one.on("t", lambda number, payload, into=into: into.put((number, payload["n"])))
            one.start()

        def work(connection: Any) -> None:
            for n in range(3):
                signals[0].send_within(connection, "t", {"n": n})
            assert heard[1].empty()

        def failing(connection: Any) -> None:
            signals[0].send_within(connection, "t", {"n": -1})
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            databases[0].write(failing)
        databases[0].write(work)
        signals[1].send("t", {"n": 3})
        got = [[into.get(timeout=PATIENCE_S) for _ in range(4)] for into in heard]
        assert got[0] == got[1]
        assert [n for _, n in got[0]] == [0, 1, 2, 3]
        assert len({number for number, _ in got[0]}) == 4
        assert max(number for number, _ in got[0]) < 2**53
        with pytest.raises(ValueError, match="at most"):
            signals[0].send("t", {"text": "x" * MAX_BYTES})
        for one, database in zip(signals, databases, strict=True):
            one.stop()
            database.close()


def test_a_password_is_used_and_never_told(cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with cluster.database() as url:
        good = url.replace("cytoloop@", f"guarded:{SECRET}@")
        database = Database(good)
        assert database.write(lambda c: c.exec_driver_sql("SELECT current_user").scalar_one()) == "guarded"
        database.close()
        assert PASSWORD not in database.place
        assert SECRET not in database.place
        wrong = Database(url.replace("cytoloop@", "guarded:WRONG-PASSWORD@"))
        with pytest.raises(UnavailableError) as caught:
            migrate(wrong)
        wrong.close()
        assert "WRONG-PASSWORD" not in told(caught.value)
    assert "WRONG-PASSWORD" not in caplog.text
    assert PASSWORD not in caplog.text
    assert SECRET not in caplog.text
    assert SECRET not in repr(Settings(database=good))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://anna:hu@hush/hush@host/name",
        "postgresql://anna:hu:sh@host:port/name",
        "mysql://anna:hush@host/name",
        "hush",
        "postgresql+asyncpg://anna:hush@host/name",
    ],
)
def test_a_url_that_cannot_be_used_is_not_repeated(url: str) -> None:
    with pytest.raises(InvalidInputError, match="postgresql://USER:PASSWORD@HOST/NAME") as caught:
        Database(url)
    assert "hush" not in told(caught.value)
    assert "hu:sh" not in told(caught.value)


@pytest.mark.parametrize("processes", [1, 2])
def test_serve_says_what_is_wrong_when_there_is_no_database(tmp_path: Path, processes: int) -> None:
    url = f"postgresql://anna:{SECRET}@127.0.0.1:1/lab"
    command = [sys.executable, "-m", "cytoloop.cli", "serve", "--home", str(tmp_path), "--port", "0", "--no-browser"]
    command += ["--database", url, "--processes", str(processes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ}, timeout=60)
    assert done.returncode == 1
    assert "The database does not answer" in done.stderr
    assert "lab on 127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr + done.stdout
    assert PASSWORD not in done.stderr + done.stdout


def test_two_who_send_one_upload_do_not_meet(tmp_path: Path) -> None:
    """The second is refused, whichever process it came to: the lock is the file's."""
    with running(tmp_path / "one") as (api, services):
        driver: Driver = api
        project = driver.project()
        headers = {"Upload-Length": "4", "Upload-Metadata": "filename YS50aWY="}
        made = driver.post(f"/projects/{project}/uploads", headers=headers).headers["location"]
        key = made.rsplit("/", 1)[1]
        receiver = services.inbox.open(key, 0, None)
        sent = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        assert driver.client.patch(made, content=b"abcd", headers=sent).status_code == 409
        receiver.close()
        assert driver.client.patch(made, content=b"abcd", headers=sent).status_code == 204
