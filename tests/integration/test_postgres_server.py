"""A real ``cytoloop serve`` of several processes on PostgreSQL, which lives on when one of them is killed."""

import base64
import contextlib
import http.client
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.clusters import call_processes

from cytoloop.storage.locks import Held, key_of

from ..databases import Cluster  # noqa: TID252 - tests are no package
from .driver import API, spots, square, tiff_bytes

HEARD_WITHIN_S = 1.0
PATIENCE_S = 60.0


@dataclass
class Line:
    """A connection to one process, which answers all that goes over it. Cut when idle, it is made again."""

    connection: http.client.HTTPConnection
    process: int
    again: Callable[[int], http.client.HTTPConnection]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body)
        status, text, _ = self.send(method, f"{API}{path}", content, {"Content-Type": "application/json"})
        assert status < 400, text
        return json.loads(text) if text else None

    def send(self, method: str, path: str, content: Any, headers: dict[str, str]) -> tuple[int, bytes, Any]:
        try:
            self.connection.request("GET", "/health/live")
            self.connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            self.connection = self.again(self.process)
        self.connection.request(method, path, content, headers)
        response = self.connection.getresponse()
        return response.status, response.read(), response.headers

    def upload(self, project: str, name: str, content: bytes) -> None:
        named = base64.b64encode(name.encode()).decode()
        headers = {"Upload-Length": str(len(content)), "Upload-Metadata": f"filename {named}"}
        _, _, made = self.send("POST", f"{API}/projects/{project}/uploads", None, headers)
        headers = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        assert self.send("PATCH", made["Location"], content, headers)[0] == 204


class Serving:
    """The running command."""

    def __init__(self, home: Path, url: str, processes: int) -> None:
        command = [sys.executable, "-m", "cytoloop.cli", "serve", "--home", str(home), "--port", "0", "--no-browser"]
        command += ["--processes", str(processes), "--workers", "1"]
        self.log = home.parent / "serve.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, env={**os.environ, "CYTOLOOP_DATABASE": url}
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        assert "http://127.0.0.1:" in line, (line, self.log.read_text())
        self._port = int(line.strip().rstrip("/").rsplit(":", 1)[1])
        self._lines: list[http.client.HTTPConnection] = []

    def line(self) -> Line:
        """A new connection, to whichever process takes it."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        self._lines.append(connection)
        connection.request("GET", "/health/live")
        process = int(json.loads(connection.getresponse().read())["process"])
        return Line(connection, process, lambda wanted: self.line_to(lambda one: one == wanted).connection)

    def line_to(self, fits: Callable[[int], bool]) -> Line:
        """A connection to a process of choice."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            with contextlib.suppress(OSError, http.client.HTTPException):  # that of a process that was just killed
                found = self.line()
                if fits(found.process):
                    return found
            time.sleep(0.01)
        raise AssertionError(f"no connection reached such a process: {self.log.read_text()}")

    def two_lines(self) -> tuple[Line, Line]:
        """Connections to two different processes."""
        first = self.line_to(lambda _: True)
        return first, self.line_to(lambda process: process != first.process)

    def stop(self) -> None:
        for one in self._lines:
            one.close()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=PATIENCE_S)
        finally:
            self._process.kill()
            assert self._process.stdout is not None
            self._process.stdout.close()


class Listener:
    """The event stream of a process, read in a thread."""

    def __init__(self, line: Line, project: str) -> None:
        line.connection.request("GET", f"{API}/events?project_id={project}")
        self._response = line.connection.getresponse()
        self._heard: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._welcome = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        assert self._welcome.wait(PATIENCE_S)

    def _read(self) -> None:
        kind = ""
        with contextlib.suppress(OSError, ValueError, AttributeError, http.client.HTTPException):
            while text := self._response.readline().decode():
                if "welcome" in text:
                    self._welcome.set()
                elif text.startswith("event: "):
                    kind = text.removeprefix("event: ").strip()
                elif text.startswith("data: "):
                    self._heard.put((kind, json.loads(text.removeprefix("data: "))))

    def wait_for(self, kind: str, seconds: float, fits: Callable[[Any], bool] = lambda _: True) -> Any:
        """The next event of a kind; fails when it does not come in time."""
        end = time.monotonic() + seconds
        while True:
            found, data = self._heard.get(timeout=max(0.001, end - time.monotonic()))
            if found == kind and fits(data):
                return data


@pytest.fixture
def database(cluster: Cluster) -> Iterator[str]:
    with cluster.database(migrated=False) as url:
        yield url


@pytest.fixture
def serving(database: str, tmp_path: Path) -> Iterator[Serving]:
    started = Serving(tmp_path / "home", database, processes=2)
    yield started
    started.stop()


