"""A model from pictures to a package, as people type it: train, interrupt, go on, import, segment, score."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

import cytoloop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PROGRAM = [sys.executable, "-c", "from cytoloop.cli.main import main; main()"]
RECIPE = """
heads = ["foreground", "distance"]
types = 2
[network]
widths = [16, 24]
blocks = [1, 1]
[views]
size = 96
[optimisation]
steps = 250
batch = 4
learning_rate = 5e-3
warm_up_steps = 10
averaging = 0.95
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pictures of bright discs with their labels."""
    folder = tmp_path_factory.mktemp("dataset")
    rng = np.random.default_rng(0)
    for kind in ("images", "labels"):
        (folder / kind).mkdir()
    for number in range(10):
        labels = np.zeros((128, 128), np.uint16)
        for name, (y, x) in enumerate(((y, x) for y in range(20, 128, 36) for x in range(20, 128, 36)), start=1):
            cv2.circle(labels, (x + int(rng.integers(-4, 5)), y + int(rng.integers(-4, 5))), 13, name, -1)
        image = 40 + 120 * (labels > 0) + rng.normal(0, 8, labels.shape)
        cv2.imwrite(str(folder / "images" / f"disc{number}.png"), np.clip(image, 0, 255).astype(np.uint8))
        tifffile.imwrite(folder / "labels" / f"disc{number}.tif", labels)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def run(home: Path, *arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def environment(home: Path) -> dict[str, str]:
    return os.environ | {"CYTOLOOP_HOME": str(home), "PYTHONPATH": str(Path(cytoloop.__file__).parents[1])}


def test_a_model_is_trained_and_used(dataset: Path, home: Path, tmp_path: Path) -> None:
    recipe, work, package = tmp_path / "recipe.toml", tmp_path / "work", tmp_path / "discs.zip"
    recipe.write_text(RECIPE)
    done = run(
        home, "train", dataset, "--out", package, "--name", "discs", "--config", recipe, "--work", work, "--threads", 2
    )  # fmt: skip

    assert "On 2 held-out images" in done.stdout
    assert "Finished after 250 steps" in (work / "curves.html").read_text()
    assert json.loads((work / "record.json").read_text())["steps"] == 250
    listed = json.loads(run(home, "models", "list", "--json").stdout)
    mine = next(one for one in listed if one["name"] == "discs")
    assert mine["training"]["scores"]["all"]["dsb"] > 0.3
    assert "| Images trained on | 8 |" in run(home, "models", "show", "discs").stdout
    assert "FAILED" not in run(home, "models", "test", "discs").stdout
    run(home, "models", "import", package, "--name", "again")
    run(
        home, "segment", *sorted((dataset / "images").iterdir()), "--model", "again", "--out", tmp_path / "found",
        "--tta", "--diameter", 26, "--workers", 1,
    )  # fmt: skip
    report = tmp_path / "report.html"
    scored = run(
        home, "evaluate", "--truth", dataset / "labels", "--pred", tmp_path / "found", "--json", "--report", report,
        "--images", dataset / "images",
    )  # fmt: skip
    assert json.loads(scored.stdout)["summary"]["dsb"] > 0.3
    assert "Errors to look at" in report.read_text()
    assert "http://" not in report.read_text()


def _begun(command: list[str], home: Path) -> "subprocess.Popen[bytes]":
    """A process that hears SIGINT, also where the shell lets what runs in its background ignore it."""
    return subprocess.Popen(
        command,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def test_a_training_that_was_interrupted_keeps_what_it_learnt_and_goes_on(
    dataset: Path, home: Path, tmp_path: Path
) -> None:
    recipe, work = tmp_path / "recipe.toml", tmp_path / "work"
    recipe.write_text(RECIPE.replace("steps = 250", "steps = 5000"))
    command = [
        *PROGRAM, "train", str(dataset), "--out", str(tmp_path / "half.zip"), "--config", str(recipe), "--work",
        str(work), "--all",
    ]  # fmt: skip
    with _begun(command, home) as process:
        deadline = time.monotonic() + 120
        while not (work / "curves.jsonl").exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0

    first = json.loads((work / "record.json").read_text())["steps"]
    assert 0 < first < 5000
    assert (tmp_path / "half.zip").is_file()
    with _begun(command, home) as process:
        written = (work / "record.json").stat().st_mtime_ns
        curves = (work / "curves.jsonl").stat().st_size
        while (work / "curves.jsonl").stat().st_size == curves and time.monotonic() < deadline + 120:
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
    assert (work / "record.json").stat().st_mtime_ns > written
    assert json.loads((work / "record.json").read_text())["steps"] > first


def test_training_goes_on_from_a_model(dataset: Path, home: Path, tmp_path: Path) -> None:
    package = tmp_path / "more.zip"
    run(home, "train", dataset, "--from", "nuclei", "--out", package, "--steps", 10)

    run(home, "models", "import", package)

    shown = json.loads(run(home, "models", "show", "more", "--json").stdout)
    assert shown["training"]["steps"] == 10
    assert shown["training"]["continued_from"] == "nuclei"


def test_objects_that_nobody_outlined_are_found_round_by_round(dataset: Path, home: Path, tmp_path: Path) -> None:
    package, work = tmp_path / "incomplete.zip", tmp_path / "work"
    incomplete = shutil.copytree(dataset, tmp_path / "incomplete")
    for path in (incomplete / "labels").iterdir():
        labels = tifffile.imread(path)
        tifffile.imwrite(path, np.where(labels % 2 == 0, 0, labels))
    order = ["train", incomplete, "--from", "nuclei", "--out", package, "--steps", 4, "--work", work]
    told = run(home, *order, "--unmarked", "unknown", "--rounds", 2).stderr
    assert "that the model found" in told

    run(home, "models", "import", package)
    shown = json.loads(run(home, "models", "show", "incomplete", "--json").stdout)["training"]
    first, second = shown["rounds"]
    assert first["annotated"] == second["annotated"] > 0
    assert (first["added"], shown["unmarked"], shown["continued_from"]) == (0, "unknown", "nuclei")
    assert second["added"] > 0
    assert (work / "round-2/curves.html").exists()


def test_the_way_of_the_shipped_models_can_be_gone_in_short(dataset: Path, tmp_path: Path) -> None:
    script = Path(__file__).parents[2] / "scripts/models.py"
    subprocess.run(
        [
            sys.executable, str(script), "make", "nuclei", "--data", str(dataset), "--work", str(tmp_path / "work"),
            "--out",
            str(tmp_path / "out"), "--steps", "8",
        ],
        check=True,
        timeout=500,
    )  # fmt: skip

    names = {path.name for path in (tmp_path / "out/nuclei").iterdir()}
    assert {"bioimageio.yaml", "weights.onnx", "README.md", "cover.png", "failures.png", "test_input.npy"} <= names
    card = (tmp_path / "out/nuclei/README.md").read_text()
    assert "before they were scored on the 2 held out" in card


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["train", "--out", "x.zip"], 2, "Give either a folder of pairs"),
        (["train", "/nowhere", "--out", "x.zip"], 1, "has no folder 'images'"),
        (["train", "{dataset}"], 2, "Say where the model goes"),
        (["train", "{dataset}", "--out", "x.zip", "--from", "nothing"], 1, "There is no model 'nothing'"),
        (["train", "{dataset}", "--out", "x.zip", "--config", "/nowhere.toml"], 1, "no configuration file"),
        (["train", "--project", "a", "--out", "x.zip"], 2, "--layer"),
        (["train", "{dataset}", "--out", "x.zip", "--unmarked", "unknown"], 2, "needs a model that knows some objects"),
    ],
)
def test_wrong_orders_are_told(dataset: Path, home: Path, arguments: list[str], code: int, told: str) -> None:
    done = run(home, *(one.format(dataset=dataset) for one in arguments), code=code)

    assert told in done.stderr
