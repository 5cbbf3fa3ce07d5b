"""The landmarks of a project: which classes they are, and which distances and angles between them are measured."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from cytoloop.storage.locks import Held, hold

from .tables import landmark_plan


@dataclass(frozen=True, slots=True)
class LandmarkMeasure:
    """A distance between two landmarks, or the angle at the second of three; landmarks are classes by their id."""

    name: str
    term_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LandmarkPlan:
    """``term_ids`` in the order in which landmarks are placed."""

    term_ids: tuple[int, ...] = ()
    measures: tuple[LandmarkMeasure, ...] = ()

    def among(self, known: Sequence[int]) -> "LandmarkPlan":
        """What of the plan concerns classes that are still there."""
        there = set(known)
        measures = (one for one in self.measures if there.issuperset(one.term_ids))
        return LandmarkPlan(tuple(one for one in self.term_ids if one in there), tuple(measures))


def find_plan(connection: Connection, project_id: int) -> LandmarkPlan | None:
    """What the project's people chose; ``None`` while they have not."""
    query = select(landmark_plan.c.term_ids, landmark_plan.c.measures).where(landmark_plan.c.project_id == project_id)
    row = connection.execute(query).first()
    if row is None:
        return None
    measures = (LandmarkMeasure(one["name"], tuple(one["term_ids"])) for one in row.measures)
    return LandmarkPlan(tuple(row.term_ids), tuple(measures))


def store_plan(connection: Connection, project_id: int, plan: LandmarkPlan) -> None:
    """Put a plan in the place of the last one."""
    hold(connection, Held.PROJECT, project_id)
    connection.execute(delete(landmark_plan).where(landmark_plan.c.project_id == project_id))
    measures = [{"name": one.name, "term_ids": list(one.term_ids)} for one in plan.measures]
    values = {"project_id": project_id, "term_ids": list(plan.term_ids), "measures": measures}
    connection.execute(insert(landmark_plan).values(**values))
