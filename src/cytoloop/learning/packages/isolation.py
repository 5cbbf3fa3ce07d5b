"""Checking a package in a process of its own.

A network from outside may want more memory than there is, or never end; that must cost the check, not the server.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from cytoloop.core.errors import CytoloopError, InvalidInputError

from .checking import Check, PackageReport, check_package
from .reading import read_package

_MEMORY_BYTES = 8 << 30
_SECONDS = 300.0


def report_of(folder: Path, *, memory_bytes: int = _MEMORY_BYTES, seconds: float = _SECONDS) -> PackageReport:
    """``check_package`` of the package in a folder, within limits of memory and time.

    Raises
    ------
    InvalidInputError
        The folder holds no package that can be read, or the check took more than the limits.
    """
    command = [sys.executable, "-m", __name__, str(folder), str(memory_bytes)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise InvalidInputError(
            f"The network of {folder.name} did not end within {seconds:g} s on small pictures."
        ) from error
    try:
        answer: Any = json.loads(done.stdout)
    except ValueError as error:
        raise InvalidInputError(
            f"The network of {folder.name} could not be run: it ended the process that tried "
            f"(limit {memory_bytes / (1 << 30):g} GiB of memory)."
        ) from error
    if "refused" in answer:
        raise InvalidInputError(str(answer["refused"]))
    return PackageReport(tuple(Check(one["name"], one["passed"], one["told"]) for one in answer["checks"]))


def require_runnable(folder: Path) -> None:
    """Raise ``InvalidInputError`` with the first reason why the package in a folder should not be run."""
    for one in report_of(folder).checks:
        if not one.passed:
            raise InvalidInputError(one.told)


def _limit_memory(memory_bytes: int) -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _main(folder: str, memory_bytes: str) -> None:
    _limit_memory(int(memory_bytes))
    try:
        report = check_package(read_package(Path(folder)))
    except CytoloopError as error:
        answer: dict[str, Any] = {"refused": error.message}
    else:
        answer = {"checks": [{"name": one.name, "passed": one.passed, "told": one.told} for one in report.checks]}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    _main(*sys.argv[1:])
