"""The torch side: networks, losses, the loop and its checkpoints, export."""

from pathlib import Path

import numpy as np
import pytest
import torch

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning._torch.export import Inference, export_onnx, state_of_onnx
from cytoloop.learning._torch.losses import total_loss
from cytoloop.learning._torch.networks import build_network, parameter_count
from cytoloop.learning._torch.training import Plan, Progress, Training, schedule
from cytoloop.learning.inference.session import OnnxNetwork
from cytoloop.learning.training.configuration import Configuration, Optimisation
from cytoloop.learning.training.dataset import Example
from cytoloop.learning.training.samples import SampleStream

SMALL = {"widths": [8, 8], "blocks": [1, 1]}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")


def configuration(**values: object) -> Configuration:
    return Configuration.model_validate(
        {
            "network": SMALL,
            "views": {"size": 64},
            "optimisation": {"steps": 6, "batch": 2, "warm_up_steps": 2},
            **values,
        }
    )


@pytest.fixture
def stream() -> SampleStream:
    labels = np.zeros((80, 80), np.int32)
    labels[20:40, 20:45] = 1
    labels[50:70, 40:60] = 2
    image = (30 + 180 * (labels > 0)).astype(np.uint8)
    return SampleStream([Example("a", image, labels)], [0], configuration())


@pytest.mark.parametrize(
    "network", [SMALL, {"widths": [8, 16, 16, 24], "blocks": [1, 1, 2, 1]}, {"kind": "unet", "filters": 4, "depth": 2}]
)
def test_networks_give_a_map_for_every_channel_at_full_size(network: dict[str, object]) -> None:
    built = build_network(Configuration.model_validate({"network": network}).network, 5).eval()

    with torch.inference_mode():
        assert built(torch.zeros(2, 3, 64, 96)).shape == (2, 5, 64, 96)


def test_the_general_network_is_small() -> None:
    assert 1.5e6 < parameter_count(build_network(Configuration.model_validate({}).network, 2)) < 2.5e6


@pytest.mark.parametrize(
    "heads", [("foreground", "distance"), ("foreground", "flows"), ("foreground", "star"), ("classes",)]
)
def test_the_loss_of_the_truth_is_lower_than_that_of_anything_else(heads: tuple[str, ...]) -> None:
    chosen = configuration(heads=heads)
    rng = np.random.default_rng(0)
    targets = torch.from_numpy(rng.random((1, chosen.channels, 16, 16)).astype(np.float32) > 0.5).float()
    if heads == ("classes",):
        targets[:, 1] = 1 - targets[:, 0]
    weight = torch.ones(1, 1, 16, 16)
    raw = targets.clone()
    raw[:, :1] = (targets[:, :1] - 0.5) * 20
    if heads == ("classes",):
        raw = (targets - 0.5) * 20

    right = total_loss(raw, targets, weight, chosen)
    wrong = total_loss(1 - raw, targets, weight, chosen)

    assert set(right) == set(heads)
    for head in heads:
        assert right[head] < 0.1 * wrong[head]


def test_what_is_not_known_has_no_part_in_the_loss() -> None:
    chosen = configuration()
    targets, weight = torch.zeros(1, 2, 16, 16), torch.zeros(1, 1, 16, 16)

    found = total_loss(torch.full((1, 2, 16, 16), 9.0), targets, weight, chosen)

    assert float(found["distance"]) == 0
    assert float(found["foreground"]) < 0.51


def test_the_rate_rises_and_falls() -> None:
    settings = Optimisation.model_validate({"steps": 100, "warm_up_steps": 10})

    rates = [schedule(step, settings) for step in range(100)]

    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1.0)
    assert rates[-1] < 0.02


def test_a_training_learns(stream: SampleStream) -> None:
    losses: list[float] = []

    def note(progress: Progress) -> None:
        losses.append(progress.loss)

    longer = configuration(optimisation={"steps": 30, "batch": 2, "warm_up_steps": 2})
    Training(longer, stream, plan=Plan(loaders=0, report_every=5, threads=1)).run(note)

    assert losses[-1] < 0.8 * losses[0]


def test_a_training_that_was_ended_goes_on_to_the_same_weights(stream: SampleStream, tmp_path: Path) -> None:
    whole = Training(configuration(), stream, plan=Plan(loaders=0, threads=1)).run()
    path = tmp_path / "checkpoint.pt"
    seen = 0

    def after_three() -> bool:
        nonlocal seen
        seen += 1
        return seen == 3

    first = Training(configuration(), stream, plan=Plan(path, loaders=0, threads=1, stop=after_three))
    first.run()
    second = Training(configuration(), stream, plan=Plan(path, loaders=0, threads=1))

    assert second.step == 3
    resumed = second.run()
    for name, value in whole.items():
        assert torch.allclose(value.float(), resumed[name].float(), atol=1e-5), name


def test_a_checkpoint_of_another_configuration_is_refused(stream: SampleStream, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    Training(configuration(), stream, plan=Plan(path, loaders=0, threads=1)).run()

    with pytest.raises(InvalidInputError, match="another configuration"):
        Training(configuration(seed=7), stream, plan=Plan(path, loaders=0))


@pytest.mark.parametrize("network", [SMALL, {"kind": "unet", "filters": 4, "depth": 2}])
def test_export_gives_the_same_maps_and_the_weights_back(tmp_path: Path, network: dict[str, object]) -> None:
    chosen = configuration(network=network)
    built = build_network(chosen.network, chosen.channels)
    path = tmp_path / "weights.onnx"

    export_onnx(built.state_dict(), chosen, path)

    picture = torch.rand(1, 3, 64, 80)
    with torch.inference_mode():
        wanted = Inference(built, chosen).eval()(picture).numpy()
    assert np.abs(OnnxNetwork(path, threads=1)(picture.numpy()) - wanted).max() < 5e-3
    back = state_of_onnx(path, chosen)
    for name, value in built.state_dict().items():
        assert torch.allclose(back[name].float(), value.float(), atol=1e-3), name


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    chosen = configuration()
    path = tmp_path / "weights.onnx"
    export_onnx(build_network(chosen.network, chosen.channels).state_dict(), chosen, path)

    with pytest.raises(InvalidInputError, match="does not hold the weights"):
        state_of_onnx(path, configuration(network={"kind": "unet", "filters": 4, "depth": 2}))
