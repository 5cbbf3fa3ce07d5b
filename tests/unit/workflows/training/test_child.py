"""A process that trains, and Ctrl-C in the one that waits for it."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cytoloop.core.errors import InvalidInputError
from cytoloop.workflows.training.child import TrainingFailedError, run_child

CHILD = """
import json, signal, sys, time
stopped = []
signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
print("words that are no message", flush=True)
for step in range(400):
    print(json.dumps({"step": step}), flush=True)
    if stopped:
        print(json.dumps({"done": True}), flush=True)
        break
    time.sleep(0.05)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    return tmp_path


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A process that hears Ctrl-C, also in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _run(home: Path, body: str, on_message: Any) -> None:
    (home / "child.py").write_text(body)
    run_child("child", home / "order.json", home / "errors.log", on_message, sys.executable)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_while_a_message_is_handled_ends_the_training_and_keeps_all_messages(home: Path) -> None:
    heard: list[dict[str, Any]] = []

    def on_message(message: dict[str, Any]) -> None:
        heard.append(message)
        if len(heard) == 2:
            signal.raise_signal(signal.SIGINT)

    _run(home, CHILD, on_message)

    assert heard[-1] == {"done": True}
    assert [one["step"] for one in heard[:-1]] == list(range(len(heard) - 1))
    assert len(heard) < 300
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_the_child_refuses_is_told(home: Path) -> None:
    with pytest.raises(InvalidInputError, match="no such images"):
        _run(home, 'print(\'{"error": "no such images"}\'); raise SystemExit(1)', lambda _: None)


def test_the_last_words_of_a_failed_child_are_told(home: Path) -> None:
    with pytest.raises(TrainingFailedError, match="code 3") as failure:
        _run(home, 'import sys; print("the last words", file=sys.stderr); sys.exit(3)', lambda _: None)
    assert "the last words" in str(failure.value)
