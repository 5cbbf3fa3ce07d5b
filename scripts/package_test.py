"""Run bioimage.io's test of model packages offline: ``package_test.py FOLDER...``; the exit code is the number failed."""

import sys
from pathlib import Path

from bioimageio.core import test_description
from bioimageio.spec import ValidationContext


def main() -> int:
    failed = 0
    for name in sys.argv[1:]:
        path = next(path for path in sorted(Path(name).resolve().glob("*.yaml")) if path.name.endswith("io.yaml"))
        with ValidationContext(perform_io_checks=False):
            summary = test_description(path, weight_format="onnx")
        print(f"{summary.status}\t{name}")
        if summary.status != "passed":
            failed += 1
            print(summary.format_md() if hasattr(summary, "format_md") else summary.format())
    return failed


if __name__ == "__main__":
    sys.exit(main())
