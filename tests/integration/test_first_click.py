"""The shipped model on the shipped samples, as people start: no torch, no network, nothing to set."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

import cytoloop
from cytoloop.exchange.labels import read_label_stack
from cytoloop.learning.method import Pixels, parse_parameters
from cytoloop.learning.networkmethod import NetworkMethod
from cytoloop.learning.packages.checking import check_package
from cytoloop.learning.registry import MethodRegistry
from cytoloop.learning.training.dataset import pairs_in, read_example, standard_split
from cytoloop.learning.training.scoring import score_method

SAMPLES = Path(cytoloop.__file__).parent / "samples"
BARE = """
import socket, sys
sys.modules.update(torch=None, torchvision=None, onnx=None, onnxscript=None)
def refuse(*_, **__): raise OSError("no network")
socket.socket.connect = socket.create_connection = refuse
from cytoloop.cli.main import main
main()
"""


def test_without_torch_and_network(tmp_path: Path) -> None:
    environment = os.environ | {
        "PYTHONPATH": str(Path(cytoloop.__file__).parents[1]),
        "CYTOLOOP_HOME": str(tmp_path / "home"),
    }
    images = [SAMPLES / "fluorescence-nuclei.png", SAMPLES / "hela-cells.tif"]
    subprocess.run(
        [
            sys.executable, "-c", BARE, "segment", *map(str, images), "--model", "nuclei", "--out", str(tmp_path),
            "--workers", "1",
        ],
        env=environment,
        check=True,
        timeout=280,
    )  # fmt: skip

    assert 140 < tifffile.imread(tmp_path / "fluorescence-nuclei.labels.tif").max() < 190
    cells = np.squeeze(read_label_stack(tmp_path / "hela-cells.labels.tif"))
    areas = np.sort(np.bincount(cells.ravel())[1:])[::-1]
    assert (areas > 5000).sum() == 4


def test_every_shipped_model_is_what_it_says() -> None:
    shipped = [one.package for one in MethodRegistry().all().values() if isinstance(one, NetworkMethod)]

    assert {"nuclei", "nuclei-histology"} <= {one.name for one in shipped}
    assert sum(one.weights.stat().st_size for one in shipped) < 20e6
    for one in shipped:
        assert one.shipped
        assert check_package(one).passed, one.name
        assert one.weights.stat().st_size < 10e6
        assert one.card is not None
        assert {path.name for path in one.pictures} >= {"cover.png"}


def test_the_shipped_models_beat_the_threshold_on_stained_sections(shared_data: Path) -> None:
    pairs = {pair.name: pair for pair in pairs_in(shared_data / "dsb2018")}
    names = standard_split(pairs).validation
    examples = [one for one in map(read_example, (pairs[name] for name in names[::3])) if one.image.ndim == 3][:6]
    registry = MethodRegistry()

    found = {
        name: float(np.mean([one.scores.dsb for one in score_method(registry.by_name(name), examples)]))
        for name in ("nuclei", "nuclei-histology", "threshold")
    }

    assert found["nuclei"] > found["threshold"] + 0.05
    assert found["nuclei-histology"] > found["threshold"] + 0.05


@pytest.mark.parametrize("factor", [1, 2])
def test_inverted_and_larger_pictures_give_about_the_same_nuclei(factor: int) -> None:
    method = MethodRegistry().by_name("nuclei")
    picture = tifffile.imread(SAMPLES / "hela-cells.tif")[..., 2]
    picture = (picture / picture.max() * 255).astype(np.uint8)
    picture = picture.repeat(factor, axis=0).repeat(factor, axis=1)
    for one in (picture, 255 - picture):
        pixels = Pixels(one[..., None], rgb=False)
        parameters = parse_parameters(method, {})
        labels = method.segment(pixels, parameters, method.calibrate(pixels, parameters)).labels
        large = np.bincount(labels.ravel())[1:] > 5000 * factor**2
        assert 3 <= large.sum() <= 5
