"""Files of requests and answers: names from outside stay in their folder, and nothing is left behind."""

import asyncio
import io
import tempfile
from pathlib import Path

import pytest
from fastapi import BackgroundTasks, UploadFile

from cytoloop.core.errors import InvalidInputError
from cytoloop.server.attachments import received, sent


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left behind can be counted there."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def _upload(name: str | None) -> UploadFile:
    return UploadFile(io.BytesIO(b"content"), filename=name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cells.geojson", "cells.geojson"),
        ("../../etc/cells.csv", "cells.csv"),
        ("C:\\data\\cells.csv", "cells.csv"),
        ("...hidden.csv", "hidden.csv"),
        ("é" * 300 + ".zip", "é" * 98 + ".zip"),
    ],
)
def test_a_received_file_has_its_name_and_is_gone_afterwards(name: str, expected: str, tmp_path: Path) -> None:
    with received(_upload(name), "the file") as path:
        assert path.name == expected
        assert path.read_bytes() == b"content"
        assert path.parent.parent == tmp_path
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [None, "", "..", "../..", "a\0b.csv"])
def test_a_name_that_no_file_can_have_is_told(name: str | None, tmp_path: Path) -> None:
    with (
        pytest.raises(InvalidInputError, match="Send the zip as the form field 'file'"),
        received(_upload(name), "the zip"),
    ):
        pass
    assert not list(tmp_path.iterdir())


def test_a_sent_file_is_gone_once_it_was_sent(tmp_path: Path) -> None:
    def make(folder: Path) -> Path:
        (folder / "objects.csv").write_text("x\n")
        return folder / "objects.csv"

    background = BackgroundTasks()
    answer = sent(make, background, "text/csv")
    assert Path(answer.path).read_text() == "x\n"
    assert 'filename="objects.csv"' in answer.headers["content-disposition"]
    asyncio.run(background())
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    def make(folder: Path) -> Path:
        (folder / "half").write_text("x")
        raise InvalidInputError("no")

    with pytest.raises(InvalidInputError):
        sent(make, BackgroundTasks())
    assert not list(tmp_path.iterdir())
