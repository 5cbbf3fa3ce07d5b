"""Databases for tests: SQLite files, and databases in a private PostgreSQL that runs while the tests do."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest

import cytoloop.annotations.tables
import cytoloop.jobs.tables
import cytoloop.projects.tables
from cytoloop.storage.database import Database, sqlite_url
from cytoloop.storage.migrate import migrate

assert cytoloop.annotations.tables
assert cytoloop.jobs.tables
assert cytoloop.projects.tables

ENGINES = ("sqlite", "postgresql")
FIND = Path(__file__).parents[1] / "scripts" / "postgres"
SUPERUSER = "cytoloop"
PASSWORD = "s3cret:p@ss/word"
"""The password of the role ``guarded``, with every sign that a URL has to escape."""
TEMPLATE = "migrated"
QUICK = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""Nothing here has to survive a power cut."""
RULES = """
local all guarded scram-sha-256
local all all trust
"""


def programs() -> Path:
    """The folder of PostgreSQL's programs; the test fails where there are none."""
    found = subprocess.run([FIND, "--find"], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.fail(f"{found.stderr.strip()} (scripts/postgres does it)", pytrace=False)
    return Path(found.stdout.strip())


class Cluster:
    """A PostgreSQL of our own, reached by a socket in its folder. It refuses to run as root: then it is nobody's."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self._options = {} if durable else QUICK
        self._programs = programs()
        self._folder = folder
        self._user = "nobody" if os.getuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        if self._user is not None:
            shutil.chown(folder, self._user)
        self._run("initdb", "-D", "data", "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        (folder / "data" / "pg_hba.conf").write_text(RULES)

    def _run(self, name: str, *arguments: str) -> None:
        command = [self._programs / name, *arguments]
        done = subprocess.run(command, cwd=self._folder, user=self._user, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Run it, and wait until it answers."""
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._folder),
            "max_connections": "200",
            **self._options,
        }
        command = [self._programs / "postgres", "-D", "data"]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, user=self._user, stdout=log, stderr=log)
        end = time.monotonic() + 60
        while True:
            try:
                self.connect("postgres").close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > end or self._process.poll() is not None:
                    pytest.fail(f"PostgreSQL did not start:\n{(self._folder / 'log').read_text()}", pytrace=False)
                time.sleep(0.05)

    def stop(self) -> None:
        """End it and all connections at once."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait()
            self._process = None

    def crash(self) -> None:
        """Kill it and the processes that serve connections."""
        assert self._process is not None, "it does not run"
        pid = self._process.pid
        serving = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        self._process.kill()
        self._process.wait()
        self._process = None
        for one in serving:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        while any(Path(f"/proc/{one}").exists() for one in serving):
            time.sleep(0.02)

    def connect(self, name: str) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection of the superuser that commits each statement."""
        return psycopg.connect(host=str(self._folder), user=SUPERUSER, dbname=name, autocommit=True)

    def url(self, name: str, user: str = SUPERUSER) -> str:
        return f"postgresql://{user}@/{name}?host={quote(str(self._folder), safe='')}"

    def prepare(self) -> None:
        """Make what new databases are copied from, and a role that needs its password."""
        self.execute(f"CREATE DATABASE {TEMPLATE}")
        database = Database(self.url(TEMPLATE))
        migrate(database)
        database.close()
        with self.connect("postgres") as connection:
            connection.execute(psycopg.sql.SQL("CREATE ROLE guarded LOGIN PASSWORD {}").format(PASSWORD))

    def execute(self, statement: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(statement.encode())

    @contextlib.contextmanager
    def database(self, *, migrated: bool = True) -> Iterator[str]:
        """The URL of a database of its own, dropped afterwards."""
        name = f"test_{uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE if migrated else 'template0'}")
        try:
            yield self.url(name)
        finally:
            if self._process is not None:
                self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def running_cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """A cluster in a folder with a short name (that of a socket may have a hundred characters)."""
    folder = Path(tempfile.mkdtemp(prefix="cyto-pg-", dir="/tmp"))
    cluster = None
    try:
        cluster = Cluster(folder, durable=durable)
        cluster.start()
        cluster.prepare()
        yield cluster
    finally:
        if cluster is not None:
            cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Databases:
    """Gives every home of a test its database: a new one at first, the same when it is asked for again."""

    def __init__(self, engine: str, cluster: Cluster | None) -> None:
        self.engine = engine
        self._cluster = cluster
        self._urls: dict[Path, str] = {}
        self._stack = contextlib.ExitStack()

    def url(self, home: Path, *, migrated: bool = True) -> str:
        """The URL of the database of a folder."""
        if self._cluster is None:
            home.mkdir(parents=True, exist_ok=True)
            return sqlite_url(home / "cytoloop.sqlite")
        if home not in self._urls:
            self._urls[home] = self._stack.enter_context(self._cluster.database(migrated=migrated))
        return self._urls[home]

    def close(self) -> None:
        self._stack.close()
