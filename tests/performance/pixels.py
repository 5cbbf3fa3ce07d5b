"""How good and how quick pixel classification is: a few scribbles on images of dsb2018, against thresholds.

Scribbles are short strokes at random places, told by the truth, of nuclei and of the ground; what is scored are the
pixels of images, all of them, that were scribbled on. The peers are scikit-image's Otsu threshold after a Gaussian,
and a random forest of scikit-learn on scikit-image's ``multiscale_basic_features``, trained on the same pixels, as its
gallery has it.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.feature import multiscale_basic_features
from skimage.filters import gaussian, threshold_otsu
from sklearn.ensemble import RandomForestClassifier

from cytoloop.core.geometry import Box, Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.registry import open_image
from cytoloop.learning.pixels.configuration import PixelConfiguration, PixelLearner
from cytoloop.learning.pixels.filters import planes_of
from cytoloop.learning.pixels.package import PixelPackage
from cytoloop.learning.pixels.predictor import load_pixel_classifier
from cytoloop.workflows.images.analysis import read_pixels
from cytoloop.workflows.pixels.files import train_pixels_on_folder
from cytoloop.workflows.pixels.preview import pixel_preview

DSB = Path(__file__).parents[2].parent / "shared/data/dsb2018"
Maps = NDArray[np.bool_]


def strokes(truth: Maps, count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Short horizontal strokes, 7 x 3 px, at random pixels: 1 where the truth is nucleus, 2 where it is not."""
    labels = np.zeros(truth.shape, np.uint8)
    for wanted in (True, False):
        rows, columns = np.nonzero(truth == wanted)
        for at in rng.choice(len(rows), count, replace=False):
            area = (slice(max(0, rows[at] - 1), rows[at] + 2), slice(max(0, columns[at] - 3), columns[at] + 4))
            labels[area] = np.where(truth[area] == wanted, 1 if wanted else 2, labels[area])
    return labels


def f1(found: Maps, truth: Maps) -> float:
    return float(2 * (found & truth).sum() / max(1, found.sum() + truth.sum()))


def gray(path: Path) -> NDArray[np.float64]:
    return np.asarray(Image.open(path).convert("L"), float)


def thresholded(picture: NDArray[np.float64], truth: Maps, labels: NDArray[np.uint8]) -> Maps:
    """Otsu after a Gaussian; the scribbles say which side nuclei are on."""
    smooth = gaussian(picture, 1)
    bright = smooth > threshold_otsu(smooth)
    return bright if bright[labels == 1].mean() >= bright[labels == 2].mean() else ~bright


def gallery(picture: NDArray[np.float64], truth: Maps, labels: NDArray[np.uint8]) -> Maps:
    features = multiscale_basic_features(picture, sigma_min=1, sigma_max=16)
    forest = RandomForestClassifier(50, random_state=0)
    forest.fit(features[labels > 0], labels[labels > 0])
    return (forest.predict(features.reshape(-1, features.shape[-1])) == 1).reshape(truth.shape)


def ours(folder: Path, path: Path, labels: NDArray[np.uint8], learner: PixelLearner) -> tuple[PixelPackage, float]:
    """Trained on the file and its labels, and how long that took."""
    data = folder / f"{path.stem}-{learner}"
    for name in ("images", "labels"):
        (data / name).mkdir(parents=True)
    (data / "images" / path.name).symlink_to(path.resolve())
    Image.fromarray(labels).save(data / "labels" / f"{path.stem}.png")
    started = time.perf_counter()
    package = train_pixels_on_folder(
        data, folder / f"made-{path.stem}-{learner}", PixelConfiguration.model_validate({"learner": learner}), "2"
    )
    return package, time.perf_counter() - started


def classified(package: PixelPackage, path: Path) -> Maps:
    pyramid = Pyramid(open_image(path))
    try:
        box = Box(0, 0, pyramid.info.width, pyramid.info.height)
        planes = planes_of(read_pixels(pyramid, box, Plane(0, 0)), package.spec)
    finally:
        pyramid.source.close()
    return load_pixel_classifier(package).probabilities(planes)[0] > 0.5


def quality(paths: Sequence[Path], count: int) -> None:
    rows: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        for number, path in enumerate(paths):
            truth = np.asarray(Image.open(DSB / "labels" / path.name)) > 0
            labels = strokes(truth, count, np.random.default_rng(number))
            peers: dict[str, Callable[..., Maps]] = {"Gaussian + Otsu": thresholded, "scikit-image + forest": gallery}
            for peer, work in peers.items():
                started = time.perf_counter()
                rows.setdefault(peer, []).append(f1(work(gray(path), truth, labels), truth))
                seconds.setdefault(peer, []).append(time.perf_counter() - started)
            for learner in PixelLearner:
                package, took = ours(Path(name), path, labels, learner)
                started = time.perf_counter()
                rows.setdefault(learner, []).append(f1(classified(package, path), truth))
                seconds.setdefault(learner, []).append(took + time.perf_counter() - started)
    print(f"{count} strokes of nuclei and {count} of the ground on each of {len(paths)} images: F1 of pixels, seconds")
    for one, found in rows.items():
        low = f"{np.mean(found):.3f} (lowest {min(found):.3f})"
        print(f"  {one:24} {low}  {np.median(seconds[one]):.2f} s")


def previews(path: Path, count: int, colours: bool) -> None:
    """The time of a preview of 1,000 x 1,000 px, of a gray image or one in colour."""
    with tempfile.TemporaryDirectory() as name:
        truth = np.asarray(Image.open(DSB / "labels" / path.name)) > 0
        labels = strokes(truth, count, np.random.default_rng(0))
        picture = gray(path).astype(np.uint8)
        if colours:
            picture = np.dstack([picture, 255 - picture, picture // 2])
        repeats = (1000 // picture.shape[0] + 1, 1000 // picture.shape[1] + 1, 1)[: picture.ndim]
        view, small = Path(name) / "view.tif", Path(name) / path.name
        Image.fromarray(np.tile(picture, repeats)[:1000, :1000]).save(view)
        Image.fromarray(picture).save(small)
        for learner in PixelLearner:
            package, _ = ours(Path(name) / learner, small, labels, learner)
            pyramid = Pyramid(open_image(view))
            took: list[float] = []
            worked = time.process_time()
            try:
                for shift in range(7):
                    started = time.perf_counter()
                    pixel_preview(pyramid, package, Box(shift, 0, 1000, 1000), Plane(0, 0))
                    took.append(time.perf_counter() - started)
            finally:
                pyramid.source.close()
            worked = (time.process_time() - worked) / len(took)
            kind = "in colour" if colours else "gray"
            print(
                f"  preview of 1,000 x 1,000 px, {kind}, {learner}: {np.median(took):.2f} s, {worked:.2f} s of a core"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--strokes", type=int, default=5)
    given = parser.parse_args()
    every = sorted((DSB / "images").glob("*.png"))
    wanted = [one for one in every if (DSB / "labels" / one.name).is_file()]
    chosen = wanted[:: max(1, len(wanted) // given.images)][: given.images]
    quality(chosen, given.strokes)
    for colours in (False, True):
        previews(chosen[0], given.strokes, colours)


if __name__ == "__main__":
    main()
