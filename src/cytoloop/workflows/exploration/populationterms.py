"""Clusters and ranges of measurements that become classes: one step of the user's history for each image."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from cytoloop.annotations.assigning import assign_terms
from cytoloop.core.errors import InvalidInputError
from cytoloop.workflows.announcing import Announcer
from cytoloop.workflows.objects.editing import check_terms

from .gates import Gated
from .populations import Member

Wanted = tuple[Member, Mapping[int, int | None]]
"""A layer, and the class that each of its objects (by id) is to get; ``None``: none."""


@dataclass(frozen=True, slots=True)
class Giver:
    """Who gives classes to objects of a project, and who is told."""

    connection: Connection
    announcer: Announcer
    project_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class Named:
    """How many objects have another class now, how many were spared as locked, and in how many images."""

    changed: int
    locked: int
    images: int


def name_clusters(giver: Giver, members: Sequence[Member], terms: Mapping[int, int | None]) -> Named:
    """Give the objects of each cluster (by number) a class; rejected objects are left as they are.

    Raises
    ------
    InvalidInputError
        No cluster of such a number was found, or a class is not of this project.
    """
    check_terms(giver.connection, giver.project_id, terms.values())
    wanted = [(one, _of_clusters(one, terms)) for one in members if "cluster" in one.table.values]
    if not any(objects for _, objects in wanted):
        raise InvalidInputError("No object is in these clusters. Find clusters first, or choose others.")
    return _give(giver, wanted, "Set the classes from clusters")


def name_gated(giver: Giver, gated: Sequence[Gated], term_id: int | None) -> Named:
    """Give the objects within ranges a class, or none.

    Raises
    ------
    InvalidInputError
        No object is within them, or the class is not of this project.
    """
    check_terms(giver.connection, giver.project_id, [term_id])
    wanted = [(one.member, dict.fromkeys(one.ids.tolist(), term_id)) for one in gated]
    if not any(objects for _, objects in wanted):
        raise InvalidInputError("No object is within these ranges. Choose a wider part of the plot.")
    return _give(giver, wanted, "Set the class from a plot")


def _of_clusters(one: Member, terms: Mapping[int, int | None]) -> dict[int, int | None]:
    clusters, ids = (one.table.values[key][one.rows] for key in ("cluster", "id"))
    meant = np.isin(clusters, list(terms))
    return {key: terms[int(number)] for key, number in zip(ids[meant].tolist(), clusters[meant].tolist(), strict=True)}


def _give(giver: Giver, wanted: Iterable[Wanted], label: str) -> Named:
    changed = locked = images = 0
    for one, terms in wanted:
        if not terms:
            continue
        done = assign_terms(giver.connection, terms, layer=one.layer, user_id=giver.user_id, label=label)
        changed += done.changed
        locked += done.locked
        if done.applied is not None:
            images += 1
            giver.announcer.applied(giver.connection, done.applied)
    return Named(changed, locked, images)
