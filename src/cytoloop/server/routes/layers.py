"""Layers, objects, changes and undo."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from shapely.geometry.base import BaseGeometry

from cytoloop.annotations import history as history_store
from cytoloop.annotations import layers as layer_store
from cytoloop.annotations import store
from cytoloop.annotations.details import Details, changed_details, checked_details
from cytoloop.annotations.geometry import Kind, kind_fits, kind_of, parse_geojson
from cytoloop.annotations.model import Applied, ChangeSet, Edit, Layer, NewAnnotation, Removal, Status
from cytoloop.core.errors import (
    InvalidInputError,
    StaleVersionError,
)
from cytoloop.core.geometry import Box
from cytoloop.projects.permissions import Permission
from cytoloop.server.access import Access
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep, cursor_number
from cytoloop.server.serialise import annotations_wire, changed_wire, history_wire, layers_wire
from cytoloop.wire import annotations as wire
from cytoloop.wire.base import Page
from cytoloop.workflows.objects import editing

router = APIRouter(tags=["annotations"])


@router.get("/images/{image_id}/layers")
def list_layers(image_id: UUID, access: ReadDep) -> list[wire.Layer]:
    """Layers of an image, oldest first."""
    image = access.image(image_id, Permission.VIEW)
    return layers_wire(access, layer_store.layers_of_image(access.connection, image.id), image)


@router.post("/images/{image_id}/layers", status_code=201)
def create_layer(image_id: UUID, body: wire.LayerCreate, write: WriteDep) -> wire.Layer:
    """A new layer of the caller; without a name, the caller's own one, made on first use."""

    def work(access: Access) -> wire.Layer:
        image = access.image(image_id, Permission.ANNOTATE)
        editing.extent_of(image)
        if body.kind != "user":
            layer = layer_store.shared_layer(
                access.connection, image_id=image.id, creator_id=access.actor.user_id, kind=body.kind
            )
        elif body.name is None:
            layer = layer_store.user_layer(
                access.connection,
                image_id=image.id,
                creator_id=access.actor.user_id,
                name="My annotations" if access.actor.username == "local" else access.actor.username,
            )
        else:
            layer = layer_store.create_layer(
                access.connection,
                image_id=image.id,
                name=body.name,
                kind="user",
                creator_id=access.actor.user_id,
            )
        return layers_wire(access, [layer], image)[0]

    return write(work)


def _changeable(access: Access, layer_id: UUID) -> tuple[Layer, UUID, int]:
    """A layer that the caller may rename or delete."""
    layer, image = access.layer(layer_id, Permission.ANNOTATE)
    own = layer.creator_id == access.actor.user_id
    if not own:
        access.image(image.uuid, Permission.MANAGE)
    return layer, image.uuid, image.project_id


@router.patch("/layers/{layer_id}")
def rename_layer(layer_id: UUID, body: wire.LayerUpdate, write: WriteDep) -> wire.Layer:
    """Rename a layer."""

    def work(access: Access) -> wire.Layer:
        layer, _, _ = _changeable(access, layer_id)
        layer_store.rename_layer(access.connection, layer.id, body.name)
        changed, image = access.layer(layer_id, Permission.VIEW)
        return layers_wire(access, [changed], image)[0]

    return write(work)


@router.delete("/layers/{layer_id}", status_code=204)
def delete_layer(layer_id: UUID, write: WriteDep, services: ServicesDep) -> None:
    """Delete a layer with its objects."""

    def work(access: Access) -> Layer:
        layer, image_uuid, project_id = _changeable(access, layer_id)
        layer_store.delete_layer(access.connection, layer.id)
        services.announcer.layer_removed(access.connection, project_id, layer.uuid, image_uuid)
        return layer

    layer = write(work)
    if layer.measurements is not None:
        (services.measurements / layer.measurements["file"]).unlink(missing_ok=True)


def parse_bbox(text: str | None) -> Box | None:
    """``x0,y0,x1,y1`` in px."""
    if text is None:
        return None
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
        box = Box(x0, y0, x1, y1)
    except ValueError:
        raise InvalidInputError("bbox is four numbers: x0,y0,x1,y1 in px.") from None
    limit = 1e7
    if box.is_empty or not all(-limit < value < limit for value in box.as_tuple()):
        raise InvalidInputError("bbox must have x0 < x1 and y0 < y1, in px of the image.")
    return box


