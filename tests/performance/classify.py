"""Classification of objects: F1 at few labels against simpler ways, and labels needed with and without active learning.

``python -m tests.performance.classify`` cuts the nuclei of dsb2018 and gives them classes that follow from the images:
``kind`` is the kind of image (fluorescence, stained section, other), told from gray values alone; ``touching`` says
whether a nucleus of a fluorescence image touches another. They test the mechanics. Images are split in two:
labels come from the one half, scores from the other.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from cytoloop.core.geometry import Box
from cytoloop.images.reading import read_plane
from cytoloop.images.registry import open_image
from cytoloop.learning.classifiers.configuration import Configuration, Learner, NetworkConfiguration
from cytoloop.learning.classifiers.cropclassifier import load_network
from cytoloop.learning.classifiers.crops import CropSpec, cut_crops
from cytoloop.learning.classifiers.evaluation import evaluate
from cytoloop.learning.classifiers.features import object_features
from cytoloop.learning.classifiers.package import KnownClass
from cytoloop.learning.classifiers.queues import disagreement, diversity_order, uncertainty
from cytoloop.learning.classifiers.specification import SHAPES, FeatureSpec
from cytoloop.learning.classifiers.training import committee_of, fitted
from cytoloop.learning.normalisation import intensity_range
from cytoloop.measurements.objects import label_outlines
from cytoloop.workflows.cropnetworks.learning import LabelledCrops, Lesson, learn

DATA = Path(__file__).parents[2] / ".." / "shared" / "data" / "dsb2018"
SPEC = FeatureSpec("gray", 1, "px")
PLAIN = [
    at
    for at, name in enumerate(SPEC.names)
    if name in SHAPES or name in ("gray_mean", "gray_std", "gray_min", "gray_max")
]
PER_IMAGE = 30
START, BATCH = 3, 5
CROPS = CropSpec("gray", 1, 64, 1.5, own_range=True)
EPOCHS = [60]
"""Of a network at most; set by the command line."""


@dataclass(frozen=True)
class Objects:
    """Features ``(n, f)``, crops ``(n, 2, s, s)``, classes and images ``(n,)``."""

    features: NDArray[np.float32]
    crops: NDArray[np.float32]
    truth: NDArray[np.int64]
    images: NDArray[np.int64]

    def of(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "Objects":
        return Objects(self.features[rows], self.crops[rows], self.truth[rows], self.images[rows])


def kind_of(pixels: NDArray[np.generic], rgb: bool) -> int:
    """0 fluorescence, 1 a stained section, 2 other brightfield."""
    colour = float(np.ptp(pixels.astype(np.float32), axis=-1).mean()) if rgb else 0.0
    if colour > 12:
        return 1
    return 0 if float(np.median(pixels)) < 90 else 2


def collect(limit: int, seed: int) -> tuple[Objects, Objects]:
    """Objects with the class ``kind``, and those of fluorescence images with the class ``touching``."""
    rng = np.random.default_rng(seed)
    paths = sorted((DATA / "images").iterdir())
    counts = [0, 0, 0]
    rows: list[tuple[NDArray[np.float32], int, NDArray[np.bool_], int]] = []
    crops: list[NDArray[np.float32]] = []
    for number, place in enumerate(rng.permutation(len(paths)).tolist()):
        path = paths[place]
        source = open_image(path)
        try:
            info = source.info()
            pixels = read_plane(source)
        finally:
            source.close()
        kind = kind_of(pixels, info.rgb)
        if counts[kind] >= limit:
            continue
        source = open_image(DATA / "labels" / path.name)
        labels = read_plane(source).astype(np.int32)
        source.close()
        if labels.max() == 0:
            continue
        counts[kind] += 1
        names, outlines = label_outlines(labels)
        chosen = rng.permutation(len(names))[:PER_IMAGE]
        planes = np.moveaxis(pixels, -1, 0) if info.rgb else pixels[None]

        def read(box: Box, planes: NDArray[np.generic] = planes) -> NDArray[np.generic]:
            return planes[:, int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]

        extent = (info.width, info.height)
        some = [outlines[at] for at in chosen]
        found = object_features(some, read, extent=extent, spec=SPEC)
        crops.append(cut_crops(some, read, extent, CROPS, intensity_range(pixels)))
        rows.append((found, kind, np.isin(names[chosen], touching(labels)), number))
    every = Objects(
        np.concatenate([one[0] for one in rows]),
        np.concatenate(crops),
        np.concatenate([np.full(len(one[0]), one[1]) for one in rows]),
        np.concatenate([np.full(len(one[0]), one[3]) for one in rows]),
    )
    close = np.concatenate([one[2] for one in rows]).astype(np.int64)
    fluorescent = every.truth == 0
    own = every.of(fluorescent)
    return every, Objects(own.features, own.crops, close[fluorescent], own.images)


def touching(labels: NDArray[np.int32]) -> NDArray[np.int64]:
    """Labels that have another one within 2 px."""
    most = ndimage.maximum_filter(labels, size=5)
    least = ndimage.minimum_filter(np.where(labels == 0, labels.max() + 1, labels), size=5)
    inside = (labels > 0) & ((most != labels) | (least != labels))
    return np.unique(labels[inside]).astype(np.int64)


def halves(objects: Objects, seed: int) -> tuple[Objects, Objects]:
    """Objects of one half of the images, and of the other."""
    names = np.random.default_rng(seed).permutation(np.unique(objects.images))
    inside = np.isin(objects.images, names[: len(names) // 2])
    return objects.of(inside), objects.of(~inside)


def drawn(pool: Objects, each: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """``each`` rows of every class."""
    parts = [rng.permutation(np.flatnonzero(pool.truth == one))[:each] for one in np.unique(pool.truth)]
    return np.concatenate(parts)


Told = Callable[[Objects], NDArray[np.floating]]
Way = Callable[[Objects, int], Told]


def ours(learner: Learner) -> Way:
    def make(labelled: Objects, seed: int) -> Told:
        model = fitted(labelled.features, labelled.truth, Configuration(learner=learner, seed=seed))
        return lambda seen: model.predict_proba(seen.features)

    return make


def plain(
    model: Callable[[int], object],
) -> Way:
    """Sizes and gray values alone, as a table of measurements has them, and a model as it comes."""

    def make(labelled: Objects, seed: int) -> Told:
        pipeline = make_pipeline(SimpleImputer(), StandardScaler(), model(seed))
        pipeline.fit(labelled.features[:, PLAIN], labelled.truth)
        return lambda seen: pipeline.predict_proba(seen.features[:, PLAIN])

    return make


def network(**values: object) -> Way:
    """A network on crops of 64 px, as the program trains it: a fifth of the labels only tells when to stop."""

    def make(labelled: Objects, seed: int) -> Told:
        configuration = NetworkConfiguration.model_validate({"seed": seed, "epochs": EPOCHS[0], **values})
        count = int(labelled.truth.max()) + 1
        lesson = Lesson(
            title="bench classifier",
            classes=tuple(KnownClass(f"class {one}", "#888888") for one in range(count)),
            spec=CROPS,
            configuration=configuration,
            facts={"cytoloop_version": "bench"},
        )
        rows = np.arange(len(labelled.truth))
        crops = LabelledCrops([labelled.crops], rows, labelled.truth, labelled.images, np.zeros(len(rows), bool))
        folder = Path(tempfile.mkdtemp(prefix="cytoloop-bench-"))
        learnt = learn(crops, lesson, folder / "work", folder / "package", lambda _: None)
        model = load_network(learnt.package, threads=2)
        shutil.rmtree(folder)
        return lambda seen: model.look(seen.crops).probabilities

    return make


WAYS = {
    "ours: extra trees (default)": ours(Learner.EXTRA_TREES),
    "ours: boosting": ours(Learner.BOOSTING),
    "ours: SVM": ours(Learner.SVM),
    "ours: linear": ours(Learner.LINEAR),
    "ours: small network": network(learner="cnn"),
    "ours: encoder, frozen": network(learner="encoder"),
    "ours: encoder, fine-tuned": network(learner="encoder", frozen=False),
    "measurements + extra trees": plain(lambda seed: ExtraTreesClassifier(random_state=seed)),
    "measurements + linear": plain(lambda seed: LogisticRegression(max_iter=3000, random_state=seed)),
}


def compare(objects: Objects, each: int, seeds: Sequence[int]) -> None:
    """Macro F1 on the other images at ``each`` labels of every class."""
    print(f"| way | macro F1 at {each} labels a class | s |\n| --- | --- | --- |")
    for name, way in WAYS.items():
        scores: list[float] = []
        started = time.perf_counter()
        for seed in seeds:
            pool, test = halves(objects, seed)
            labelled = pool.of(drawn(pool, each, np.random.default_rng(seed)))
            likely = np.asarray(way(labelled, seed)(test), np.float32)
            scores.append(evaluate(test.truth, likely).macro_f1)
        seconds = (time.perf_counter() - started) / len(seeds)
        print(f"| {name} | {np.mean(scores):.3f} ± {np.std(scores):.3f} | {seconds:.2f} |", flush=True)


def next_rows(
    how: str, pool: Objects, labelled: list[int], likely: NDArray[np.float32], seed: int, rng: np.random.Generator
) -> list[int]:
    """The rows that are labelled next."""
    left = np.setdiff1d(np.arange(len(pool.truth)), labelled)
    if how == "random":
        return rng.permutation(left)[:BATCH].tolist()
    unsure = uncertainty(likely[left])
    if how == "uncertainty":
        return left[np.argsort(-unsure, kind="stable")[:BATCH]].tolist()
    if how == "diversity":
        nearest = np.argsort(-unsure, kind="stable")[:1000]
        order = diversity_order(pool.features[left[nearest]], pool.features[labelled], unsure[nearest])
        return left[nearest[order[:BATCH]]].tolist()
    members = committee_of(pool.features[labelled], pool.truth[labelled], Configuration(seed=seed), rng)
    votes = np.stack([one.predict_proba(pool.features[left]) for one in members])
    return left[np.argsort(-disagreement(votes), kind="stable")[:BATCH]].tolist()


def curve(how: str, pool: Objects, test: Objects, most: int, seed: int) -> dict[int, float]:
    """Macro F1 by the number of labels."""
    rng = np.random.default_rng(seed)
    labelled = drawn(pool, START, rng).tolist()
    found: dict[int, float] = {}
    while True:
        configuration = Configuration(trees=100, seed=seed)
        model = fitted(pool.features[labelled], pool.truth[labelled], configuration)
        found[len(labelled)] = evaluate(test.truth, model.predict_proba(test.features).astype(np.float32)).macro_f1
        if len(labelled) + BATCH > most:
            return found
        likely = model.predict_proba(pool.features).astype(np.float32)
        labelled += next_rows(how, pool, labelled, likely, seed, rng)


def learn_actively(objects: Objects, most: int, seeds: Sequence[int]) -> None:
    """Quality against labels, and the labels needed for what random order has at the end."""
    curves: dict[str, list[dict[int, float]]] = {}
    for how in ("random", "uncertainty", "diversity", "disagreement"):
        curves[how] = [curve(how, *halves(objects, seed), most, seed) for seed in seeds]
    steps = sorted(curves["random"][0])
    shown = [steps[round(at * (len(steps) - 1) / 5)] for at in range(6)]
    print(f"| order | {' | '.join(f'F1 at {one}' for one in shown)} | labels for the last F1 of random order |")
    print(f"| --- |{' --- |' * (len(shown) + 1)}")
    means = {
        how: {one: float(np.mean([single[one] for single in every])) for one in steps} for how, every in curves.items()
    }
    goal = means["random"][steps[-1]]
    for how, mean in means.items():
        needed = next((one for one in steps if mean[one] >= goal), None)
        print(
            f"| {how} | {' | '.join(f'{mean[one]:.3f}' for one in shown)} | {needed or f'more than {steps[-1]}'} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=60, help="images of a kind")
    parser.add_argument("--each", type=int, default=50, help="labels a class")
    parser.add_argument("--labels", type=int, default=200, help="labels at the end of a curve")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=60, help="of a network, at most")
    parser.add_argument("--curves", action=argparse.BooleanOptionalAction, default=True, help="active learning too")
    chosen = parser.parse_args()
    EPOCHS[0] = chosen.epochs
    started = time.perf_counter()
    kinds, close = collect(chosen.images, 0)
    print(f"features of {len(kinds.truth):,} objects in {time.perf_counter() - started:.1f} s\n")
    seeds = range(chosen.seeds)
    with threadpool_limits(1):
        for name, objects in (("kind", kinds), ("touching", close)):
            counts = ", ".join(str(one) for one in np.bincount(objects.truth))
            print(f"## {name}: {counts} objects on {len(np.unique(objects.images))} images\n")
            compare(objects, chosen.each, seeds)
            print()
            if chosen.curves:
                learn_actively(objects, chosen.labels, seeds)
                print()


if __name__ == "__main__":
    main()
