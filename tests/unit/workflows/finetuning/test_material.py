"""From marks on a plane to labels."""

import numpy as np
import shapely

from cytoloop.core.geometry import Box
from cytoloop.learning.training.incomplete import UNKNOWN
from cytoloop.workflows.finetuning.material import Marks, labels_of
from cytoloop.workflows.finetuning.plan import Unmarked

BOX = Box(100, 50, 160, 90)
CELL = shapely.box(110, 60, 120, 70)


def labels(unmarked: Unmarked = Unmarked.UNKNOWN, **marks: list[shapely.Polygon]) -> np.ndarray:
    return labels_of(Marks(**({"objects": [], "empty": [], "complete": []} | marks)), BOX, unmarked)


def test_objects_are_drawn_where_they_lie_in_the_box() -> None:
    found = labels(objects=[CELL])
    assert found.shape == (40, 60)
    assert (found[10:20, 10:20] == 1).all()
    assert (found == 1).sum() == 100
    assert (found[found != 1] == UNKNOWN).all()


def test_without_doubt_everything_else_is_background() -> None:
    assert set(np.unique(labels(Unmarked.BACKGROUND, objects=[CELL])).tolist()) == {0, 1}


def test_rejected_objects_and_complete_areas_are_background() -> None:
    found = labels(objects=[CELL], empty=[shapely.box(130, 60, 140, 70)], complete=[shapely.box(105, 55, 125, 75)])
    assert (found[10:20, 30:40] == 0).all()
    assert (found[5:10, 5:25] == 0).all()
    assert (found[10:20, 10:20] == 1).all()
    assert found[35, 55] == UNKNOWN


def test_a_second_outline_of_the_same_thing_replaces_the_first() -> None:
    found = labels(objects=[CELL, shapely.box(111, 60, 121, 70)])
    assert set(np.unique(found).tolist()) == {UNKNOWN, 2}
    assert (found == 2).sum() == 100


def test_an_object_that_others_only_touch_stays() -> None:
    found = labels(objects=[CELL, shapely.box(117, 60, 127, 70)])
    assert ((found == 1).sum(), (found == 2).sum()) == (70, 100)


def test_an_object_at_the_border_is_not_taken_for_a_covered_one() -> None:
    found = labels(objects=[shapely.box(90, 60, 105, 70)])
    assert (found == 1).sum() == 50
