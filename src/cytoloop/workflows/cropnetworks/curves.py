"""The curves of a training of a network, while it runs and after."""

import json
from pathlib import Path
from typing import Any

from cytoloop.learning.classifiers.order import CURVES

_MOST_POINTS = 1000
_MOST_BYTES = 1 << 20


def read_curve(folder: Path) -> list[dict[str, Any]]:
    """The points by epoch; where a training went on from an earlier epoch, what it did then. None without a file."""
    path = folder / CURVES
    if not path.is_file():
        return []
    points: dict[int, dict[str, Any]] = {}
    for line in path.read_text()[:_MOST_BYTES].splitlines():
        try:
            point = json.loads(line)
            epoch = int(point["epoch"])
        except (ValueError, KeyError):  # a line that is being written
            continue
        points = {number: one for number, one in points.items() if number < epoch} | {epoch: point}
    return list(points.values())[-_MOST_POINTS:]
