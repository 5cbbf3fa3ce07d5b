"""Domain values as wire models."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from cytoloop.annotations import layers as layer_store
from cytoloop.annotations.geometry import to_geojson
from cytoloop.annotations.history import History
from cytoloop.annotations.model import Annotation, Applied, Layer, Status
from cytoloop.core.clock import utc_now
from cytoloop.jobs.model import Job
from cytoloop.projects import images as image_records
from cytoloop.projects import store as project_store
from cytoloop.projects import users
from cytoloop.projects.images import ProjectImage
from cytoloop.projects.imageterms import ImageTerm, terms_of_images
from cytoloop.projects.permissions import Role
from cytoloop.projects.store import Project
from cytoloop.projects.uploads import Upload
from cytoloop.wire import annotations as wire_annotations
from cytoloop.wire import images as wire_images
from cytoloop.wire import jobs as wire_jobs
from cytoloop.wire import projects as wire_projects
from cytoloop.wire.images import TileLevel

from .access import Access

RENDERER_VERSION = "1"
"""Part of tile URLs: raised when the same pixels are rendered differently."""


def content_version(image: ProjectImage) -> str | None:
    """Changes when tiles of the image would look different."""
    if image.stored is None:
        return None
    return f"{image.stored.content_key[:16]}-{RENDERER_VERSION}"


def image_wire(connection: Connection, image: ProjectImage) -> wire_images.Image:
    """One image."""
    return images_wire(connection, image.project_id, [image])[0]


def images_wire(connection: Connection, project_id: int, images: Sequence[ProjectImage]) -> list[wire_images.Image]:
    """Images of one project."""
    counts = layer_store.count_of_images(connection, [one.id for one in images])
    terms = terms_of_images(connection, [one.id for one in images])
    uuid = project_store.project_by_id(connection, project_id).uuid
    return [_image(one, uuid, counts.get(one.id, 0), terms.get(one.id)) for one in images]


def _image(image: ProjectImage, project_uuid: UUID, annotation_count: int, term: ImageTerm | None) -> wire_images.Image:
    stored = image.stored
    info: Mapping[str, Any] = {} if stored is None else stored.info
    display: Mapping[str, Any] = {} if stored is None else stored.display
    facts = ("format", "width", "height", "dtype", "pixel_width_um", "pixel_height_um")
    facts += ("z_spacing_um", "frame_interval_s", "magnification", "vendor")
    return wire_images.Image(
        id=image.uuid,
        project_id=project_uuid,
        name=image.name,
        state=image.state,  # pyright: ignore[reportArgumentType] - checked by the model
        error=image.error,
        size_z=info.get("size_z", 1),
        size_c=info.get("size_c", 1),
        size_t=info.get("size_t", 1),
        rgb=info.get("rgb", False),
        levels=[TileLevel(**one) for one in display.get("levels", [])],
        channels=[wire_images.ImageChannel(**one) for one in display.get("channels", [])],
        associated=list(info.get("associated", [])),
        metadata=dict(info.get("metadata", {})),
        content_version=content_version(image),
        sha256=None if stored is None else stored.sha256,
        size_bytes=image.size_bytes,
        annotation_count=annotation_count,
        position=image.position,
        term_id=None if term is None else term.term_id,
        term_score=None if term is None else term.score,
        **{name: info.get(name) for name in facts},
    )


def projects_wire(connection: Connection, projects: Sequence[tuple[Project, Role]]) -> list[wire_projects.Project]:
    """Projects with what their cards show."""
    facts = project_store.image_facts(connection, [one.id for one, _ in projects])
    return [
        wire_projects.Project(
            id=project.uuid,
            name=project.name,
            description=project.description,
            role=role.value,
            image_count=facts[project.id][0],
            annotation_count=_annotation_count(connection, project.id),
            cover_image_id=facts[project.id][1],
            created_at=project.created_at,
        )
        for project, role in projects
    ]


def _annotation_count(connection: Connection, project_id: int) -> int:
    images = image_records.image_ids(connection, project_id)
    return sum(layer_store.count_of_images(connection, images).values())


def layers_wire(access: Access, layers: Sequence[Layer], image: ProjectImage) -> list[wire_annotations.Layer]:
    """Layers of one image."""
    counts = layer_store.term_counts(access.connection, [one.id for one in layers])
    states = layer_store.state_counts(access.connection, [one.id for one in layers])
    names = users.display_names(access.connection)
    return [
        wire_annotations.Layer(
            id=one.uuid,
            image_id=image.uuid,
            name=one.name,
            kind=one.kind,  # pyright: ignore[reportArgumentType] - checked by the model
            creator=names.get(one.creator_id, "?"),
            editable=access.may_edit(one, image.project_id),
            run_id=one.run_id,
            generation=one.generation,
            count=sum(counts[one.id].values()),
            review=review_counts_wire(states[one.id]),
            term_counts=[wire_annotations.TermCount(term_id=term, count=n) for term, n in counts[one.id].items()],
            measured_at=None if one.measurements is None else _moment(one.measurements["at"]),
            created_at=one.created_at,
        )
        for one in layers
    ]


def review_counts_wire(counts: Mapping[Status, int]) -> wire_annotations.ReviewCounts:
    """How far a review is."""
    return wire_annotations.ReviewCounts(**{status.name.lower(): n for status, n in counts.items()})


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def annotations_wire(
    connection: Connection, found: Iterable[Annotation], layer_uuid: UUID
) -> list[wire_annotations.Annotation]:
    """Objects of one layer."""
    names = users.display_names(connection)
    return [
        wire_annotations.Annotation(
            id=one.id,
            layer_id=layer_uuid,
            kind=one.kind.name.lower(),  # pyright: ignore[reportArgumentType] - checked by the model
            geometry=to_geojson(one.geometry),
            term_id=one.term_id,
            score=one.score,
            term_score=one.term_score,
            status=one.status.name.lower(),  # pyright: ignore[reportArgumentType] - checked by the model
            z=one.z,
            t=one.t,
            area=one.area,
            bbox=one.box.as_tuple(),
            parent_id=one.parent_id,
            creator=names.get(one.creator_id, "?"),
            version=one.version,
            properties=dict(one.details.properties),
            tags=list(one.details.tags),
            description=one.details.description,
            locked=one.locked,
        )
        for one in found
    ]


def changed_wire(connection: Connection, applied: Applied) -> list[wire_annotations.LayerChanged]:
    """The layers that a change touched, its own first."""
    return [
        wire_annotations.LayerChanged(
            layer_id=layer_store.layer_by_id(connection, one.layer_id).uuid,
            generation=one.generation,
            bbox=None if one.box is None else one.box.as_tuple(),
        )
        for one in applied.layers
    ]


def history_wire(
    history: History, changed: Sequence[wire_annotations.LayerChanged] = (), message: str | None = None
) -> wire_annotations.HistoryState:
    """What undo and redo would do."""
    return wire_annotations.HistoryState(
        undo_label=history.undo_label,
        redo_label=history.redo_label,
        undo_count=history.undo_count,
        redo_count=history.redo_count,
        changed=list(changed),
        message=message,
    )


def jobs_wire(connection: Connection, jobs: Sequence[Job]) -> list[wire_jobs.Job]:
    """Jobs of one project."""
    names = users.display_names(connection)
    return [_job(connection, one, names) for one in jobs]


def job_wire(connection: Connection, job: Job) -> wire_jobs.Job:
    """One job."""
    return jobs_wire(connection, [job])[0]


def _job(connection: Connection, job: Job, names: Mapping[int, str]) -> wire_jobs.Job:
    layers = layer_store.layers_of_run(connection, job.uuid)
    layers += layer_store.layers_by_uuid(connection, [UUID(one) for one in job.parameters.get("layers", [])])
    images = [
        found.uuid
        for one in dict.fromkeys(one.image_id for one in layers)
        if (found := image_records.find_project_image(connection, one)) is not None
    ]
    return wire_jobs.Job(
        id=job.uuid,
        project_id=project_store.project_by_id(connection, job.project_id).uuid,
        kind=job.kind,  # pyright: ignore[reportArgumentType] - checked by the model
        title=job.title,
        state=job.state,
        progress=job.progress,
        message=job.message,
        error=job.error,
        tasks_total=job.tasks_total,
        tasks_done=job.tasks_done,
        tasks_failed=job.tasks_failed,
        creator=names.get(job.creator_id, "?"),
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        parameters=job.parameters,
        layer_ids=[one.uuid for one in layers],
        image_ids=images,
        file=_job_file(job),
    )


def _job_file(job: Job) -> wire_jobs.JobFile | None:
    kept = job.outputs.get("file")
    file = None if kept is None else wire_jobs.JobFile.model_validate(kept)
    return None if file is None or file.until < utc_now() else file


def upload_wire(upload: Upload) -> wire_images.Upload:
    """One upload."""
    return wire_images.Upload(
        id=upload.id,
        filename=upload.filename,
        size_bytes=upload.size_bytes,
        offset=upload.offset_bytes,
        state=upload.state,  # pyright: ignore[reportArgumentType] - checked by the model
        error=upload.error,
        image_ids=[UUID(one) for one in upload.image_ids],
    )
