"""Networks that tell crops apart: shapes, weights to begin with, losses, the loop and its checkpoints, export."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning._torch.classification.augmentation import augmented
from cytoloop.learning._torch.classification.export import export_classifier
from cytoloop.learning._torch.classification.networks import CropNetwork
from cytoloop.learning._torch.classification.start import begin
from cytoloop.learning._torch.classification.training import ClassTraining, Data, Point, class_weights, loss_of
from cytoloop.learning._torch.export import weights_in
from cytoloop.learning.classifiers.configuration import CropAugmentation, NetworkConfiguration
from cytoloop.learning.classifiers.cropclassifier import CropClassifier
from cytoloop.learning.classifiers.order import ClassOrder
from cytoloop.learning.registry import SHIPPED

ENCODER = SHIPPED / "nuclei" / "weights.onnx"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")


def settings(**values: Any) -> NetworkConfiguration:
    return NetworkConfiguration.model_validate({"side": 32, "epochs": 4, "batch": 8, **values})


def order(tmp_path: Path, configuration: NetworkConfiguration, **values: Any) -> ClassOrder:
    return ClassOrder(
        configuration=configuration,
        data=tmp_path,
        folder=tmp_path,
        encoder=ENCODER,
        **{"classes": ("Bright", "Dull"), **values},
    )


def bright_and_dull(count: int = 40) -> Data:
    rng = np.random.default_rng(0)
    truth = np.arange(count) % 2
    crops = rng.normal(0.2, 0.05, (count, 2, 32, 32)).astype(np.float32)
    crops[:, 0] += 0.4 * truth[:, None, None]
    crops[:, 1] = 1
    return Data(crops, truth.astype(np.int64), np.arange(count) % 5 == 0)


@pytest.mark.parametrize("planes", [1, 3, 6])
@pytest.mark.parametrize("learner", ["cnn", "encoder"])
def test_networks_take_any_number_of_planes_and_any_side(learner: str, planes: int) -> None:
    network = CropNetwork(settings(learner=learner), planes, 5).eval()
    with torch.inference_mode():
        for side in (32, 80):
            assert network(torch.rand(2, planes + 1, side, side)).shape == (2, 5)


def test_the_encoder_begins_with_the_shipped_weights_and_stays_where_frozen(tmp_path: Path) -> None:
    known = weights_in(ENCODER)
    for frozen in (True, False):
        configuration = settings(learner="encoder", frozen=frozen)
        network = CropNetwork(configuration, 1, 2)
        data = bright_and_dull()
        begin(network, order(tmp_path, configuration), data.crops)
        name = "encoder.3.1.first.0.weight"
        assert torch.equal(network.state_dict()[f"body.{name}"], known[name])
        best = ClassTraining(network, configuration, data).run()
        assert torch.equal(best[f"body.{name}"], known[name]) == frozen
        running = "encoder.3.1.first.1.running_mean"
        assert torch.equal(best[f"body.{running}"], known[running].reshape(-1)) == frozen


def test_a_network_learns_and_ends_by_itself() -> None:
    points: list[Point] = []
    configuration = settings(epochs=60, patience=3)
    training = ClassTraining(CropNetwork(configuration, 1, 2), configuration, bright_and_dull())
    training.run(points.append)
    assert points[training.best_epoch - 1].validation_accuracy == 1
    assert training.ended_by == "early stop"
    assert len(points) == training.best_epoch + 3 < 60
    assert [one.best for one in points[training.best_epoch :]] == [False] * 3


def test_the_same_seed_gives_the_same_network_also_after_a_checkpoint(tmp_path: Path) -> None:
    def trained(epochs: int, checkpoint: Path | None) -> dict[str, torch.Tensor]:
        torch.manual_seed(1)
        configuration = settings(epochs=4)
        training = ClassTraining(CropNetwork(configuration, 1, 2), configuration, bright_and_dull(), checkpoint)
        left = [epochs]

        def stop() -> bool:
            return training.epoch >= left[0]

        training._stop = stop
        training.run()
        if checkpoint is not None:
            training._save(checkpoint)
        return training.averaged

    whole = trained(4, None)
    path = tmp_path / "checkpoint.pt"
    trained(2, path)
    resumed = trained(4, path)
    assert all(torch.allclose(whole[name], resumed[name], atol=1e-6) for name in whole)
    other = settings(epochs=4, seed=9)
    with pytest.raises(InvalidInputError, match="another training"):
        ClassTraining(CropNetwork(other, 1, 2), other, bright_and_dull(), path)


def test_losses_weigh_classes_and_forgive_what_is_known() -> None:
    truth = np.array([0] * 9 + [1])
    weights = class_weights(truth, 2, settings())
    assert weights.tolist() == pytest.approx([10 / 18, 5.0])
    assert class_weights(truth, 2, settings(balanced=False)).tolist() == [1, 1]
    logits = torch.tensor([[4.0, 0.0], [0.2, 0.0]])
    plain, focal = (
        [
            float(loss_of(logits[i : i + 1], torch.tensor([0]), torch.ones(2), settings(loss=name, label_smoothing=0)))
            for i in (0, 1)
        ]
        for name in ("cross-entropy", "focal")
    )
    assert focal[0] / plain[0] < 0.01 < focal[1] / plain[1]


def test_changes_leave_shape_and_nothing_where_they_are_off() -> None:
    crops = torch.rand(4, 3, 32, 32)
    off = CropAugmentation(flips=False, rotation_degrees=0, scale=0, shift=0, intensity=0, noise=0, blur=0)
    generator = torch.Generator().manual_seed(0)
    assert torch.equal(augmented(crops, off, generator), crops)
    changed = augmented(crops, CropAugmentation.model_validate({}), generator)
    assert changed.shape == crops.shape
    assert torch.isfinite(changed).all()
    assert not torch.allclose(changed, crops)


@pytest.mark.parametrize("learner", ["cnn", "encoder"])
def test_both_files_give_what_the_network_gives_and_training_goes_on_from_them(tmp_path: Path, learner: str) -> None:
    configuration = settings(learner=learner, frozen=False, epochs=2, own_range=False)
    data = bright_and_dull()
    network = CropNetwork(configuration, 1, 2)
    begin(network, order(tmp_path, configuration), data.crops)
    assert float(network.span) > 0.3
    network.load_state_dict(ClassTraining(network, configuration, data).run())
    export_classifier(network, 32, tmp_path)
    crops = data.crops[:6]
    with torch.inference_mode():
        expected = torch.softmax(network.eval()(torch.from_numpy(crops)), 1).numpy()
        traced, vectors = torch.jit.load(tmp_path / "weights.pt")(torch.from_numpy(crops))
    seen = CropClassifier(tmp_path / "weights.onnx", 2).look(crops)
    np.testing.assert_allclose(seen.probabilities, expected, atol=1e-4)
    np.testing.assert_allclose(seen.probabilities, traced.numpy(), atol=1e-4)
    np.testing.assert_allclose(seen.vectors, vectors.numpy(), atol=1e-3)

    again = CropNetwork(configuration, 1, 3)
    path = tmp_path / "weights.onnx"
    later = order(
        tmp_path, configuration, classes=("New", "Dull", "Bright"), earlier=path, earlier_classes=("Bright", "Dull")
    )
    begin(again, later, data.crops)
    was, now = network.state_dict(), again.state_dict()
    assert torch.equal(now["head.weight"][1], was["head.weight"][1])
    assert torch.equal(now["head.weight"][2], was["head.weight"][0])
    assert all(torch.equal(now[name], was[name]) for name in was if name.startswith("body") and "tracked" not in name)
    with pytest.raises(InvalidInputError, match="does not fit"):
        begin(CropNetwork(configuration, 4 if learner == "cnn" else 7, 2), later, data.crops)


def test_an_order_survives_a_file(tmp_path: Path) -> None:
    made = order(tmp_path, settings(learner="encoder"))
    assert ClassOrder.model_validate(json.loads(made.model_dump_json())) == made
