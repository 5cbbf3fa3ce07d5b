"""Tables of points: what is read, what is refused, and what a training from a folder needs."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.landmarks.configuration import LandmarkConfiguration
from cytoloop.workflows.landmarks.files import (
    PlacedLandmark,
    read_points,
    shapes_of_points,
    train_landmarks_on_folder,
    write_points,
)
from cytoloop.workflows.landmarks.measures import measure_table, parsed_measure

GOOD = "image,name,x,y\na.png,eye,10,12\na.png,tail,20,5\nb.png,eye,11,12.5\n"


def table(folder: Path, text: str) -> Path:
    path = folder / "points.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_points_go_through_a_file(tmp_path: Path) -> None:
    points = [PlacedLandmark("a.png", "eye", 1.25, 2.5), PlacedLandmark("b.png", "=cmd", 3, 4, 0.75)]
    write_points(tmp_path / "points.csv", points)
    assert "'=cmd" in (tmp_path / "points.csv").read_text()
    assert read_points(tmp_path / "points.csv") == points
    assert len(read_points(table(tmp_path, "\ufeff" + GOOD.replace(",y", ", y ,more")))) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,label,x,y\na,eye,1,2\n", "has no column name. It needs image, name, x, y; it has: image, label, x, y"),
        ("", "points.csv is empty"),
        ("image,name,x,y\n", "has no points"),
        ("image,name,x,y\na,eye,one,2\n", "line 2: x is 'one', which is no number"),
        ("image,name,x,y\na,eye,nan,2\n", "line 2: x is 'nan', which is no number"),
        ("image,name,x,y\na,eye,1\n", "line 2: y is None, which is no number"),
        ("image,name,x,y\na,,1,2\n", "line 2: there must be an image, and a name"),
        ("image,name,x,y\na,eye,1,2\na,eye,3,4\n", "line 3: a has the landmark 'eye' twice"),
    ],
)
def test_a_table_that_is_wrong_says_where(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_points(table(tmp_path, text))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("0,eye,9,9", "1,eye,9,9"), "on fewer is 'eye' (2)"),
        (("0,eye,9,9", "1,eye,9,9", "9,eye,9,9"), "There is no image 9 in"),
        (("0,eye,9,9", "1,eye,9,9", "2.png,eye,900,9"), "at 900, 9, outside of its 40 x 30 px"),
        (("0,eye,9,9", "1,eye,9,9", "tiny,eye,1,1"), "tiny has 3 x 3 px"),
        (("0,eye,9,9", "1,eye,9,9", "../2,eye,1,1"), "named by their file name alone"),
    ],
)
def test_a_folder_that_does_not_fit_the_table_is_refused(tmp_path: Path, rows: tuple[str, ...], message: str) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for name, shape in (("0", (30, 40)), ("1", (30, 40)), ("2", (30, 40)), ("tiny", (3, 3))):
        Image.fromarray(np.zeros(shape, np.uint8)).save(folder / f"{name}.png")
    points = table(tmp_path, "image,name,x,y\n" + "\n".join(rows))
    with pytest.raises(InvalidInputError) as caught:
        train_landmarks_on_folder(folder, points, tmp_path / "out", LandmarkConfiguration.model_validate({}))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "count", "message"),
    [
        ("eye", 2, "must name 2 landmarks"),
        ("eye:tail:eye", 3, "names a landmark twice"),
        ("eye:fin", 2, "There is no landmark 'fin'. There are: eye, tail"),
        ("eye:", 2, "must name 2 landmarks"),
    ],
)
def test_a_measure_that_cannot_be_is_refused(text: str, count: int, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        parsed_measure(text, count, ["eye", "tail"])


def test_measures_of_a_table(tmp_path: Path) -> None:
    points = read_points(table(tmp_path, GOOD))
    found = measure_table([parsed_measure("eye:tail", 2, ["eye", "tail"])], shapes_of_points(points, None))
    assert [(row.shape.image, row.state) for row in found.rows] == [("a.png", "placed"), ("b.png", "incomplete")]
    assert found.rows[0].values == (pytest.approx(np.hypot(10, 7)), None)
    assert found.as_arrow().column_names == ["image", "z", "t", "state", "eye – tail [px]", "eye – tail [um]"]
