"""Statistics of groups, the methods that derive columns, and clusters and gates that become classes."""

import math
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from cytoloop.annotations import history as history_store
from cytoloop.annotations.model import Layer
from cytoloop.measurements.exploring.groups import Statistics
from cytoloop.projects.images import ProjectImage
from cytoloop.projects.permissions import Permission
from cytoloop.server.access import Access
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep
from cytoloop.server.serialise import history_wire
from cytoloop.wire import exploring as wire
from cytoloop.workflows.exchange import downloads
from cytoloop.workflows.exploration import exploring, populations, statistics
from cytoloop.workflows.exploration.gates import Among, Gated, gated
from cytoloop.workflows.exploration.populations import Population, grouped
from cytoloop.workflows.exploration.populationterms import Giver, Named, name_clusters, name_gated

from .measurements import column_wire

router = APIRouter(tags=["measurements"])

CSV = "text/csv; charset=utf-8"
Columns = Annotated[str | None, Query(max_length=20_000)]


@router.get("/exploring/methods")
def list_exploring_methods(access: ReadDep) -> list[wire.ExploreMethodInfo]:
    """Ways of arranging, grouping and ranking objects by their measurements."""
    return [
        wire.ExploreMethodInfo(
            name=name,  # pyright: ignore[reportArgumentType] - checked by the model
            step=step,
            title=exploring.TITLES[name],
            available=exploring.is_available(name),
        )
        for step, names in exploring.METHODS.items()
        for name in names
    ]


def population_in(
    access: Access, services: ServicesDep, layer_id: UUID, scope: wire.Scope
) -> tuple[Population, ProjectImage]:
    """The objects that a request is about, and the image of the layer it names."""
    layer, image = access.layer(layer_id, Permission.VIEW)
    return populations.population_of(access.connection, layer, image, services.measurements, scope), image


def _table(
    access: Access, services: ServicesDep, layer_id: UUID, by: wire.Grouping, scope: wire.Scope, columns: str | None
) -> tuple[statistics.GroupTable, ProjectImage]:
    population, image = population_in(access, services, layer_id, scope)
    keys = None if columns is None else columns.split(",")
    return statistics.group_table(access.connection, population, by, keys, image.project_id), image


@router.get("/layers/{layer_id}/measurements/groups")
def read_groups(
    layer_id: UUID,
    access: ReadDep,
    services: ServicesDep,
    by: wire.Grouping = "class",
    scope: wire.Scope = "image",
    columns: Columns = None,
) -> wire.GroupTable:
    """Statistics of measurements by class, image, group of images, well or cluster; rejected objects are left out.

    ``columns`` are keys by commas, all without. With ``scope=project`` the layers like this one in all images take
    part. Wells and groups are read from the names of the images.
    """
    found, _ = _table(access, services, layer_id, by, scope, columns)
    keys = [one.key for one in found.columns]
    groups = [
        wire.GroupRow(
            name=name,
            term_id=(found.groups.term_ids[row] or None) if found.groups.term_ids else None,
            images=found.groups.image_counts[row],
            objects=found.counts[row],
            statistics={key: _statistics(one, row) for key, one in zip(keys, found.statistics, strict=True)},
        )
        for row, name in enumerate(found.groups.names)
    ]
    return wire.GroupTable(by=by, scope=scope, columns=[column_wire(one) for one in found.columns], groups=groups)


def _statistics(found: Statistics, row: int) -> wire.GroupStatistics:
    numbers = {name: float(getattr(found, name)[row]) for name in statistics.NAMES}
    known = {name: value if math.isfinite(value) else None for name, value in numbers.items()}
    return wire.GroupStatistics(n=int(found.n[row]), **known)


@router.get("/layers/{layer_id}/measurements/groups.csv")
def download_groups(
    layer_id: UUID,
    access: ReadDep,
    services: ServicesDep,
    by: wire.Grouping = "class",
    scope: wire.Scope = "image",
    columns: Columns = None,
) -> Response:
    """The same as CSV: a row for each group and measurement."""
    found, image = _table(access, services, layer_id, by, scope, columns)
    name = downloads.file_name(f"{image.name} by {by}", "csv")
    return Response(statistics.group_csv(found, by), media_type=CSV, headers=downloads.attachment(name))


@router.post("/layers/{layer_id}/clusters/terms")
def name_clusters_by_terms(
    layer_id: UUID, body: wire.ClusterTerms, write: WriteDep, services: ServicesDep
) -> wire.TermsGiven:
    """Give the objects of clusters classes, in one step for each image; locked objects are spared."""

    def work(access: Access) -> wire.TermsGiven:
        found, giver, layer = _to_name(access, services, layer_id, body.scope)
        terms = {int(number): term for number, term in body.terms.items()}
        return _given(access, layer, name_clusters(giver, found.members, terms))

    return write(work)


@router.post("/layers/{layer_id}/gates")
def find_gated(layer_id: UUID, body: wire.Gate, access: ReadDep, services: ServicesDep) -> wire.GatedObjects:
    """The objects of the layer within ranges of measurements, all of them; rejected ones are left out."""
    found, image = population_in(access, services, layer_id, body.scope)
    inside = _inside(access, found, body, image.project_id)
    own = [one for one in inside if one.member.layer.uuid == layer_id]
    others = [len(one.ids) for one in inside if one.member.layer.uuid != layer_id and len(one.ids)]
    return wire.GatedObjects(
        ids=[key for one in own for key in one.ids.tolist()], elsewhere=sum(others), images=len(others)
    )


@router.post("/layers/{layer_id}/gates/terms")
def name_gate_by_term(layer_id: UUID, body: wire.GateTerm, write: WriteDep, services: ServicesDep) -> wire.TermsGiven:
    """Give the objects within ranges of measurements a class, in one step for each image; locked objects are spared."""

    def work(access: Access) -> wire.TermsGiven:
        found, giver, layer = _to_name(access, services, layer_id, body.scope)
        return _given(access, layer, name_gated(giver, _inside(access, found, body, giver.project_id), body.term_id))

    return write(work)


def _inside(access: Access, found: Population, gate: wire.Gate, project_id: int) -> list[Gated]:
    if gate.groups is None:
        return gated(found, gate.ranges)
    groups = grouped(found, gate.by, downloads.class_names(access.connection, project_id))
    return gated(found, gate.ranges, Among(groups, gate.groups))


def _to_name(
    access: Access, services: ServicesDep, layer_id: UUID, scope: wire.Scope
) -> tuple[Population, Giver, Layer]:
    """The objects that may get classes: those of layers that the user may edit."""
    layer, image = access.editable_layer(layer_id)
    found, _ = population_in(access, services, layer_id, scope)
    members = tuple(one for one in found.members if access.may_edit(one.layer, image.project_id))
    giver = Giver(access.connection, services.announcer, image.project_id, access.actor.user_id)
    return replace(found, members=members), giver, layer


def _given(access: Access, layer: Layer, done: Named) -> wire.TermsGiven:
    history = history_store.history_state(access.connection, image_id=layer.image_id, user_id=access.actor.user_id)
    return wire.TermsGiven(changed=done.changed, locked=done.locked, images=done.images, history=history_wire(history))
