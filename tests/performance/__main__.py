"""Print every comparison, with the command and the machine."""

import os
import platform
import sys
import tempfile
from pathlib import Path

from .comparison import Comparison, table


def main() -> None:
    """Run all, or those named: ``objects``, ``serving``, ``styled``; ``many`` (with ``--count``) stands alone."""
    wanted = set(sys.argv[1:]) or {"objects", "serving", "styled"}
    rows: list[Comparison] = []
    with tempfile.TemporaryDirectory() as folder:
        if "serving" in wanted:
            from . import serving

            rows += serving.comparisons(Path(folder))
        if "styled" in wanted:
            from . import serving

            rows.append(serving.styled(Path(folder)))
        if "objects" in wanted:
            from . import objects

            rows += objects.comparisons()
    if sys.argv[1:2] == ["many"]:
        from . import manyobjects

        rows = manyobjects.comparisons(sys.argv[2:])
    print(f"Command: python -m tests.performance {' '.join(sys.argv[1:])}".rstrip())
    print(f"Machine: {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    print("Ratio: the peer's processor time over ours, median of the rounds.\n")
    print(table(rows))


main()
