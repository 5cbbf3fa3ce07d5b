"""Drives one server that segments one slide, and reads what it stored."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2 as httpx
from sqlalchemy import select
from tests.liveserver import Server

from cytoloop.annotations.tables import annotation, layer
from cytoloop.storage.database import Database, sqlite_url

API = "/api/v1"
FINAL = ("done", "failed", "cancelled")


@dataclass(slots=True)
class SlideRun:
    """A server on a home folder, with a slide in a project."""

    server: Server
    home: Path
    project: str = ""
    image: str = ""
    database: str | None = None
    """Its URL; SQLite in the home unless given."""

    def request(self, method: str, path: str, **options: Any) -> Any:
        answer = httpx.request(method, self.server.url + API + path, timeout=60, **options)
        assert answer.is_success, f"{answer.status_code}: {answer.text}"
        return answer.json() if answer.content else None

    def add(self, path: Path) -> None:
        """Register the slide where it lies, and wait until it is ready."""
        self.project = self.request("POST", "/projects", json={"name": "Slides"})["id"]
        self.request("POST", f"/projects/{self.project}/images", json={"paths": [str(path)]})
        self.wait(lambda: self._image()["state"] != "importing", 600)
        image = self._image()
        assert image["state"] == "ready", image["error"]
        self.image = image["id"]

    def _image(self) -> dict[str, Any]:
        return self.request("GET", f"/projects/{self.project}/images")["items"][0]

    def start(self, **order: Any) -> str:
        """Begin a segmentation of the slide; the job's id."""
        body = {"kind": "segment", "image_ids": [self.image], **order}
        return self.request("POST", f"/projects/{self.project}/jobs", json=body)["id"]

    def job(self, job_id: str) -> dict[str, Any]:
        return self.request("GET", f"/jobs/{job_id}")

    def finished(self, job_id: str, timeout_s: float) -> dict[str, Any]:
        """The job when it has ended."""
        self.wait(lambda: self.job(job_id)["state"] in FINAL, timeout_s)
        return self.job(job_id)

    def wait(self, condition: Callable[[], bool], timeout_s: float) -> None:
        end = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end, f"nothing came of it within {timeout_s} s"
            time.sleep(0.05)

    def stored(self, job_id: str) -> Counter[bytes]:
        """The outlines in the run's layers, as they lie in the database, and how often each."""
        database = Database(self.database or sqlite_url(self.home / "cytoloop.sqlite"))
        layers = select(layer.c.id).where(layer.c.run_id == UUID(job_id))
        query = select(annotation.c.geom).where(annotation.c.layer_id.in_(layers))
        try:
            with database.read() as connection:
                return Counter(bytes(row[0]) for row in connection.execute(query))
        finally:
            database.close()
