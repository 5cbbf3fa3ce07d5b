"""Object tables, columns for plots, summaries and downloads."""

from typing import Annotated, Literal
from uuid import UUID

import numpy as np
from fastapi import APIRouter, Query
from starlette.responses import Response

from cytoloop.annotations.filters import EVERYTHING, ObjectFilter
from cytoloop.core.errors import NotFoundError
from cytoloop.measurements.exploring.projecting import sampled
from cytoloop.measurements.exploring.wells import group_of, well_of
from cytoloop.measurements.table import ColumnSpec
from cytoloop.projects.permissions import Permission
from cytoloop.server.access import Access
from cytoloop.server.dependencies import ReadDep, ServicesDep
from cytoloop.server.filtering import FilterDep, as_filter
from cytoloop.wire import measurements as wire
from cytoloop.workflows.exchange import downloads
from cytoloop.workflows.exploration.populations import Member, Scope, population_of
from cytoloop.workflows.measurements import matrices, tables

router = APIRouter(tags=["measurements"])

MAX_PLOTTED = 100_000
SEED = 20_240_607


def column_wire(column: ColumnSpec) -> wire.Column:
    """A column as the page sees it."""
    numeric = column.key not in {"id", "term_id", *tables.TEXT_COLUMNS}
    return wire.Column(key=column.key, label=column.label, unit=column.unit, numeric=numeric)


def _table(
    access: Access, services: ServicesDep, layer_id: UUID, chosen: ObjectFilter = EVERYTHING
) -> tables.LayerTable:
    layer, _ = access.layer(layer_id, Permission.VIEW)
    return tables.layer_table(access.connection, layer, services.measurements, chosen)


