"""Training in real worker processes: killed, cancelled, tried again."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from cytoloop.jobs.executors.local import LocalExecutor
from cytoloop.runtime.assembly import assemble
from cytoloop.runtime.settings import Settings
from cytoloop.server.app import create_app

from .driver import Driver
from .lab import Lab

LONG: dict[str, Any] = {"learner": "extra-trees", "trees": 250, "folds": 8}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Lab, LocalExecutor]]:
    """A server with one worker process, and a lab with labels."""
    executor = LocalExecutor(1)
    services = assemble(Settings(home=tmp_path / "home"), executor)
    with TestClient(create_app(services), base_url="http://127.0.0.1:8000") as client:
        lab = Lab(Driver(client), images=1)
        lab.label(0, lab.ids[0][:30])
        yield lab, executor


def wait_for_training(lab: Lab, job: str) -> dict[str, Any]:
    """The job when it is at the training itself, which takes a while."""
    for _ in range(1200):
        found = lab.api.ok(lab.api.get(f"/jobs/{job}"))
        assert found["state"] in ("queued", "running"), found
        if "Checking" in found["message"]:
            return found
        time.sleep(0.02)
    raise AssertionError(found)


def test_a_killed_worker_is_replaced_and_there_is_one_classifier(running: tuple[Lab, LocalExecutor]) -> None:
    lab, executor = running
    job = lab.api.ok(lab.start(kind="train-classifier", configuration=LONG, then_classify=[lab.images[0]]))
    wait_for_training(lab, job["id"])
    (process,) = executor.process_ids()
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    done = lab.api.finished(job)
    assert (done["state"], done["tasks_failed"]) == ("done", 0), done
    (one,) = lab.get("classifiers")
    assert (one["version"], sum(one["labels"])) == (1, 30)
    following = lab.api.ok(lab.api.get(f"/projects/{lab.project}/jobs"))["items"][0]
    assert lab.api.finished(following)["message"] == "A class suggested for 19 objects"


def test_a_cancelled_training_makes_no_classifier_and_can_be_tried_again(running: tuple[Lab, LocalExecutor]) -> None:
    lab, _ = running
    job = lab.api.ok(lab.start(kind="train-classifier", configuration=LONG))
    wait_for_training(lab, job["id"])
    assert lab.api.ok(lab.api.post(f"/jobs/{job['id']}/cancel"))["state"] == "cancelled"
    assert lab.get("classifiers") == []
    lab.api.ok(lab.api.post(f"/jobs/{job['id']}/retry"))
    assert lab.api.finished(job)["state"] == "done"
    assert [one["version"] for one in lab.get("classifiers")] == [1]


NETWORK: dict[str, Any] = {"learner": "cnn", "side": 32, "epochs": 1000, "patience": 1000, "batch": 8}


def wait_for_curve(lab: Lab, job: str, points: int) -> list[dict[str, Any]]:
    """The curve when it has so many points."""
    for _ in range(3000):
        found = lab.api.ok(lab.api.get(f"/jobs/{job}/curve"))
        if len(found) >= points:
            return found
        state = lab.api.ok(lab.api.get(f"/jobs/{job}"))
        assert state["state"] in ("queued", "running"), state
        time.sleep(0.05)
    raise AssertionError(found)


@pytest.mark.slow
def test_a_network_is_stopped_by_a_person_and_the_best_is_kept(running: tuple[Lab, LocalExecutor]) -> None:
    lab, _ = running
    job = lab.api.ok(lab.start(kind="train-classifier", configuration=NETWORK))
    early = lab.api.post(f"/jobs/{job['id']}/finish")
    assert early.status_code in (202, 409)
    points = wait_for_curve(lab, job["id"], 3)
    assert [one["epoch"] for one in points] == list(range(1, len(points) + 1))
    lab.api.ok(lab.api.post(f"/jobs/{job['id']}/finish"))
    done = lab.api.finished(job, within_s=240)
    assert (done["state"], done["error"]) == ("done", None)
    details = lab.get("classifiers/1")
    assert (details["ended_by"], len(details["curve"]) < 1000) == ("person", True)
    assert lab.api.post(f"/jobs/{job['id']}/finish").status_code == 409
    assert lab.api.ok(lab.api.get(f"/jobs/{job['id']}/curve")) == []


@pytest.mark.slow
def test_a_killed_training_of_a_network_is_taken_up_again(running: tuple[Lab, LocalExecutor]) -> None:
    lab, executor = running
    job = lab.api.ok(lab.start(kind="train-classifier", configuration={**NETWORK, "epochs": 6}))
    wait_for_curve(lab, job["id"], 2)
    (process,) = executor.process_ids()
    os.kill(process, signal.SIGKILL)
    done = lab.api.finished(job, within_s=240)
    assert (done["state"], done["tasks_failed"]) == ("done", 0), done
    details = lab.get("classifiers/1")
    assert [one["epoch"] for one in details["curve"]] == list(range(1, 7))


@pytest.mark.slow
def test_a_cancelled_training_of_a_network_leaves_nothing(running: tuple[Lab, LocalExecutor]) -> None:
    lab, _ = running
    job = lab.api.ok(lab.start(kind="train-classifier", configuration=NETWORK))
    wait_for_curve(lab, job["id"], 1)
    assert lab.api.ok(lab.api.post(f"/jobs/{job['id']}/cancel"))["state"] == "cancelled"
    assert lab.get("classifiers") == []
