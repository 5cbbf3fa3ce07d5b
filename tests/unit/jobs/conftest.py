from collections.abc import Iterator

import pytest

import cytoloop.annotations.tables
from cytoloop.jobs import ledger
from cytoloop.jobs.model import Job, NewJob
from cytoloop.projects import store, users
from cytoloop.storage.database import Database
from cytoloop.storage.migrate import migrate

assert cytoloop.annotations.tables


class Bench:
    """A database with a project, where jobs can be queued."""

    def __init__(self, database: Database) -> None:
        self.database = database

        def build(c: object) -> tuple[int, int]:
            user = users.local_user(c)
            return user.id, store.create_project(c, name="P", description="", owner_id=user.id).id

        self.user_id, self.project_id = database.write(build)

    def queue(self, payloads: list[dict], kind: str = "test", parameters: dict | None = None) -> Job:
        new = NewJob(self.project_id, kind, "A job", self.user_id, parameters or {}, payloads)
        return self.database.write(lambda c: ledger.enqueue(c, new))

    def job(self, job: Job) -> Job:
        with self.database.read() as c:
            return ledger.job_by_id(c, job.id)


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    database = Database(database_url)
    migrate(database)
    yield Bench(database)
    database.close()
