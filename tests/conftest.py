"""What all tests share: real data where it is there, places to write, and databases of both engines."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .databases import Cluster, Databases
    from .objectstore import ObjectStore, TestBucket

SHARED = Path(__file__).parents[2] / "shared" / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=("sqlite", "postgresql"), default="sqlite", help="database of the tests")
    parser.addoption("--images", choices=("folder", "s3"), default="folder", help="where images of the tests lie")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real images beside the checkout; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the real images are not beside this checkout (../shared/data)")
    return SHARED


@pytest.fixture(scope="session")
def cluster() -> "Iterator[Cluster]":
    """A PostgreSQL that runs for this process's tests."""
    from .databases import running_cluster

    with running_cluster() as started:
        yield started


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """The database engine that the tests run on: that of ``--engine``, unless a test names its own."""
    return request.config.getoption("--engine")


@pytest.fixture
def images(request: pytest.FixtureRequest) -> str:
    """Where images lie: as ``--images`` says, unless a test names its own place."""
    return request.config.getoption("--images")


@pytest.fixture
def databases(engine: str, request: pytest.FixtureRequest) -> "Iterator[Databases]":
    """Databases of the engine, by folder."""
    from .databases import Databases

    started = request.getfixturevalue("cluster") if engine == "postgresql" else None
    made = Databases(engine, started)
    yield made
    made.close()


@pytest.fixture
def database_url(databases: "Databases", tmp_path: Path) -> str:
    """The URL of one new database, its tables made."""
    return databases.url(tmp_path)


@pytest.fixture(scope="session")
def _object_store() -> "Iterator[ObjectStore]":
    """An object store that runs for this process's tests."""
    from .objectstore import ObjectStore

    started = ObjectStore()
    yield started
    started.stop()


@pytest.fixture
def bucket(_object_store: "ObjectStore", monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> "Iterator[TestBucket]":
    """A new bucket, and the environment of somebody who may use it; its store's door is open."""
    from .objectstore import CREDENTIALS

    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    yield _object_store.bucket()
    _object_store.door.delay_s = 0.0
    _object_store.door.shut()
    _object_store.door.open()
