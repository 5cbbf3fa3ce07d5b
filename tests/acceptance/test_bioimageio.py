"""Our packages, seen by bioimage.io's own test; in an environment of its own, made once by scripts/package-test."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

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
