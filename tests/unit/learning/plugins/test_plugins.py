"""Plug-ins without their packages; scripts/plugin-test runs them with the real ones."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning import registry
from cytoloop.learning.method import Pixels
from cytoloop.learning.plugins import cellpose, inputs, instanseg, stardist

ADAPTERS: list[Any] = [cellpose.METHOD, stardist.METHOD, instanseg.METHOD]


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch):
    """``announced(value, ...)``: the registry's methods if these entry points were all there are."""

    def methods(*values: str) -> dict[str, Any]:
        entries = [EntryPoint(str(number), value, registry.GROUP) for number, value in enumerate(values)]
        monkeypatch.setattr(registry, "entry_points", lambda group: entries)
        return registry._plugins.__wrapped__()

    return methods


def test_a_plug_in_without_its_package_is_not_offered(announced: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    value = "cytoloop.learning.plugins.cellpose:METHOD"
    monkeypatch.setattr(cellpose, "is_installed", lambda package: False)
    assert announced(value) == {}
    monkeypatch.setattr(cellpose, "is_installed", lambda package: True)
    assert set(announced(value)) == {"cellpose"}


def test_a_plug_in_that_cannot_be_imported_takes_no_other_away(
    announced: Any, caplog: pytest.LogCaptureFixture
) -> None:
    good = "cytoloop.learning.classical.threshold:METHOD"
    assert set(announced("nowhere.at.all:METHOD", good)) == {"threshold"}
    assert "nowhere.at.all" in caplog.text


def test_looking_for_packages_imports_none_of_them() -> None:
    for one in ADAPTERS:
        assert isinstance(one.available, bool)
        assert one.parameters.model_json_schema()["properties"]["weights"]["default"] == ""
    assert not {"cellpose", "stardist", "instanseg", "tensorflow"} & set(sys.modules)


@pytest.mark.parametrize("method", ADAPTERS, ids=lambda one: one.name)
def test_without_weights_nothing_runs(method: Any, tmp_path: Path) -> None:
    pixels = Pixels(np.zeros((8, 8, 1), np.uint8), rgb=False)
    for weights, told in (("", "needs weights"), (str(tmp_path / "none.pt"), "There are no weights")):
        parameters = method.parameters(weights=weights)
        with pytest.raises(InvalidInputError, match=told):
            method.segment(pixels, parameters, method.calibrate(pixels, parameters))


@pytest.mark.parametrize("shape", [(0, 0), (0, 7), (7, 0)])
@pytest.mark.parametrize("method", ADAPTERS, ids=lambda one: one.name)
def test_no_pixels_no_objects(method: Any, shape: tuple[int, int]) -> None:
    pixels = Pixels(np.zeros((*shape, 1), np.uint8), rgb=False)
    found = method.segment(pixels, method.parameters(), method.calibrate(pixels, method.parameters()))
    assert (found.labels.shape, len(found.scores)) == (shape, 0)


def test_labels_of_any_numbering_become_ours() -> None:
    labels = np.array([[0, 2, 2, 9], [5, 5, 0, 9], [5, 0, 0, 9]])
    scores = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.9])
    found = inputs.instances_of(labels, scores, (3, 3))
    assert found.labels.tolist() == [[0, 1, 1], [2, 2, 0], [2, 0, 0]]
    assert found.scores.tolist() == [0.2, 0.5]
    full = inputs.instances_of(np.array([[4, 4]]), scores, (1, 2))
    assert (full.labels.tolist(), full.scores.tolist()) == ([[1, 1]], [0.4])


def test_means_belong_to_their_labels() -> None:
    labels = np.array([[0, 1, 1], [3, 3, 3]])
    assert inputs.mean_scores(labels, np.array([[9, 0, 1], [1, 1, 0.4]])).tolist() == pytest.approx([0.5, 0.0, 0.8])


def test_pictures_of_tiles_are_alike(ellipses: Any) -> None:
    image = (ellipses((64, 64), 12, 9) > 0).astype(np.uint16)[..., None] * 900 + 100
    pixels = Pixels(image, rgb=False)
    calibration = inputs.calibrated(pixels, "auto")
    whole = inputs.picture_of(pixels, calibration.values)
    tile = inputs.picture_of(Pixels(image[:20, :30], rgb=False), calibration.values)
    assert (whole[:20, :30] == tile).all()
    assert whole.shape == (64, 64, 3)
    assert inputs.enlarged(tile).shape == (64, 64, 3)


def test_cellpose_takes_no_weights_that_it_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    models = ModuleType("models")
    models.MODEL_NAMES = ["cpsam"]  # pyright: ignore[reportAttributeAccessIssue]
    models.get_user_models = list  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setattr(cellpose, "import_module", lambda name: models)
    pixels = Pixels(np.zeros((8, 8, 1), np.uint8), rgb=False)
    parameters = cellpose.CellposeParameters(weights="cpsma")
    with pytest.raises(InvalidInputError, match="It knows: cpsam"):
        cellpose.METHOD.segment(pixels, parameters, cellpose.METHOD.calibrate(pixels, parameters))


def test_stardist_says_which_names_it_does_not_know(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    unknowing = SimpleNamespace(StarDist2D=SimpleNamespace(from_pretrained=lambda name: None))
    monkeypatch.setattr(stardist, "import_module", lambda name: unknowing)
    for weights, told in (("2D_none", "knows no model"), (str(tmp_path), "config.json")):
        with pytest.raises(InvalidInputError, match=told):
            stardist._model(weights)
