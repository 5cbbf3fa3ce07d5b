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

from ..databases import Databases  # noqa: TID252 - tests are no package
from .driver import Driver

Start = Callable[..., Any]


_engines: list[tuple[Databases, pytest.MonkeyPatch]] = []


@pytest.fixture(autouse=True)
def _on_the_engine(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Servers of ``running`` have their databases on the engine that is tested, and commands find the last one's."""
    _engines[:] = [(databases, monkeypatch)]
    yield
    _engines.clear()


def _database_of(home: Path) -> str | None:
    databases, environment = _engines[0]
    if databases.engine == "sqlite":
        return None
    environment.setenv("CYTOLOOP_DATABASE", databases.url(home))
    return databases.url(home)


@pytest.fixture(autouse=True)
def _with_the_images(images: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers and commands have their images where the test wants them."""
    if images == "s3":
        for name, value in request.getfixturevalue("bucket").environment.items():
            monkeypatch.setenv(name, value)


@contextmanager
def running(home: Path, **settings: Any) -> Iterator[tuple[Driver, Services]]:
    """A server on a home folder, its jobs run in the same process."""
    services = assemble(Settings(home=home, database=_database_of(home), **settings), InlineExecutor())
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
