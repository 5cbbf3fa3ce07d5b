"""Further measurements against cp_measure alone: processor time an object, on the nuclei of a sample image.

``python -m tests.performance.features``. The peer runs in an environment of its own that ``uv`` makes for the run (it
cannot stand beside this project's image library), in turn with ours, and tells its processor time.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.geometry import Box
from cytoloop.images.reading import read_plane
from cytoloop.images.registry import open_image
from cytoloop.learning.method import Pixels, parse_parameters
from cytoloop.learning.registry import MethodRegistry
from cytoloop.measurements.features.catalogue import Wanted
from cytoloop.measurements.features.computing import feature_columns, measure_features
from cytoloop.measurements.objects import label_outlines
from cytoloop.samples import FOLDER

ROUNDS = 5
ROOT = Path(__file__).parents[2]
PEER = "cp_measure==0.3.0"
THEIRS = {
    "moments": "lambda: core['zernike'](labels, shares)",
    "texture": "lambda: core['texture'](labels, shares)",
    "granularity": "lambda: core['granularity'](labels, shares)",
    "radial": "lambda: core['radial_distribution'](labels, shares)",
    "colocalisation": "lambda: [f(shares, other, labels) for f in pairs]",
}
MORE = {
    "moments": "ours has Hu's moments too",
    "texture": "ours has binary patterns too, theirs each direction",
    "radial": "theirs around corners",
}
SCRIPT = f"""
import sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
from cp_measure.bulk import get_core_measurements
from cp_measure.core import measurecolocalization as c
core = get_core_measurements()
pairs = [c.get_correlation_pearson, c.get_correlation_manders_fold, c.get_correlation_rwc, c.get_correlation_overlap]
data = np.load(sys.argv[1])
labels, shares = data["labels"], data["image"] / 255
other = shares[::-1].copy()
work = {{{", ".join(f"{name!r}: {code}" for name, code in THEIRS.items())}}}
for line in sys.stdin:
    run = work[line.strip()]
    start = time.process_time()
    run()
    print(time.process_time() - start, flush=True)
"""


class Peer:
    """The other library in its own process, asked one set at a time."""

    def __init__(self, data: Path) -> None:
        command = [
            str(ROOT / "scripts/uv"),
            "run",
            "--quiet",
            "--no-project",
            "--python",
            sys.executable,
            "--with",
            PEER,
        ]
        self._process = subprocess.Popen(
            [*command, "python", "-c", SCRIPT, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def seconds(self, name: str) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{name}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


def ours(name: str, labels: NDArray[np.int32], image: NDArray[np.uint8]) -> float:
    _, outlines = label_outlines(labels)
    channels = ["a", "b"] if name == "colocalisation" else ["a"]
    planes = np.stack([image, image[::-1]])[: len(channels)]
    start = time.process_time()

    def read(box: Box) -> NDArray[np.generic]:
        return planes[:, int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]

    extent = (image.shape[1], image.shape[0])
    measure_features(outlines, read, extent=extent, channels=channels, wanted=Wanted((name,)))
    return time.process_time() - start


def main() -> None:
    """Measure and print."""
    image = read_plane(open_image(FOLDER / "fluorescence-nuclei.png"))
    method = MethodRegistry().by_name("threshold")
    pixels = Pixels(image[..., None], rgb=False)
    parameters = parse_parameters(method, {})
    found = method.segment(pixels, parameters, method.calibrate(pixels, parameters)).labels
    labels = np.unique(found, return_inverse=True)[1].reshape(found.shape).astype(np.int32)
    count = int(labels.max())
    print("Command: python -m tests.performance.features")
    print(f"{count} nuclei in 520 x 696 px, 8 bits, one channel; for colocalisation a pair\n")
    print("| set | columns | ours, cpu ms an object | cp_measure | ratio (min to max) | |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "data.npz", labels=labels, image=image)
        peer = Peer(Path(folder) / "data.npz")
        for name in THEIRS:
            pairs = [(ours(name, labels, image), peer.seconds(name)) for _ in range(ROUNDS + 1)][1:]
            ratios = [theirs / mine for mine, theirs in pairs]
            mine, theirs = (statistics.median(column) * 1e3 / count for column in zip(*pairs, strict=True))
            columns = len(feature_columns((name,), ("a", "b") if name == "colocalisation" else ("a",)))
            ratio = f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
            print(f"| {name} | {columns} | {mine:.2f} | {theirs:.2f} | {ratio} | {MORE.get(name, '')} |", flush=True)
        peer.stop()
    python = f"Python {platform.python_version()}"
    print(f"\nMachine: {os.cpu_count()} cores, {platform.machine()}, {python}, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
