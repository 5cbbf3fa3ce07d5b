"""Our packages, seen by bioimage.io's own test; in an environment of its own, made once by scripts/package-test."""

import csv
import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

from cytoloop.cli.main import program
from cytoloop.learning.landmarks.fish import drawn_fish

from ..tinymodels import package  # noqa: TID252 - tests are no package

ROOT = Path(__file__).parents[2]
NOWHERE = "http://127.0.0.1:9"
"""A proxy that nobody is: whatever asks for the network fails."""


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    if not (ROOT / ".cache/bioimageio/.ready").is_file():
        made = subprocess.run([ROOT / "scripts/package-test"], cwd=ROOT, capture_output=True, text=True, timeout=280)
        if not (ROOT / ".cache/bioimageio/.ready").is_file():
            pytest.skip(f"the environment of bioimageio.core cannot be made here: {made.stderr[-300:]}")
    proxies = {name: NOWHERE for one in ("http_proxy", "https_proxy", "all_proxy") for name in (one, one.upper())}
    return {**os.environ, **proxies, "NO_PROXY": "", "no_proxy": ""}


@pytest.mark.slow
def test_a_package_passes_the_test_of_bioimageio_without_the_network(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    made = package(tmp_path / "tiny")
    done = subprocess.run(
        [ROOT / "scripts/package-test", made.folder], env=environment, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert done.stdout.startswith("passed")


@pytest.mark.slow
def test_a_package_with_another_output_does_not_pass(tmp_path: Path, environment: dict[str, str]) -> None:
    wrong = np.zeros((1, 2, 64, 80), np.float32)
    made = package(tmp_path / "tiny", test_output=wrong)
    done = subprocess.run(
        [ROOT / "scripts/package-test", made.folder], env=environment, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 1


def _classes(folder: Path) -> list[str]:
    rng = np.random.default_rng(0)
    for name, level in (("dark", 40), ("light", 170)):
        (folder / name).mkdir(parents=True)
        for number in range(8):
            picture = rng.normal(level, 15, (40, 40)).clip(0, 255).astype(np.uint8)
            tifffile.imwrite(folder / name / f"{number}.tif", picture)
    return ["train", "--task", "classify", str(folder)]


def _network(folder: Path) -> list[str]:
    recipe = folder.parent / "quick.toml"
    recipe.write_text('learner = "cnn"\nside = 32\nepochs = 2\nbatch = 8\n')
    return [*_classes(folder), "--config", str(recipe)]


def _pixels(folder: Path) -> list[str]:
    rng = np.random.default_rng(0)
    labels = np.zeros((64, 64), np.uint8)
    labels[8:12, 8:30], labels[40:44, 8:30], labels[20:24, 40:60], labels[52:56, 40:60] = 1, 1, 2, 2
    picture = rng.normal(60, 8, (64, 64))
    picture[:, :32] += 100
    for name, array in (("images", picture.clip(0, 255).astype(np.uint8)), ("labels", labels)):
        (folder / name).mkdir(parents=True)
        tifffile.imwrite(folder / name / "a.tif", array)
    (folder / "classes.txt").write_text("disc\nground\n")
    return ["train", "--task", "pixels", str(folder), "--background", "ground"]


def _landmarks(folder: Path) -> list[str]:
    folder.mkdir()
    points = folder.parent / "points.csv"
    with points.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image", "name", "x", "y"])
        for seed in range(6):
            fish = drawn_fish(seed)
            tifffile.imwrite(folder / f"{seed}.tif", fish.image)
            table.writerows([f"{seed}.tif", name, *place] for name, place in fish.points.items())
    small = ["--size", "96", "--views", "2", "--trees", "5"]
    return ["landmarks", "train", str(folder), "--points", str(points), *small]


@pytest.mark.slow
@pytest.mark.parametrize("order", [_classes, _network, _pixels, _landmarks])
def test_what_users_train_passes_it_too(
    tmp_path: Path, environment: dict[str, str], order: Callable[[Path], list[str]]
) -> None:
    packed = tmp_path / "trained.zip"
    made = CliRunner().invoke(program(), [*order(tmp_path / "data"), "--out", str(packed)])
    assert made.exit_code == 0, made.output
    with zipfile.ZipFile(packed) as file:
        file.extractall(tmp_path / "package")
    done = subprocess.run(
        [ROOT / "scripts/package-test", tmp_path / "package"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert done.stdout.startswith("passed")
