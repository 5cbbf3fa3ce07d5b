"""Tell the pages of a project what changed, as thin events: the kind and the ids.

Whoever sends them on (the event stream) reads the rest. What is announced within a write goes out once
that write is durable, so that nobody reads what was before.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from cytoloop.annotations import layers as layer_store
from cytoloop.annotations.model import Applied, Layer
from cytoloop.core.geometry import Box
from cytoloop.jobs.model import Job, LogLine
from cytoloop.projects import images as image_records
from cytoloop.projects import uploads
from cytoloop.storage.signals import Signals

TOPIC = "event"
"""The topic of the signals by which events reach the pages of every process."""


def counted(number: int, noun: str) -> str:
    """A number of things in words: "1 file", "2,000 files"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


class Announcer:
    """Publishes what happened to a project."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals

    def _publish(self, connection: Connection, project_id: int, kind: str, data: dict[str, Any]) -> None:
        self._signals.send_within(connection, TOPIC, {"project_id": project_id, "kind": kind, "data": data})

    def _publish_now(self, project_id: int, kind: str, data: dict[str, Any]) -> None:
        self._signals.send(TOPIC, {"project_id": project_id, "kind": kind, "data": data})

    def job(self, job: Job) -> None:
        """A job changed, and that is durable already."""
        self._publish_now(job.project_id, "job", {"id": str(job.uuid)})

    def new_job(self, connection: Connection, job: Job) -> None:
        """A job is being queued or changed by this write."""
        self._publish(connection, job.project_id, "job", {"id": str(job.uuid)})

    def job_log(self, job: Job, line: LogLine) -> None:
        self._publish_now(job.project_id, "job_log", {"job_id": str(job.uuid), "line_id": line.id})

    def image(self, connection: Connection, image_id: int) -> None:
        """One image changed; one that was removed meanwhile is nobody's news."""
        image = image_records.find_project_image(connection, image_id)
        if image is None:
            return
        self._publish(connection, image.project_id, "image", {"id": str(image.uuid)})

    def importing(self, connection: Connection, project_id: int) -> None:
        """Images came to the project and wait for their import."""
        for image in image_records.project_images(connection, project_id, limit=10_000):
            if image.state == "importing":
                self._publish(connection, project_id, "image", {"id": str(image.uuid)})

    def image_removed(self, connection: Connection, project_id: int, uuid: UUID) -> None:
        self._publish(connection, project_id, "image_removed", {"id": str(uuid)})

    def layer(self, connection: Connection, layer: Layer, generation: int, box: Box | None) -> None:
        """Objects of a layer changed within ``box``."""
        image = image_records.project_image_by_id(connection, layer.image_id)
        self._publish(
            connection,
            image.project_id,
            "layer",
            {
                "layer_id": str(layer.uuid),
                "image_id": str(image.uuid),
                "generation": generation,
                "bbox": None if box is None else box.as_tuple(),
            },
        )

    def applied(self, connection: Connection, applied: Applied) -> None:
        """A change was applied to one layer or several."""
        for one in applied.layers:
            layer = layer_store.layer_by_id(connection, one.layer_id)
            if layer.removed:
                image = image_records.project_image_by_id(connection, layer.image_id)
                self.layer_removed(connection, image.project_id, layer.uuid, image.uuid)
            else:
                self.layer(connection, layer, one.generation, one.box)

    def layer_removed(self, connection: Connection, project_id: int, layer_uuid: UUID, image_uuid: UUID) -> None:
        self._publish(connection, project_id, "layer_removed", {"id": str(layer_uuid), "image_id": str(image_uuid)})

    def ontology(self, connection: Connection, project_id: int) -> None:
        self._publish(connection, project_id, "ontology", {})

    def upload(self, connection: Connection, upload_id: str) -> None:
        project_id = uploads.upload_by_id(connection, upload_id).project_id
        self._publish(connection, project_id, "upload", {"id": upload_id})
