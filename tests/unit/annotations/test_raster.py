import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cytoloop.annotations.raster import labels_to_polygons, polygons_to_labels

label_images = arrays(np.int32, st.tuples(st.integers(1, 14), st.integers(1, 14)), elements=st.integers(0, 4))


@given(label_images)
def test_labels_survive_the_way_to_polygons_and_back(labels: np.ndarray) -> None:
    names, polygons = labels_to_polygons(labels)
    assert names.tolist() == sorted(set(labels.ravel().tolist()) - {0})
    back = polygons_to_labels(polygons, labels.shape, values=names.tolist())
    assert (back == labels).all()


@given(label_images)
def test_a_polygon_has_the_area_of_its_pixels_and_is_valid(labels: np.ndarray) -> None:
    names, polygons = labels_to_polygons(labels, x0=7, y0=3)
    for name, polygon in zip(names, polygons, strict=True):
        assert polygon.area == (labels == name).sum()
        assert polygon.is_valid
        assert polygon.bounds[0] >= 7
        assert polygon.bounds[1] >= 3


def test_lines_and_points_have_no_pixels() -> None:
    assert polygons_to_labels([shapely.Point(1, 1), shapely.LineString([(0, 0), (3, 3)])], (4, 4)).sum() == 0
