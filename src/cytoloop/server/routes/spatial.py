"""Where objects lie: in which regions, and how far from each other."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import numpy as np
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from cytoloop.annotations.filters import ObjectFilter
from cytoloop.annotations.model import Layer
from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Plane
from cytoloop.measurements import spatial as mathematics
from cytoloop.projects.images import ProjectImage
from cytoloop.projects.permissions import Permission
from cytoloop.server.access import Access
from cytoloop.server.dependencies import ReadDep
from cytoloop.wire import spatial as wire
from cytoloop.wire.annotations import Id
from cytoloop.workflows.exchange import downloads
from cytoloop.workflows.spatial import questions as spatial

router = APIRouter(tags=["measurements"])

MAX_WKT = 50_000
CSV = "text/csv; charset=utf-8"
PlaneIndex = Annotated[int, Query(ge=0, lt=2**31)]


@dataclass(frozen=True, slots=True)
class RegionQuery:
    """Which regions are meant: objects of a layer, of one class or by number, or one that was drawn."""

    layer_id: UUID | None
    term_id: int | None
    ids: list[int] | None
    wkt: str | None
    plane: Plane


def _regions_in_query(
    *,
    region_layer_id: UUID | None = None,
    region_term_id: Id | None = None,
    region_ids: Annotated[list[Id] | None, Query(max_length=1000)] = None,
    region_wkt: Annotated[str | None, Query(max_length=MAX_WKT)] = None,
    z: PlaneIndex = 0,
    t: PlaneIndex = 0,
) -> RegionQuery:
    return RegionQuery(region_layer_id, region_term_id, region_ids, region_wkt, Plane(z, t))


RegionDep = Annotated[RegionQuery, Depends(_regions_in_query)]


@dataclass(frozen=True, slots=True)
class NeighbourQuery:
    """From which class to which: without a class, all objects; 0, those without one."""

    term_id: int | None
    to_layer_id: UUID | None
    to_term_id: int | None
    plane: Plane


def _neighbours_in_query(
    *,
    term_id: Id | None = None,
    to_layer_id: UUID | None = None,
    to_term_id: Id | None = None,
    z: PlaneIndex = 0,
    t: PlaneIndex = 0,
) -> NeighbourQuery:
    return NeighbourQuery(term_id, to_layer_id, to_term_id, Plane(z, t))


NeighbourDep = Annotated[NeighbourQuery, Depends(_neighbours_in_query)]


def _other_layer(access: Access, layer_id: UUID, image: ProjectImage) -> Layer:
    layer, found = access.layer(layer_id, Permission.VIEW)
    if found.id != image.id:
        raise InvalidInputError(f"The layer {layer.name!r} is of another image. Choose one of {image.name}.")
    return layer


def _regions(access: Access, asked: RegionQuery, image: ProjectImage) -> list[spatial.Region]:
    drawn = [] if asked.wkt is None else [spatial.drawn_region(asked.wkt)]
    if asked.layer_id is None:
        if not drawn:
            raise InvalidInputError("No region is named. Send region_layer_id, or region_wkt for one that was drawn.")
        return drawn
    chosen = ObjectFilter(
        ids=None if asked.ids is None else tuple(asked.ids),
        term_id=asked.term_id,
        z=asked.plane.z,
        t=asked.plane.t,
    )
    return drawn + spatial.regions_among(access.connection, _other_layer(access, asked.layer_id, image), chosen)


def _region_table(access: Access, layer_id: UUID, asked: RegionQuery) -> tuple[wire.RegionTable, Layer, ProjectImage]:
    layer, image = access.layer(layer_id, Permission.VIEW)
    scale = spatial.scale_of(image)
    regions = _regions(access, asked, image)
    found = spatial.count_in_regions(access.connection, layer, regions, asked.plane, scale)
    terms = [int(term) or None for term in found.classes]
    totals = [
        wire.ClassTotal(term_id=term, inside=int(inside), outside=int(outside))
        for term, inside, outside in zip(terms, found.inside, found.outside, strict=True)
    ]
    rows = [
        wire.RegionRow(
            annotation_id=region.id,
            name=region.name,
            area=float(found.region_areas[row]),
            count=int(found.counts[row].sum()),
            classes=_classes(found, row, terms, scale),
        )
        for row, region in enumerate(regions)
    ]
    table = wire.RegionTable(
        layer_id=layer_id, unit=scale.unit, density_unit=scale.density_unit, regions=rows, totals=totals
    )
    return table, layer, image


def _classes(
    found: mathematics.RegionTable, row: int, terms: list[int | None], scale: spatial.Scale
) -> list[wire.ClassInRegion]:
    return [
        wire.ClassInRegion(
            term_id=term,
            count=int(found.counts[row, column]),
            area=float(found.areas[row, column]),
            area_ratio=_known(found.area_ratios[row, column]),
            density=_known(found.densities[row, column] * scale.density_area),
        )
        for column, term in enumerate(terms)
    ]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


@router.get("/layers/{layer_id}/spatial/regions")
def count_in_regions(layer_id: UUID, asked: RegionDep, access: ReadDep) -> wire.RegionTable:
    """Objects of each class in each region, their share of its area, and their density.

    Regions are areas of ``region_layer_id`` (all, those of ``region_term_id``, or ``region_ids``, repeated), or
    ``region_wkt``, a polygon in px. A region is not counted among the objects of itself.
    """
    return _region_table(access, layer_id, asked)[0]


@router.get("/layers/{layer_id}/spatial/regions.csv")
def download_regions(layer_id: UUID, asked: RegionDep, access: ReadDep) -> Response:
    """The same as CSV: a row for each region and class."""
    table, layer, image = _region_table(access, layer_id, asked)
    names = downloads.class_names(access.connection, image.project_id)
    unit, per = table.unit, table.density_unit
    header = ["region", "region id", f"region area [{unit}^2]", "class", "count", f"object area [{unit}^2]"]
    rows = [
        [
            *(region.name, region.annotation_id, region.area),
            *(names.get(one.term_id or 0, ""), one.count, one.area, one.area_ratio, one.density),
        ]
        for region in table.regions
        for one in region.classes
    ]
    content = spatial.csv_text([*header, "area ratio", f"density [{per}]"], rows)
    name = downloads.file_name(f"{image.name} {layer.name} regions", "csv")
    return Response(content, media_type=CSV, headers=downloads.attachment(name))


def _distances(
    access: Access, layer_id: UUID, asked: NeighbourQuery
) -> tuple[spatial.Distances, spatial.Scale, Layer, ProjectImage]:
    layer, image = access.layer(layer_id, Permission.VIEW)
    other = layer if asked.to_layer_id is None else _other_layer(access, asked.to_layer_id, image)
    scale = spatial.scale_of(image)
    found = spatial.distances_between(
        access.connection,
        spatial.Population(layer, asked.term_id),
        spatial.Population(other, asked.to_term_id),
        asked.plane,
        scale,
    )
    return found, scale, layer, image


@router.get("/layers/{layer_id}/spatial/neighbours")
def read_neighbours(
    layer_id: UUID,
    asked: NeighbourDep,
    access: ReadDep,
    reach: Annotated[float | None, Query(ge=0, allow_inf_nan=False)] = None,
) -> wire.NeighbourDistances:
    """From the centre of each object (of class ``term_id``) to the nearest one of ``to_term_id`` in ``to_layer_id``.

    Without classes, all objects take part; without a second layer, those of the same. No object is its own neighbour.
    """
    found, scale, _, _ = _distances(access, layer_id, asked)
    summary = found.summary(reach)
    edges, counts = found.bars()
    return wire.NeighbourDistances(
        layer_id=layer_id,
        unit=scale.unit,
        origin_count=len(found.ids),
        target_count=found.target_count,
        count=summary.count,
        minimum=summary.minimum,
        first_quartile=summary.first_quartile,
        median=summary.median,
        third_quartile=summary.third_quartile,
        maximum=summary.maximum,
        mean=summary.mean,
        reach=reach,
        within=summary.within,
        edges=edges,
        counts=counts,
    )


@router.get("/layers/{layer_id}/spatial/neighbours.csv")
def download_neighbours(layer_id: UUID, asked: NeighbourDep, access: ReadDep) -> Response:
    """The distance of each object as CSV."""
    found, scale, layer, image = _distances(access, layer_id, asked)
    names = downloads.class_names(access.connection, image.project_id)
    triples = zip(found.ids.tolist(), found.terms.tolist(), found.distances.tolist(), strict=True)
    rows = [[key, names.get(term, ""), distance] for key, term, distance in triples]
    content = spatial.csv_text(["id", "class", f"distance [{scale.unit}]"], rows)
    name = downloads.file_name(f"{image.name} {layer.name} neighbours", "csv")
    return Response(content, media_type=CSV, headers=downloads.attachment(name))
