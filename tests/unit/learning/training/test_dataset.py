from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from cytoloop.core.errors import InvalidInputError, NotFoundError
from cytoloop.learning.training.dataset import (
    Pair,
    Split,
    median_diameter,
    pairs_in,
    read_example,
    split_named,
    standard_split,
    without_types,
)


def write_pair(folder: Path, name: str, image: np.ndarray, labels: np.ndarray) -> Pair:
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "labels").mkdir(exist_ok=True)
    cv2.imwrite(str(folder / "images" / f"{name}.png"), image)
    tifffile.imwrite(folder / "labels" / f"{name}.labels.tif", labels)
    return Pair(name, folder / "images" / f"{name}.png", folder / "labels" / f"{name}.labels.tif")


def test_pairs_are_found_by_stem_and_read_as_rgb(tmp_path: Path) -> None:
    picture = np.zeros((8, 9, 3), np.uint8)
    picture[..., 2] = 200  # red, as OpenCV writes it
    write_pair(tmp_path, "a", picture, np.eye(8, 9, dtype=np.uint16))

    (pair,) = pairs_in(tmp_path)
    example = read_example(pair)

    assert pair.name == "a"
    assert example.image[0, 0].tolist() == [200, 0, 0]
    assert example.labels.dtype == np.int32


def test_colourless_pictures_become_gray(tmp_path: Path) -> None:
    pair = write_pair(tmp_path, "a", np.full((8, 9, 3), 7, np.uint8), np.zeros((8, 9), np.uint8))

    assert read_example(pair).image.shape == (8, 9)


def test_labels_of_another_size_are_told_with_both_sizes(tmp_path: Path) -> None:
    pair = write_pair(tmp_path, "a", np.zeros((8, 9), np.uint8), np.zeros((8, 10), np.uint8))

    with pytest.raises(InvalidInputError, match=r"a\.png has 9 x 8 px and its labels 10 x 8"):
        read_example(pair)


def test_an_image_without_labels_is_named(tmp_path: Path) -> None:
    write_pair(tmp_path, "a", np.zeros((8, 9), np.uint8), np.zeros((8, 9), np.uint8))
    cv2.imwrite(str(tmp_path / "images" / "b.png"), np.zeros((8, 9), np.uint8))

    with pytest.raises(InvalidInputError, match=r"b\.png has no labels"):
        pairs_in(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_a_damaged_picture_is_named(tmp_path: Path, content: bytes) -> None:
    pair = write_pair(tmp_path, "a", np.zeros((8, 9), np.uint8), np.zeros((8, 9), np.uint8))
    pair.image.write_bytes(content)

    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_example(pair)


def test_fractions_are_no_labels(tmp_path: Path) -> None:
    pair = write_pair(tmp_path, "a", np.zeros((8, 9), np.uint8), np.zeros((8, 9), np.float32))

    with pytest.raises(InvalidInputError, match="whole numbers"):
        read_example(pair)


def test_a_folder_that_is_no_dataset_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="'images'"):
        pairs_in(tmp_path)


def test_the_standard_split_holds_out_the_last_fifth_of_each_first_letter() -> None:
    names = [f"{letter}{number:02}" for letter in "ab" for number in range(10)]

    split = standard_split(names)

    assert split.validation == ("a08", "a09", "b08", "b09")
    assert set(split.training) | set(split.validation) == set(names)
    assert not set(split.training) & set(split.validation)


def test_the_shared_images_are_split_as_everywhere(shared_data: Path) -> None:
    split = standard_split(pair.name for pair in pairs_in(shared_data / "dsb2018"))

    assert (len(split.training), len(split.validation)) == (525, 139)


def test_names_without_a_common_letter_are_split_too() -> None:
    split = standard_split(["a", "b", "c", "d", "e", "f"])

    assert split.validation == ("e", "f")
    assert standard_split(["a"]).validation == ()


def test_types_can_be_held_out() -> None:
    types = {"a": 0, "b": 1, "c": 2}

    assert without_types(types, {1, 2}).training == ("a",)
    assert split_named("without-type:1,2", types).validation == ("b", "c")
    assert split_named("all", types).validation == ()
    assert split_named("all:0,2", types).training == ("a", "c")
    assert split_named("standard:1,2", types) == Split(("b",), ("c",))
    with pytest.raises(InvalidInputError, match="no split"):
        split_named("some", types)


def test_the_median_diameter_is_that_of_discs_of_the_areas() -> None:
    labels = np.zeros((40, 40), np.int32)
    labels[:10, :10] = 1
    labels[20:30, 20:30] = 5

    assert median_diameter(labels) == pytest.approx(np.sqrt(400 / np.pi))
    assert median_diameter(np.zeros((4, 4), np.int32)) is None
