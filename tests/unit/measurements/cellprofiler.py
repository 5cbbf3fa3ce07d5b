"""A drawn picture, and what CellProfiler's measurements are of it.

``uv run --no-project --with cp_measure==0.3.0 tests/unit/measurements/cellprofiler.py`` writes the reference anew.
cp_measure stands in no environment of this project, because it holds back an image library.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIDE = 220
REFERENCE = Path(__file__).with_suffix(".json")


def cells() -> NDArray[np.int32]:
    """Ellipses of several sizes, apart from each other."""
    labels = np.zeros((SIDE, SIDE), np.int32)
    y, x = np.mgrid[:SIDE, :SIDE]
    places = [(40 + 60 * i, 40 + 60 * j) for i in range(3) for j in range(3)]
    for number, (row, column) in enumerate(places, start=1):
        labels[((y - row) / (8 + number)) ** 2 + ((x - column) / (22 - number)) ** 2 < 1] = number
    return labels


def picture() -> NDArray[np.uint16]:
    """Two channels of patches and noise."""
    rng = np.random.default_rng(1)
    smooth = rng.random((2, SIDE // 4, SIDE // 4)).repeat(4, axis=1).repeat(4, axis=2)
    return ((0.2 + 0.7 * smooth + 0.1 * rng.random((2, SIDE, SIDE))) * 65535).astype(np.uint16)


def _written() -> None:
    from cp_measure.bulk import get_core_measurements
    from cp_measure.core import measurecolocalization as colocalisation

    labels, shares = cells(), picture() / 65535
    core = get_core_measurements()
    found = dict(core["zernike"](labels, shares[0]))
    for channel in (0, 1):
        for name in ("texture", "granularity", "radial_distribution"):
            found |= {f"{key}.{channel}": values for key, values in core[name](labels, shares[channel]).items()}
    for name in ("pearson", "manders_fold", "rwc", "overlap"):
        found |= getattr(colocalisation, f"get_correlation_{name}")(shares[0], shares[1], labels)
    rounded = {key: [float(f"{value:.9g}") for value in values] for key, values in found.items()}
    REFERENCE.write_text(json.dumps(rounded) + "\n")


if __name__ == "__main__":
    _written()