@router.get("/layers/{layer_id}/objects")
def list_objects(
    layer_id: UUID,
    access: ReadDep,
    services: ServicesDep,
    chosen: FilterDep,
    sort: str = "id",
    order: Literal["asc", "desc"] = "asc",
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> wire.ObjectTable:
    """A window of the object table, sorted by any column."""
    layer, _ = access.layer(layer_id, Permission.VIEW)
    wanted = as_filter(access.connection, chosen)
    sorting = tables.Sorting(sort, order == "desc")
    part = slice(offset, offset + limit)
    found = tables.table_window(access.connection, layer, services.measurements, wanted, sorting, part)
    table = found.table
    return wire.ObjectTable(
        total=found.total,
        offset=offset,
        columns=[column_wire(one) for one in table.columns],
        rows=table.rows(found.rows),
        measured_at=table.measured_at,
        stale_count=table.stale_count,
    )


@router.get("/layers/{layer_id}/objects/index")
def index_of_objects(
    layer_id: UUID,
    access: ReadDep,
    services: ServicesDep,
    chosen: FilterDep,
    sort: str = "id",
    order: Literal["asc", "desc"] = "asc",
) -> wire.ObjectIndex:
    """All objects of the sorted table by number: for galleries, ranges and what comes next."""
    table = _table(access, services, layer_id, as_filter(access.connection, chosen))
    rows = table.order(sort, descending=order == "desc")
    return wire.ObjectIndex(
        ids=table.values["id"][rows].tolist(),
        term_ids=[term or None for term in table.values["term_id"][rows].tolist()],
        versions=table.values["version"][rows].tolist(),
        suggested=np.isfinite(table.values["term_score"][rows]).tolist(),
    )


@router.get("/layers/{layer_id}/objects/rank")
def rank_of_object(
    layer_id: UUID,
    id: int,  # noqa: A002 - the name in the URL
    access: ReadDep,
    services: ServicesDep,
    chosen: FilterDep,
    sort: str = "id",
    order: Literal["asc", "desc"] = "asc",
) -> dict[str, int]:
    """At which offset of the sorted table an object stands."""
    table = _table(access, services, layer_id, as_filter(access.connection, chosen))
    rows = table.order(sort, descending=order == "desc")
    place = np.flatnonzero(table.values["id"][rows] == id)
    if len(place) == 0:
        raise NotFoundError(f"The object {id} is not in this table.")
    return {"offset": int(place[0])}


@router.get("/layers/{layer_id}/measurements")
def read_columns(
    layer_id: UUID, columns: str, access: ReadDep, services: ServicesDep, scope: Scope = "image"
) -> wire.ColumnData:
    """Whole columns, for plots; a random part of them beyond 100,000 objects.

    With ``scope=project`` those of the layers like this one in all images of the project take part.
    """
    layer, image = access.layer(layer_id, Permission.VIEW)
    found = population_of(access.connection, layer, image, services.measurements, scope)
    keys = [found.column(key).key for key in columns.split(",")[:16]]
    chosen = sampled(len(found), MAX_PLOTTED, SEED)
    boxes = [one.table.boxes[one.rows] for one in found.members]
    return wire.ColumnData(
        total=len(found),
        ids=found.values("id")[chosen].tolist(),
        term_ids=[term or None for term in found.values("term_id")[chosen].tolist()],
        columns={key: tables.finite(found.values(key)[chosen]) for key in keys},
        bboxes=np.concatenate(boxes)[chosen].tolist(),
        images=[_plotted(one) for one in found.members],
        image_index=found.member_of[chosen].tolist(),
    )


def _plotted(one: Member) -> wire.PlottedImage:
    name = one.image.name
    return wire.PlottedImage(
        id=one.image.uuid, layer_id=one.layer.uuid, name=name, group=group_of(name), well=well_of(name)
    )


@router.get("/layers/{layer_id}/measurements/summary")
def read_summary(layer_id: UUID, access: ReadDep, services: ServicesDep) -> wire.MeasurementSummary:
    """Mean, standard deviation and median of each column for each class."""
    table = _table(access, services, layer_id)
    columns, classes = tables.summary(table)
    return wire.MeasurementSummary(
        layer_id=layer_id,
        columns=[column_wire(one) for one in columns],
        classes=[
            wire.ClassSummary(
                term_id=one.term_id,
                count=one.count,
                mean=one.mean,
                std=one.std,
                median=one.median,
            )
            for one in classes
        ],
        notes=list(table.notes),
    )


@router.get("/layers/{layer_id}/measurements.csv")
def download_csv(layer_id: UUID, access: ReadDep, services: ServicesDep, scope: Scope = "image") -> Response:
    """The object table as CSV; with ``scope=project`` those of all images, with image, group and well of each row."""
    return _download(access, services, layer_id, scope, "csv", "text/csv; charset=utf-8")


@router.get("/layers/{layer_id}/measurements.parquet")
def download_parquet(layer_id: UUID, access: ReadDep, services: ServicesDep, scope: Scope = "image") -> Response:
    """The same as Parquet."""
    return _download(access, services, layer_id, scope, "parquet", "application/vnd.apache.parquet")


@router.get("/layers/{layer_id}/measurements.h5ad")
def download_h5ad(layer_id: UUID, access: ReadDep, services: ServicesDep, scope: Scope = "image") -> Response:
    """The measurements as AnnData, without rejected objects."""
    return _download(access, services, layer_id, scope, "h5ad", "application/x-hdf5")


def _download(
    access: Access, services: ServicesDep, layer_id: UUID, scope: Scope, ending: str, media_type: str
) -> Response:
    layer, image = access.layer(layer_id, Permission.VIEW)
    if scope == "project" or ending == "h5ad":
        found = population_of(access.connection, layer, image, services.measurements, scope)
        content = matrices.population_file(access.connection, found, image.project_id, ending)
    else:
        table = tables.layer_table(access.connection, layer, services.measurements)
        content = downloads.table_file(access.connection, table, image.project_id, ending)
    name = downloads.file_name(f"{image.name} {layer.name}", ending)
    return Response(content, media_type=media_type, headers=downloads.attachment(name))
