"""Clusters that become classes: one step of the user's history for each image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from cytoloop.annotations.assigning import assign_terms
from cytoloop.core.errors import InvalidInputError

from .announcing import Announcer
from .editing import check_terms
from .populations import Member


@dataclass(frozen=True, slots=True)
class Named:
    """How many objects have another class now, how many were spared as locked, and in how many images."""

    changed: int
    locked: int
    images: int


def name_clusters(
    connection: Connection,
    members: Sequence[Member],
    terms: Mapping[int, int | None],
    *,
    user_id: int,
    project_id: int,
    announcer: Announcer,
) -> Named:
    """Give the objects of each cluster (by number) a class; rejected objects are left as they are.

    Raises
    ------
    InvalidInputError
        No cluster of such a number was found, or a class is not of this project.
    """
    check_terms(connection, project_id, terms.values())
    changed = locked = images = matched = 0
    for one in members:
        if "cluster" not in one.table.values:
            continue
        clusters = one.table.values["cluster"][one.rows]
        ids = one.table.values["id"][one.rows]
        meant = np.isin(clusters, list(terms))
        wanted = {
            key: terms[int(number)] for key, number in zip(ids[meant].tolist(), clusters[meant].tolist(), strict=True)
        }
        matched += len(wanted)
        if not wanted:
            continue
        done = assign_terms(connection, wanted, layer=one.layer, user_id=user_id, label="Set the classes from clusters")
        changed += done.changed
        locked += done.locked
        if done.applied is not None:
            images += 1
            announcer.applied(connection, done.applied)
    if matched == 0:
        raise InvalidInputError("No object is in these clusters. Find clusters first, or choose others.")
    return Named(changed, locked, images)
