"""What all tests share: real data where it is there, places to write, and databases of both engines."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .databases import Cluster, Databases

SHARED = Path(__file__).parents[2] / "shared" / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=("sqlite", "postgresql"), default="sqlite", help="database of the tests")


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
