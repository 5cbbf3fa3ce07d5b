"""What the page's own inference is checked against: made here by the server's code, read by the page's unit tests.

``pytest tests/integration/test_web_parity.py`` fails where the file is out of date; with ``UPDATE_PARITY=1`` it is
written anew.
"""

import base64
import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.io import imread

from cytoloop.learning.inference.session import network_of
from cytoloop.learning.inference.tiling import TileSettings, maps_of
from cytoloop.learning.networkmethod import network_methods_in
from cytoloop.learning.normalisation import intensity_range, normalised
from cytoloop.samples import FOLDER

ROOT = Path(__file__).parents[2]
PARITY = ROOT / "web/src/inference/parity.json"
MODELS = ROOT / "src/cytoloop/learning/models"
DIAMETER_PX = 37.0
STEPS = 65_535
"""Values from -0.2 to 1.5 are kept as 16-bit whole numbers."""


def _packed(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def _steps(values: NDArray[np.float32]) -> str:
    return _packed(np.round((values + 0.2) / 1.7 * STEPS).clip(0, STEPS).astype("<u2"))


def _unpacked(text: str, kind: str) -> NDArray[np.float64]:
    return np.frombuffer(base64.b64decode(text), kind).astype(np.float64)


def _made() -> dict[str, Any]:
    method = network_methods_in(MODELS, shipped=True)["nuclei"]
    spec = method.package.spec  # type: ignore[attr-defined]
    sample = imread(FOLDER / "fluorescence-nuclei.png")[100:180, 200:296]
    limits = intensity_range(sample)
    picture = np.repeat(normalised(sample, limits)[..., None], 3, axis=2)
    scale = spec.diameter_px / DIAMETER_PX
    size = (round(96 * scale), round(80 * scale))
    seen = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    small = picture[:32, :40]
    large = cv2.resize(small, (68, 54), interpolation=cv2.INTER_LINEAR)
    tiles = TileSettings(1024, spec.halo, spec.stride, spec.smallest)
    maps = maps_of(network_of(method.package.weights), np.asarray(seen, np.float32), tiles)  # type: ignore[attr-defined]
    colours = np.random.default_rng(7).integers(30, 220, (20, 24, 3)).astype(np.uint8)
    colour_limits = intensity_range(colours)
    return {
        "picture": {"width": 96, "height": 80, "values": _packed(sample)},
        "range": [limits.low, limits.high],
        "scale": scale,
        "seen": {"width": size[0], "height": size[1], "values": _steps(np.asarray(seen[..., 0], np.float32))},
        "large": {"width": 68, "height": 54, "values": _steps(np.asarray(large[..., 0], np.float32))},
        "maps": {"width": size[0], "height": size[1], "values": _steps(maps)},
        "colours": {"width": 24, "height": 20, "values": _packed(colours)},
        "colour_range": [colour_limits.low, colour_limits.high],
    }


def test_the_page_is_checked_against_what_the_server_does_now() -> None:
    made = _made()
    if os.environ.get("UPDATE_PARITY"):
        PARITY.write_text(json.dumps(made, indent=2) + "\n")
    kept = json.loads(PARITY.read_text())
    assert kept.keys() == made.keys()
    for name in ("picture", "colours"):
        assert kept[name] == made[name]
    for name in ("range", "scale", "colour_range"):
        assert kept[name] == pytest.approx(made[name])
    for name in ("seen", "large", "maps"):
        assert (kept[name]["width"], kept[name]["height"]) == (made[name]["width"], made[name]["height"])
        difference = _unpacked(kept[name]["values"], "<u2") - _unpacked(made[name]["values"], "<u2")
        # another processor rounds the network's sums in another order
        assert np.abs(difference).max() < 0.01 * STEPS
