"""``cytoloop compare`` as it is called."""

from pathlib import Path

import numpy as np
import orjson
import pytest
import tifffile
from typer.testing import CliRunner

from cytoloop.cli.main import program
from cytoloop.core.errors import InvalidInputError


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CYTOLOOP_HOME", str(tmp_path / "home"))
    y, x = np.mgrid[:60, :60]
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, (20 + 150 * ((y - 30) ** 2 + (x - 30) ** 2 < 100)).astype(np.uint8))
    return path


def call(*arguments: object) -> str:
    result = CliRunner().invoke(program(), [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_row_is_kept_and_used(image: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = call("compare", image, "--methods", "threshold,gvf", "--steps", "none,median3+clahe", "--out", out, "--json")
    assert [one["objects"] for one in orjson.loads(said)["rows"]] == [1, 1, 1, 1]
    assert (out / "compare.html").stat().st_size > 1_000
    assert "method 'mine' now" in call("compare", "--out", out, "--save", "mine", "--row", 2)
    assert "mine" in call("methods")
    assert "1 objects" in call("segment", image, "--model", "mine", "--out", tmp_path / "labels", "--workers", 1)


def test_mistakes_are_told(image: Path, tmp_path: Path) -> None:
    for arguments, reason in (
        ((), "no images"),
        ((image, "--row", 1), "go together"),
        ((image, "--steps", "medan3"), "median3"),
        ((image, "--methods", "threshold", "--truth", tmp_path / "none"), "no folder"),
    ):
        with pytest.raises(InvalidInputError, match=reason):
            call("compare", *arguments, "--out", tmp_path / "out")
