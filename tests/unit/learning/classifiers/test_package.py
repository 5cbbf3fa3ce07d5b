"""Packages of classifiers: written, read, and refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
import yaml

from cytoloop.core.errors import CytoloopError, InvalidInputError
from cytoloop.core.geometry import Box
from cytoloop.learning.classifiers.configuration import Configuration
from cytoloop.learning.classifiers.package import ClassifierPackage, NewClassifier, read_classifier, write_classifier
from cytoloop.learning.classifiers.predictor import classify, load
from cytoloop.learning.classifiers.specification import FeatureSpec
from cytoloop.learning.classifiers.training import LabelledObjects, train
from cytoloop.learning.classifiers.trial import require_runnable
from cytoloop.learning.packages.tabular import KnownClass

SPEC = FeatureSpec("channels", 1, "px")


def made(folder: Path, **changes: Any) -> ClassifierPackage:
    """A classifier of dark and light squares, trained on random features around two values of the mean."""
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1, (40, len(SPEC.names))).astype(np.float32)
    truth = np.arange(40) % 2
    values[:, SPEC.names.index("channel_0_mean")] = np.where(truth, 200, 20) + rng.normal(0, 3, 40)
    values[:, SPEC.names.index("channel_0_median")] = np.where(truth, 200, 20)
    labelled = LabelledObjects(values, truth, np.arange(40) % 4, 2, np.zeros(40, bool))
    trained = train(labelled, Configuration(trees=40))
    new = NewClassifier(
        title="Squares | dark & light",
        classes=(KnownClass("Dark", "#000000"), KnownClass("Hell, größer", "#ffffff")),
        spec=SPEC,
        weights=changes.get("weights", trained.weights),
        committee=trained.committee,
        test_input=values[:4],
        test_output=np.eye(2, dtype=np.float32)[truth[:4]],
        card="# Card",
        record={"scores": {"held_out": trained.scores["held_out"].as_json()}},
    )
    return write_classifier(folder / "squares", new)


def test_what_was_written_is_read_and_works(tmp_path: Path) -> None:
    package = made(tmp_path)
    again = read_classifier(package.folder)
    assert again == package
    assert [one.name for one in again.classes] == ["Dark", "Hell, größer"]
    assert len(again.committee) == 4
    assert not list(tmp_path.rglob("*.pkl"))
    assert not list(tmp_path.rglob("*.joblib"))
    require_runnable(package.folder)


def test_objects_of_a_tile_get_probabilities(tmp_path: Path) -> None:
    predictor = load(made(tmp_path))
    picture = np.full((1, 60, 100), 100, np.uint8)
    picture[0, 20:40, 20:40], picture[0, 20:40, 60:80] = 20, 200

    def read(box: Box) -> np.ndarray:
        return picture[:, int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]

    shapes = [shapely.box(20, 20, 40, 40), shapely.box(60, 20, 80, 40), shapely.box(500, 500, 510, 510)]
    found = classify(predictor, shapes, read, extent=(100, 60))
    assert found.shape == (3, 2)
    assert found[0, 0] > 0.5 < found[1, 1]
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
    assert classify(predictor, [], read, extent=(100, 60)).shape == (0, 2)


def rewritten(package: ClassifierPackage, change: Any) -> Path:
    path = package.folder / "bioimageio.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(yaml.safe_dump(content))
    return package.folder


BAD: dict[str, tuple[Any, str]] = {
    "no classifier": (lambda c: c["config"].pop("cytoloop"), "no classifier of objects"),
    "a model that segments": (lambda c: c["config"]["cytoloop"].update(task="instances"), "no classifier of objects"),
    "config is a list": (lambda c: c.update(config=[1]), "no classifier of objects"),
    "one class": (lambda c: c["config"]["cytoloop"].update(classes=[{"name": "A"}]), "classes"),
    "a class twice": (lambda c: c["config"]["cytoloop"].update(classes=[{"name": "A"}, {"name": "A"}]), "twice"),
    "a colour that is none": (
        lambda c: c["config"]["cytoloop"].update(classes=[{"name": "A", "color": "url(x)"}, {"name": "B"}]),
        "color",
    ),
    "features of a later version": (lambda c: c["config"]["cytoloop"]["features"].update(version=9), "version"),
    "a member elsewhere": (lambda c: c["config"]["cytoloop"].update(committee=["../../x.onnx"]), "not in the package"),
    "too many members": (lambda c: c["config"]["cytoloop"].update(committee=["weights.onnx"] * 99), "committee"),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_descriptions_are_refused(tmp_path: Path, name: str) -> None:
    change, message = BAD[name]
    folder = rewritten(made(tmp_path), change)
    with pytest.raises(InvalidInputError, match=message):
        read_classifier(folder)


def test_a_network_of_other_classes_or_features_is_refused_before_use(tmp_path: Path) -> None:
    package = made(tmp_path)
    three = [{"name": "A"}, {"name": "B"}, {"name": "C"}]
    folder = rewritten(package, lambda c: c["config"]["cytoloop"].update(classes=three))
    with pytest.raises(InvalidInputError, match="numbers for a row instead of 3"):
        require_runnable(folder)
    folder = rewritten(package, lambda c: c["config"]["cytoloop"]["features"].update(channels=2))
    with pytest.raises(InvalidInputError):
        require_runnable(folder)


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    package = made(tmp_path)
    package.weights.write_bytes(package.weights.read_bytes()[:1000])
    with pytest.raises(CytoloopError):
        require_runnable(package.folder)
    package.weights.unlink()
    with pytest.raises(InvalidInputError, match="not in the package"):
        read_classifier(package.folder)


def test_a_link_in_the_place_of_weights_is_refused(tmp_path: Path) -> None:
    package = made(tmp_path)
    moved = package.weights.rename(tmp_path / "elsewhere.onnx")
    package.weights.symlink_to(moved)
    with pytest.raises(InvalidInputError, match="not in the package"):
        read_classifier(package.folder)
