from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from cytoloop.jobs.executors.inline import InlineExecutor
from cytoloop.runtime.assembly import Services, assemble
from cytoloop.runtime.settings import Settings
from cytoloop.server.app import create_app

from .driver import Driver

Start = Callable[..., Any]


@contextmanager
def running(home: Path, **settings: Any) -> Iterator[tuple[Driver, Services]]:
    """A server on a home folder, its jobs run in the same process."""
    services = assemble(Settings(home=home, **settings), InlineExecutor())
    with TestClient(create_app(services), base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as client:
        yield Driver(client), services


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Driver]:
    """A server of one user."""
    with running(tmp_path / "home") as (driver, _):
        yield driver


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[tuple[Driver, Services]]:
    """A server with accounts."""
    with running(tmp_path / "home", mode="accounts") as pair:
        yield pair
