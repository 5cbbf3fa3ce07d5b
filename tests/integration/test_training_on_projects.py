"""Classifiers that the command line trains from a project's labels, and applies to files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner, Result

from cytoloop.cli.main import program
from cytoloop.core.errors import CytoloopError

from .conftest import running
from .driver import tiff_bytes
from .lab import Lab, dotted
from .test_imageclasses import Collection, picture


def call(*arguments: object) -> Result:
    return CliRunner().invoke(program(), [str(one) for one in arguments])


def train(project: str, home: Path, out: Path, *more: object) -> Result:
    return call("train", "--task", "classify", "--project", project, "--home", home, "--out", out, *more)


def named(folder: Path, *arguments: object) -> list[dict[str, Any]]:
    done = call("classify", *arguments, "--out", folder, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_labelled_objects_of_a_project_make_a_classifier_for_objects_in_files(tmp_path: Path) -> None:
    home, packed = tmp_path / "home", tmp_path / "kinds.zip"
    with running(home) as (api, _):
        lab = Lab(api)
        for layer in (0, 1):
            lab.label(layer, lab.ids[layer])
        made = train(lab.project, home, packed)
    assert made.exit_code == 0, made.output
    content, spots = dotted(7)
    (tmp_path / "new.tif").write_bytes(content)
    labels = np.zeros((256, 256), np.uint16)
    for number, (x, y, _) in enumerate(spots, start=1):
        labels[y : y + 12, x : x + 12] = number
    (tmp_path / "objects").mkdir()
    tifffile.imwrite(tmp_path / "objects/new.labels.tif", labels)
    (found,) = named(tmp_path / "found", tmp_path / "new.tif", "--model", packed, "--objects", tmp_path / "objects")
    rows = (tmp_path / "found/new.classes.csv").read_text().splitlines()[1:]
    classes = [row.split(",")[3] for row in rows]
    right = [given == ("Bright" if bright else "Dull") for given, (_, _, bright) in zip(classes, spots, strict=True)]
    assert found["objects"] == len(spots)
    assert np.mean(right) > 0.9


def test_images_with_a_class_make_a_classifier_for_whole_images(tmp_path: Path) -> None:
    home, packed = tmp_path / "home", tmp_path / "kinds.zip"
    with running(home) as (api, _):
        collection = Collection(api, 16)
        api.ok(collection.give(dict(list(collection.truth.items())[:14])))
        made = train(collection.project, home, packed, "--of", "images")
    assert made.exit_code == 0, made.output
    rng = np.random.default_rng(3)
    files = [tmp_path / f"{kind}-{number}.tif" for number in range(4) for kind in ("striped", "spotted")]
    for file in files:
        file.write_bytes(tiff_bytes(picture(rng, file.name.startswith("striped"))))
    found = named(tmp_path / "found", *files, "--model", packed)
    classes = [next(name for name, count in one["classes"].items() if count) for one in found]
    assert classes == ["Striped", "Spotted"] * 4


@pytest.mark.parametrize("arguments", [(), ("--of", "images")])
def test_a_project_without_labels_is_told_what_it_lacks(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    home = tmp_path / "home"
    with running(home) as (api, _):
        project = Lab(api, images=1).project
        done = train(project, home, tmp_path / "kinds.zip", *arguments)
    assert isinstance(done.exception, CytoloopError)
    assert "in each of 2 classes that people gave" in done.exception.message
    assert not (tmp_path / "kinds.zip").exists()


def test_neither_a_folder_nor_a_project_or_both_is_an_error(tmp_path: Path) -> None:
    done = call("train", "--task", "classify", tmp_path, "--project", "x", "--out", tmp_path / "kinds.zip")
    assert isinstance(done.exception, CytoloopError)
    assert "either" in done.exception.message
