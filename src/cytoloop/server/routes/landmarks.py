"""Landmarks of a project: which they are, where they are, and what is measured between them."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from cytoloop.annotations import layers as layer_store
from cytoloop.core.errors import PermissionDeniedError
from cytoloop.projects import images as image_records
from cytoloop.projects.images import stored_of
from cytoloop.projects.landmarks import store_plan
from cytoloop.projects.permissions import Permission
from cytoloop.projects.store import Project
from cytoloop.server.access import Access, images_of
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep
from cytoloop.wire import landmarks as wire
from cytoloop.workflows.exchange import downloads
from cytoloop.workflows.landmarks import measures as landmark_measures
from cytoloop.workflows.landmarks.points import (
    LOW_CONFIDENCE,
    LandmarkPoint,
    counting_points,
    landmark_points,
    named_terms,
    placed_twice,
    project_plan,
)
from cytoloop.workflows.landmarks.review import accept_suggestions, checked_plan

from .images import check_plane

router = APIRouter(tags=["landmarks"])
PlaneIndex = Annotated[int, Query(ge=0, lt=2**31)]
_MEDIA = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


@router.get("/projects/{project_id}/landmarks")
def read_landmarks(project_id: UUID, access: ReadDep) -> wire.Landmarks:
    """The landmarks of the project, what is measured between them, and on how many images each is."""
    project, _ = access.project(project_id, Permission.VIEW)
    return _landmarks(access, project)


@router.put("/projects/{project_id}/landmarks")
def change_landmarks(project_id: UUID, body: wire.LandmarkPlan, write: WriteDep) -> wire.Landmarks:
    """Choose the landmarks and what is measured between them; the choice replaces the last one."""

    def work(access: Access) -> wire.Landmarks:
        project, _ = access.project(project_id, Permission.MANAGE)
        measures = [(one.name, one.term_ids) for one in body.measures]
        store_plan(access.connection, project.id, checked_plan(access.connection, project, body.term_ids, measures))
        return _landmarks(access, project)

    return write(work)


def _landmarks(access: Access, project: Project) -> wire.Landmarks:
    plan, is_chosen = project_plan(access.connection, project)
    images = {one.id: one for one in images_of(access, project, None)}
    points = landmark_points(access.connection, list(images.values()), plan.term_ids)
    placed = {(one.plane.image_id, one.term_id) for one in points if one.is_placed}
    suggested = {(one.plane.image_id, one.term_id) for one in points if one.is_suggested} - placed
    return wire.Landmarks(
        term_ids=list(plan.term_ids),
        measures=[wire.LandmarkMeasure(name=one.name, term_ids=list(one.term_ids)) for one in plan.measures],
        is_chosen=is_chosen,
        counts=[
            wire.LandmarkCount(
                term_id=term,
                placed=sum(own == term for _, own in placed),
                suggested=sum(own == term for _, own in suggested),
            )
            for term in plan.term_ids
        ],
        problems=[
            wire.LandmarkProblem(
                image_id=images[one.plane.image_id].uuid,
                image_name=images[one.plane.image_id].name,
                term_id=one.term_id,
                z=one.plane.z,
                t=one.plane.t,
                count=one.count,
            )
            for one in placed_twice(points)[:100]
        ],
        low_confidence=LOW_CONFIDENCE,
    )


@router.get("/images/{image_id}/landmarks")
def landmarks_of_image(
    image_id: UUID, access: ReadDep, z: PlaneIndex = 0, t: PlaneIndex = 0
) -> list[wire.ImageLandmark]:
    """The landmarks of a plane of an image, in the order of the project's; those that it lacks are left out."""
    image = access.image(image_id, Permission.VIEW)
    check_plane(stored_of(image), z, t)
    project, _ = access.project_of(image, Permission.VIEW)
    plan, _ = project_plan(access.connection, project)
    every = landmark_points(access.connection, [image], plan.term_ids)
    points = [one for one in every if (one.plane.z, one.plane.t) == (z, t)]
    counting = next(iter(counting_points(points).values()), {})
    uuids = {one.id: one.uuid for one in layer_store.layers_of_image(access.connection, image.id)}
    times = {(one.layer_id, one.term_id): one.count for one in placed_twice(points)}
    return [
        _image_landmark(counting[term], uuids, times.get((counting[term].layer_id, term), 1))
        for term in plan.term_ids
        if term in counting
    ]


