"""Jobs on a real cluster: a scheduler and two workers, each a process of its own, over TLS."""

import contextlib
import gc
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from tests.clusters import Nodes, call_processes, children, command, parent, until

from cytoloop import __version__
from cytoloop.jobs import claims
from cytoloop.jobs.cluster import node
from cytoloop.jobs.cluster.certificates import Certificates
from cytoloop.jobs.cluster.running import announced_address, described
from cytoloop.jobs.dispatcher import Dispatcher
from cytoloop.jobs.executors.dask import DaskExecutor, Link
from cytoloop.jobs.model import Job

from .conftest import Bench
from .test_dispatcher import Kind, until_ended

# Dask leaves the socket of a scheduler that went away to the collector.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")]

Run = Callable[[Kind], Dispatcher]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    started = Nodes(tmp_path_factory.mktemp("home"))
    started.start()
    yield started
    started.stop()


def certificates(nodes: Nodes) -> Certificates:
    return Certificates(nodes.home / "cluster" / "certificates")


@pytest.fixture
def run(nodes: Nodes, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setattr(claims, "BACKOFF_S", 0.01)
    made: list[Dispatcher] = []

    def build(kind: Kind) -> Dispatcher:
        link = Link(lambda: announced_address(nodes.home), certificates(nodes), nodes.home)
        dispatcher = Dispatcher(
            bench.database,
            DaskExecutor(link),
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
    made.clear()
    gc.collect()  # what the mark above is about happens here, and not in another test


def tasks(folder: Path, *hows: str) -> list[dict]:
    return [{"folder": str(folder), "n": n, "how": how} for n, how in enumerate(hows)]


def tries(folder: Path) -> list[int]:
    return [len(path.read_text()) for path in sorted(folder.glob("*.tries"))]


def at_work(folder: Path, count: int) -> list[int]:
    """The processes of so many calls that began and cannot end yet: proof that work is in flight."""
    until(lambda: len([one for one in folder.glob("*.pid") if one.read_text()]) >= count, "no work was in flight")
    return [int(one.read_text()) for one in sorted(folder.glob("*.pid"))]


def log_of(bench: Bench, job: Job) -> list[str]:
    from cytoloop.jobs.logbook import log_of

    with bench.database.read() as connection:
        return [one.text for one in log_of(connection, job.id, after=0)]


def test_a_job_is_done_by_the_nodes_and_tells_how_far_it_is(run: Run, bench: Bench, tmp_path: Path) -> None:
    kind = Kind()
    run(kind)
    job = bench.queue(tasks(tmp_path, *["print"] * 5))
    ended = until_ended(bench, job, 240)
    assert (ended.state, ended.tasks_done) == ("done", 5)
    assert sorted(kind.finished) == [0, 1, 2, 3, 4]
    assert sorted(log_of(bench, job)) == ["all of it", *(f"starting {n}" for n in range(5))]


def test_a_killed_worker_costs_one_try_of_one_task(run: Run, bench: Bench, nodes: Nodes, tmp_path: Path) -> None:
    kind = Kind()
    run(kind)
    job = bench.queue(tasks(tmp_path, *["wait"] * 5))
    call, other = at_work(tmp_path, 2)
    dask = parent(call)
    assert {dask, call, other} <= set(children(nodes.pid))
    os.kill(dask, signal.SIGKILL)
    until(lambda: not command(call), "the call outlived the worker that it was for")
    (tmp_path / "go").touch()
    ended = until_ended(bench, job, 240)
    assert (ended.state, ended.tasks_done, ended.tasks_failed) == ("done", 5, 0)
    assert sorted(kind.finished) == [0, 1, 2, 3, 4]
    assert sorted(tries(tmp_path)) == [1, 1, 1, 1, 2]
    assert sum("node ended before its task" in line for line in log_of(bench, job)) == 1


def test_a_poison_task_is_reported_and_the_rest_done(run: Run, bench: Bench, nodes: Nodes, tmp_path: Path) -> None:
    kind = Kind()
    run(kind)
    job = bench.queue(tasks(tmp_path, "print", "always die", "crash", "refuse", "print"))
    ended = until_ended(bench, job, 240)
    assert (ended.state, ended.tasks_done, ended.tasks_failed) == ("done", 2, 3)
    assert sorted(kind.finished) == [0, 4]
    assert tries(tmp_path) == [1, 3, 3, 1, 1]
    told = " ".join(kind.failed)
    assert "signal 9" in told
    assert "ZeroDivisionError: a bug" in told
    assert "this cannot be done" in told
    until(lambda: len(described(nodes.address, certificates(nodes))["workers"]) == 2, "a worker is lost")


def test_a_cancelled_job_ends_its_calls_and_frees_the_nodes(run: Run, bench: Bench, tmp_path: Path) -> None:
    kind = Kind()
    dispatcher = run(kind)
    job = bench.queue(tasks(tmp_path, "wait", "wait", "wait"))
    calls = at_work(tmp_path, 2)
    assert dispatcher.cancel(job.id).state == "cancelled"
    until(lambda: not any(command(one) for one in calls), "a cancelled call goes on")
    after = bench.queue(tasks(tmp_path, "print", "print"))
    assert until_ended(bench, after, 240).state == "done"
    assert bench.job(job).state == "cancelled"
    assert sorted(kind.finished) == [0, 1]


def test_a_killed_scheduler_is_found_again(run: Run, bench: Bench, nodes: Nodes, tmp_path: Path) -> None:
    kind = Kind()
    run(kind)
    job = bench.queue(tasks(tmp_path, "wait", "wait", "wait"))
    calls = at_work(tmp_path, 2)
    nodes.stop(signal.SIGKILL)
    until(lambda: not any(command(one) for one in calls), "a call outlived its cluster")
    (tmp_path / "go").touch()
    nodes.start()
    ended = until_ended(bench, job, 240)
    assert (ended.state, ended.tasks_done, ended.tasks_failed) == ("done", 3, 0)
    assert sorted(kind.finished) == [0, 1, 2]


def test_only_who_has_the_key_is_let_in(nodes: Nodes, tmp_path: Path) -> None:
    host, _, port = nodes.address.removeprefix("tls://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=30) as plain:
        plain.sendall(b"\0" * 64)
        with contextlib.suppress(ConnectionResetError):
            assert plain.recv(1024)[:1] in (b"", b"\x15")  # closed, or a TLS alert
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((host, int(port)), timeout=30) as raw,
        pytest.raises(OSError, match=r"(?i)certificate|alert|reset|eof"),
        stranger.wrap_socket(raw) as wrapped,
    ):
        wrapped.sendall(b"\0" * 64)  # with TLS 1.3 the refusal comes with the first answer
        if not wrapped.recv(1024):
            raise ConnectionError("reset")
    other = Certificates(tmp_path / "other")
    other.make()
    code = (
        "import sys; from pathlib import Path; from cytoloop.jobs.cluster.certificates import Certificates\n"
        "from cytoloop.jobs.cluster.running import described\n"
        "print(len(described(sys.argv[1], Certificates(Path(sys.argv[2])))['workers']))"
    )

    def seen(folder: Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([sys.executable, "-c", code, nodes.address, folder], capture_output=True, text=True)

    assert seen(certificates(nodes).folder).stdout == "2\n"
    assert "does not answer" in seen(other.folder).stderr


def test_every_port_in_the_network_asks_for_a_certificate(nodes: Nodes) -> None:
    """What listens without one (the port that Dask's web page would have) is on loopback, and answers nothing."""
    assert all(address.startswith("127.0.0.1") for address in _listening(nodes.pid))


def _listening(pid: int) -> list[str]:
    sockets = set()
    for one in [pid, *children(pid)]:
        for descriptor in Path(f"/proc/{one}/fd").iterdir():
            try:
                sockets.add(str(descriptor.readlink()))
            except OSError:
                continue
    found = []
    for family, kind in ((socket.AF_INET, "tcp"), (socket.AF_INET6, "tcp6")):
        for line in Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                raw = bytes.fromhex(fields[1].partition(":")[0])
                words = b"".join(raw[start : start + 4][::-1] for start in range(0, len(raw), 4))
                found.append(socket.inet_ntop(family, words))
    assert found, "nothing listens"
    return found


def test_a_node_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    good = {"key": "1/0/1", "version": __version__, "home": str(tmp_path)}
    other = node.run_call(orjson.dumps({**good, "version": "0.0"}))
    assert "Install the same version" in orjson.loads(other)["text"]
    blind = orjson.loads(node.run_call(orjson.dumps({**good, "home": str(tmp_path / "nowhere")})))
    assert (blind["kind"], blind["again"]) == ("failed", False)
    assert "Mount the server's home folder there" in blind["text"]


def test_calls_run_beside_dask(run: Run, bench: Bench, nodes: Nodes, tmp_path: Path) -> None:
    run(Kind())
    job = bench.queue(tasks(tmp_path, "print", "print"))
    until_ended(bench, job, 240)
    assert 1 <= len(call_processes(nodes.pid)) <= 2