LEADER = """
SELECT split_part(application_name, ' ', 2)::int FROM pg_stat_activity JOIN pg_locks USING (pid)
WHERE locktype = 'advisory' AND classid = %s AND granted AND datname = current_database()
"""


def leader(database: str) -> int | None:
    """The process whose dispatcher is at work."""
    with psycopg.connect(database) as connection:
        row = connection.execute(LEADER, (key_of(Held.DISPATCHER),)).fetchone()
    return None if row is None else row[0]


def claims(database: str) -> tuple[str, int]:
    """State and tries of the newest task."""
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT state, epoch FROM task ORDER BY job_id DESC LIMIT 1").fetchone()
    assert row is not None
    return row


def until(work: Callable[[], Any]) -> Any:
    """What ``work`` gives once it gives something."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = work()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def finished(line: Line, job: str) -> Any:
    def ended() -> Any:
        now = line.ask("GET", f"/jobs/{job}")
        return now if now["state"] in ("done", "failed", "cancelled") else None

    return until(ended)


def segmentation(line: Line, project: str) -> str:
    return line.ask("POST", f"/projects/{project}/jobs", {"kind": "segment", "method": "threshold"})["id"]


@pytest.mark.timeout(300)
def test_two_processes_are_one_server_and_outlive_each_other(serving: Serving, database: str) -> None:
    here, there = serving.two_lines()
    project = here.ask("POST", "/projects", {"name": "Shared"})["id"]
    events = Listener(serving.line_to(lambda process: process == there.process), project)
    here.upload(project, "spots.tif", tiff_bytes(spots()))
    image = events.wait_for("image", PATIENCE_S, lambda one: one["state"] == "ready")["id"]
    layer = here.ask("POST", f"/images/{image}/layers", {})["id"]

    # An edit by one process is told by the other.
    here.ask("POST", f"/layers/{layer}/changes", {"creates": [{"geometry": square(5, 5)}]})
    assert events.wait_for("layer", HEARD_WITHIN_S)["layer_id"] == layer

    # A job is done, whichever process runs the dispatcher, and both show the same.
    assert finished(there, segmentation(here, project))["state"] == "done"
    layers = there.ask("GET", f"/images/{image}/layers")
    assert [one["count"] for one in layers] == [1, 16]
    assert layers == here.ask("GET", f"/images/{image}/layers")

    # The process with the dispatcher is killed at work: the other takes over, and a new one comes in its place.
    killed = until(lambda: leader(database))
    survivor = here if there.process == killed else there
    workers = call_processes(killed)
    for one in workers:
        os.kill(one, signal.SIGSTOP)  # else the task is done before anybody can look
    job = segmentation(survivor, project)
    until(lambda: claims(database)[0] == "running")
    for one in (killed, *workers):
        os.kill(one, signal.SIGKILL)
    assert finished(survivor, job)["state"] == "done"
    state, claimed = claims(database)
    assert state == "done"
    assert claimed > 1, "the survivor claimed it again"
    assert leader(database) != killed
    fresh = serving.line_to(lambda process: process not in (killed, survivor.process))
    assert [one["count"] for one in fresh.ask("GET", f"/images/{image}/layers")] == [1, 16, 16]
    assert "An API process ended (signal 9)" in serving.log.read_text()


def counted(line: Line, name: str) -> float:
    """The sum of a metric's numbers, as one process tells it."""
    status, text, _ = line.send("GET", "/metrics", None, {})
    assert status == 200, text
    families = text_string_to_metric_families(text.decode())
    return sum(one.value for family in families for one in family.samples if one.name == name)


def test_each_process_tells_what_all_counted(serving: Serving) -> None:
    here, there = serving.two_lines()
    for line in (here, there):
        for _ in range(5):
            assert line.send("GET", f"{API}/projects", None, {})[0] == 200
    first = counted(here, "cytoloop_request_seconds_count")
    second = counted(there, "cytoloop_request_seconds_count")
    assert first >= 10, "this process alone had half of them"
    assert second >= first
    os.kill(there.process, signal.SIGKILL)
    until(lambda: "An API process ended (signal 9)" in serving.log.read_text())
    assert counted(here, "cytoloop_request_seconds_count") >= second, "what a process counted outlives it"
    assert counted(here, "cytoloop_jobs") == 0


def test_sqlite_is_for_one_process(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "cytoloop.cli",
        "serve",
        "--home",
        str(tmp_path),
        "--port",
        "0",
        "--processes",
        "2",
    ]
    environment = {key: value for key, value in os.environ.items() if key != "CYTOLOOP_DATABASE"}
    done = subprocess.run([*command, "--no-browser"], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 2
    assert "2 processes cannot share an SQLite database" in done.stderr
    assert "Traceback" not in done.stderr