def _image_landmark(one: LandmarkPoint, layers: dict[int, UUID], count: int) -> wire.ImageLandmark:
    return wire.ImageLandmark(
        term_id=one.term_id,
        annotation_id=one.id,
        version=one.version,
        layer_id=layers[one.layer_id],
        x=one.x,
        y=one.y,
        state="placed" if one.is_placed else "suggested",
        confidence=one.confidence,
        count=count,
    )


@router.post("/images/{image_id}/landmarks/accept")
def accept_landmarks(
    image_id: UUID, body: wire.AcceptLandmarks, write: WriteDep, services: ServicesDep
) -> wire.AcceptedLandmarks:
    """Agree to suggested landmarks of a plane, as one undo step; they are then learnt from."""

    def work(access: Access) -> wire.AcceptedLandmarks:
        image = access.image(image_id, Permission.ANNOTATE)
        project, _ = access.project_of(image, Permission.ANNOTATE)
        layer = layer_store.find_shared_layer(access.connection, image_id=image.id, kind=layer_store.LANDMARKS)
        if layer is None:
            return wire.AcceptedLandmarks(accepted=0)
        if not access.may_edit(layer, project.id):
            raise PermissionDeniedError("You may not change the landmarks of this image.")
        accepted = accept_suggestions(
            access.connection,
            image,
            layer,
            project=project,
            user_id=access.actor.user_id,
            plane=(body.z, body.t),
            only=None if body.annotation_ids is None else set(body.annotation_ids),
            announcer=services.announcer,
        )
        return wire.AcceptedLandmarks(accepted=accepted)

    return write(work)


def _table(access: Access, project: Project, *, suggestions: bool) -> landmark_measures.MeasureTable:
    plan, _ = project_plan(access.connection, project)
    terms = named_terms(access.connection, project, plan.term_ids)
    names = {one.id: one.name for one in terms}
    measures = landmark_measures.named_measures(plan.measures, names)
    images = images_of(access, project, None)
    shapes = landmark_measures.shapes_of(access.connection, images, terms, suggestions=suggestions)
    return landmark_measures.measure_table(measures, shapes)


@router.get("/projects/{project_id}/landmarks/measures")
def measure_landmarks(project_id: UUID, access: ReadDep, suggestions: bool = True) -> wire.LandmarkTable:  # noqa: FBT001, FBT002 - a query
    """Distances and angles of every image and plane with landmarks; without ``suggestions``, of people's points."""
    project, _ = access.project(project_id, Permission.VIEW)
    table = _table(access, project, suggestions=suggestions)
    every = image_records.project_images(access.connection, project.id, limit=100_000)
    uuids = {one.id: one.uuid for one in every}
    return wire.LandmarkTable(
        columns=list(table.columns),
        rows=[
            wire.LandmarkRow(
                image_id=uuids[one.shape.image_id],
                image_name=one.shape.image,
                z=one.shape.z,
                t=one.shape.t,
                state=_state(one.state),
                values=list(one.values),
            )
            for one in table.rows
        ],
    )


def _state(state: str) -> Literal["placed", "suggested", "incomplete"]:
    match state:
        case landmark_measures.PLACED:
            return "placed"
        case landmark_measures.SUGGESTED:
            return "suggested"
        case _:
            return "incomplete"


@router.get("/projects/{project_id}/landmarks/measures.csv")
def download_measures_csv(project_id: UUID, access: ReadDep, suggestions: bool = True) -> Response:  # noqa: FBT001, FBT002 - a query
    """The same as CSV."""
    return _download(access, project_id, "csv", suggestions=suggestions)


@router.get("/projects/{project_id}/landmarks/measures.parquet")
def download_measures_parquet(project_id: UUID, access: ReadDep, suggestions: bool = True) -> Response:  # noqa: FBT001, FBT002 - a query
    """The same as Parquet."""
    return _download(access, project_id, "parquet", suggestions=suggestions)


def _download(access: Access, project_id: UUID, ending: str, *, suggestions: bool) -> Response:
    project, _ = access.project(project_id, Permission.VIEW)
    content = landmark_measures.table_bytes(_table(access, project, suggestions=suggestions), ending)
    headers = downloads.attachment(downloads.file_name(f"{project.name} landmarks", ending))
    return Response(content, media_type=_MEDIA[ending], headers=headers)
