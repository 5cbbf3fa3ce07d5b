"""``cytoloop models tune``: the numbers of a decoder, and of the mending of outlines, from labelled images."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from ..tinymodels import foreign, package  # noqa: TID252 - tests are no package
from .test_command_line import call, refused


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of all commands, with a network that takes what is bright as objects."""
    monkeypatch.setenv("CYTOLOOP_HOME", str(tmp_path / "home"))
    package(tmp_path / "home/models/tiny")
    return tmp_path / "home"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Discs of which all but one are dim, which the usual numbers leave out."""
    for name in ("images", "labels"):
        (tmp_path / "data" / name).mkdir(parents=True)
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:128, :160]
    for number in range(6):
        labels = np.zeros((128, 160), np.int32)
        for place, (cy, cx) in enumerate([(30, 30), (30, 90), (90, 40), (90, 120)], start=1):
            labels[(y - cy) ** 2 + (x - cx) ** 2 <= 12**2] = place
        image = np.array([20, 230, 145, 145, 145], np.uint8)[labels] + rng.integers(0, 8, labels.shape)
        cv2.imwrite(str(tmp_path / f"data/images/{number}.png"), image.astype(np.uint8))
        tifffile.imwrite(tmp_path / f"data/labels/{number}.labels.tif", labels)
    return tmp_path / "data"


def found(model: str, image: Path, out: Path, *more: object) -> int:
    call("segment", image, "--model", model, "--out", out, *more)
    return int(tifffile.imread(out / f"{image.stem}.labels.tif").max())


@pytest.mark.usefixtures("home")
def test_numbers_that_fit_the_images_are_found_and_kept_in_the_package(data: Path, tmp_path: Path) -> None:
    order = ["models", "tune", "tiny", data, "--out", tmp_path / "tuned.zip", "--generations", 3]
    told = json.loads(call(*order, "--json").stdout)

    assert (told["images"], told["held_out_images"]) == (5, 1)
    assert told["after"] > told["before"] + 0.3
    assert told["held_out_after"] > told["held_out_before"] + 0.3
    image = data / "images/4.png"
    assert found("tiny", image, tmp_path / "before") == 1
    call("models", "import", tmp_path / "tuned.zip")
    assert found("tuned", image, tmp_path / "after") == 4
    shown = json.loads(call("models", "show", "tuned", "--json").stdout)
    assert shown["training"]["tuned"]["held_out_dsb_after"] == pytest.approx(told["held_out_after"], abs=1e-4)
    assert shown["training"]["scores"]["all"]["dsb"] == 0.5


@pytest.mark.usefixtures("home")
def test_the_mending_of_another_methods_outlines_is_tuned(data: Path, tmp_path: Path) -> None:
    order = ["models", "tune", "tiny", data, "--refine", "threshold", "--out", tmp_path / "mends.zip"]
    told = json.loads(call(*order, "--generations", 1, "--json").stdout)

    assert told["values"]["margin_inside_px"] == int(told["values"]["margin_inside_px"])
    assert set(told["values"]) >= {"enclosed_share", "smallest_px2", "probability", "least_mean_probability"}
    assert told["after"] >= told["before"]
    call("models", "import", tmp_path / "mends.zip")
    count = found("threshold", data / "images/4.png", tmp_path / "out", "--refine", "mends")
    assert count == 4


def test_what_cannot_be_tuned_is_told(home: Path, data: Path, tmp_path: Path) -> None:
    def message(*order: object) -> str:
        return refused("models", "tune", *order, "--out", tmp_path / "t.zip")

    foreign(home / "models/other")
    one = tmp_path / "one"
    for name, file in (("images", "0.png"), ("labels", "0.labels.tif")):
        (one / name).mkdir(parents=True)
        (one / name / file).write_bytes((data / name / file).read_bytes())

    assert "no model 'nothing'" in message("nothing", data)
    assert "areas, not single objects" in message("foreground", data)
    assert "tuning needs 2 or more" in message("tiny", one)
    assert "another program" in message("other", data, "--generations", 1)
    assert "no folder 'images'" in message("tiny", tmp_path)
    assert not (tmp_path / "t.zip").exists()