@router.get("/layers/{layer_id}/annotations")
def list_annotations(
    layer_id: UUID,
    access: ReadDep,
    bbox: str | None = None,
    z: int | None = None,
    t: int | None = None,
    term_id: int | None = None,
    ids: Annotated[list[wire.Id] | None, Query(max_length=1000)] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Page[wire.Annotation]:
    """Objects of a layer whose box touches ``bbox``; ``term_id`` 0 means those without a class.

    ``ids`` (repeated, at most 1,000) takes only these.
    """
    layer, _ = access.layer(layer_id, Permission.VIEW)
    query = store.select_objects(
        access.connection, layer.id, window=parse_bbox(bbox), z=z, t=t, term_id=term_id, ids=ids
    )
    found = store.annotations_page(access.connection, query, after_id=cursor_number(cursor), limit=limit + 1)
    following = str(found[limit - 1].id) if len(found) > limit else None
    items = annotations_wire(access.connection, found[:limit], layer.uuid)
    return Page(items=items, next=following)


@router.get("/annotations/{annotation_id}")
def read_annotation(annotation_id: int, access: ReadDep) -> wire.Annotation:
    """One object, its geometry exactly as drawn."""
    found, layer, _ = access.annotation(annotation_id, Permission.VIEW)
    return annotations_wire(access.connection, [found], layer.uuid)[0]


def _new(index: int, one: wire.AnnotationCreate) -> NewAnnotation:
    geometry = parse_geojson(one.geometry, f"Object {index}")
    return NewAnnotation(
        geometry=geometry,
        kind=_kind(one.kind, f"Object {index}", geometry),
        term_id=one.term_id,
        status=Status[one.status.upper()],
        z=one.z,
        t=one.t,
        score=one.score,
        term_score=one.term_score,
        parent_id=one.parent_id,
        details=checked_details(Details(one.properties, tuple(one.tags), one.description), f"Object {index}"),
        locked=one.locked,
    )


def _kind(name: str | None, where: str, geometry: BaseGeometry) -> Kind:
    natural = kind_of(geometry)
    if name is None:
        return natural
    kind = Kind[name.upper()]
    if not kind_fits(kind, geometry):
        also = " with another number of points than 3" if kind is Kind.ANGLE and natural is Kind.LINE else ""
        raise InvalidInputError(f"{where} is called a {name}, but its geometry is a {natural.name.lower()}{also}.")
    return kind


def _edit(one: wire.AnnotationUpdate) -> Edit:
    where = f"Object {one.id}"
    fields = one.model_dump(exclude_unset=True, exclude={"id", "version", "geometry", "kind"})
    if one.geometry is not None:
        geometry = parse_geojson(one.geometry, where)
        fields["geometry"] = geometry
        fields["kind"] = _kind(one.kind, where, geometry)
    if one.status is not None:
        fields["status"] = Status[one.status.upper()]
    for name in ("properties", "tags", "description", "locked"):
        if fields.get(name, ...) is None:
            del fields[name]
    checked = checked_details(changed_details(Details(), fields), where)
    if "tags" in fields:
        fields["tags"] = checked.tags
    return Edit(one.id, one.version, fields)


def _label(body: wire.ChangeRequest) -> str:
    counts = {"draw": len(body.creates), "change": len(body.updates), "delete": len(body.deletes)}
    done = [f"{verb} {n if n > 1 else 'an'} object{'s' if n > 1 else ''}" for verb, n in counts.items() if n]
    return (", ".join(done) or "nothing").capitalize()


@router.post("/layers/{layer_id}/changes")
def change_layer(layer_id: UUID, body: wire.ChangeRequest, write: WriteDep, services: ServicesDep) -> wire.ChangeResult:
    """Create, change and delete objects in one step, which is applied whole or not at all."""
    change_set = ChangeSet(
        label=_label(body),
        creates=[_new(index, one) for index, one in enumerate(body.creates)],
        edits=[_edit(one) for one in body.updates],
        removals=[Removal(one.id, one.version) for one in body.deletes],
    )

    def work(access: Access) -> wire.ChangeResult:
        layer, _ = access.editable_layer(layer_id)
        try:
            answer = editing.edit_layer(
                access.connection,
                change_set,
                layer=layer,
                user_id=access.actor.user_id,
                announcer=services.announcer,
                key=body.idempotency_key,
            )
        except StaleVersionError as error:
            raise _with_current(access, error, layer) from None
        return wire.ChangeResult.model_validate(answer)

    return write(work)


def _with_current(access: Access, error: StaleVersionError, layer: Layer) -> StaleVersionError:
    """The error, with the objects as they are now (those that are still there)."""
    found = store.annotations_by_id(access.connection, error.details["stale"])
    mine = [one for one in found if one.layer_id == layer.id]
    current = annotations_wire(access.connection, mine, layer.uuid)
    return StaleVersionError(
        error.message,
        stale=error.details["stale"],
        current=[one.model_dump(mode="json") for one in current],
    )


@router.get("/images/{image_id}/history")
def read_history(image_id: UUID, access: ReadDep) -> wire.HistoryState:
    """What undo and redo would do for the caller on this image."""
    image = access.image(image_id, Permission.VIEW)
    return history_wire(history_store.history_state(access.connection, image_id=image.id, user_id=access.actor.user_id))


@router.post("/images/{image_id}/undo")
def undo(image_id: UUID, write: WriteDep, services: ServicesDep) -> wire.HistoryState:
    """Take back the caller's newest change on this image."""
    return write(lambda access: _step(access, image_id, services, editing.step_back))


@router.post("/images/{image_id}/redo")
def redo(image_id: UUID, write: WriteDep, services: ServicesDep) -> wire.HistoryState:
    """Do again what the caller undid last on this image."""
    return write(lambda access: _step(access, image_id, services, editing.step_forward))


def _step(access: Access, image_id: UUID, services: ServicesDep, step: editing.Step) -> wire.HistoryState:
    image = access.image(image_id, Permission.ANNOTATE)
    user_id = access.actor.user_id
    applied: Applied = step(access.connection, image_id=image.id, user_id=user_id, announcer=services.announcer)
    state = history_store.history_state(access.connection, image_id=image.id, user_id=user_id)
    return history_wire(state, changed_wire(access.connection, applied), applied.note)
