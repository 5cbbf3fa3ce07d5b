"""Files that requests bring and answers carry: they lie in a temporary folder for that long, and no longer."""

import shutil
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from fastapi import BackgroundTasks, UploadFile
from starlette.responses import FileResponse

from cytoloop.core.errors import InvalidInputError
from cytoloop.workflows.exchange.downloads import attachment

_LONGEST_NAME = 200
"""Bytes of a file name: systems take 255."""


@contextmanager
def received(file: UploadFile, what: str) -> Generator[Path]:
    """The file that a form brought, under its own name, in a folder that is gone afterwards. ``what``: for the error.

    Raises
    ------
    InvalidInputError
        It has no name that a file can have.
    """
    name = Path((file.filename or "").replace("\\", "/")).name
    name = name.encode(errors="ignore")[-_LONGEST_NAME:].decode(errors="ignore").lstrip(".")
    if not name or "\0" in name:
        raise InvalidInputError(f"Send {what} as the form field 'file', with its name.")
    with tempfile.TemporaryDirectory(prefix="cytoloop-received-") as folder:
        path = Path(folder) / name
        with path.open("wb") as target:
            shutil.copyfileobj(file.file, target)
        yield path


def sent(
    make: Callable[[Path], Path], background: BackgroundTasks, media_type: str = "application/zip"
) -> FileResponse:
    """The file that ``make`` writes into a folder, as a download; the folder is gone once it was sent."""
    folder = Path(tempfile.mkdtemp(prefix="cytoloop-sent-"))
    try:
        path = make(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    background.add_task(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(path, media_type=media_type, headers=attachment(path.name), background=background)
