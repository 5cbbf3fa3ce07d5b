"""Segmentation before and after fine-tuning, on images of a kind that the model has not seen.

    python -m tests.performance.finetuning --start .cache/models/without-4/package --type 4

``--start``: a package that was trained without that type of image (``scripts/models.py generalise TYPE`` makes one).
It learns from a few images of the type, all from the training part of the data, and is scored on those of the
validation part. Four ways: every second object annotated and the rest ignored, in one round and in several; the same,
the rest taken as background; and every object annotated, as the bound of what can be had.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from cytoloop.learning.networkmethod import NetworkMethod
from cytoloop.learning.packages.model import ModelPackage
from cytoloop.learning.packages.reading import read_package
from cytoloop.learning.training.dataset import Example, pairs_in, read_example, standard_split
from cytoloop.learning.training.imagetypes import image_types
from cytoloop.learning.training.order import Order
from cytoloop.learning.training.scoring import score_method
from cytoloop.workflows.finetuning.plan import TuningPlan, Unmarked, tuned_configuration
from cytoloop.workflows.finetuning.rounds import copy_with_unknown, fine_tune
from cytoloop.workflows.models.packaging import About, unwritten_package

DATA = Path(__file__).parents[3] / "shared/data/dsb2018"
TYPES = 9
WAYS = {
    "half annotated, rest ignored, 1 round": (Unmarked.UNKNOWN, 1, 0.5),
    "half annotated, rest ignored, rounds": (Unmarked.UNKNOWN, 0, 0.5),
    "half annotated, rest as background": (Unmarked.BACKGROUND, 1, 0.5),
    "all annotated": (Unmarked.BACKGROUND, 1, 1.0),
}


def thinned(labels: NDArray[np.int32], share: float, seed: int) -> NDArray[np.int32]:
    """Labels of which a share is left."""
    numbers = np.unique(labels[labels > 0])
    gone = np.random.default_rng(seed).permutation(numbers)[: round(len(numbers) * (1 - share))]
    return np.where(np.isin(labels, gone), 0, labels).astype(np.int32)


def written(folder: Path, examples: list[Example], sources: dict[str, Path], share: float) -> Path:
    """The examples as a dataset, a share of their objects annotated."""
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    for seed, one in enumerate(examples):
        shutil.copyfile(sources[one.name], folder / "images" / sources[one.name].name)
        tifffile.imwrite(folder / "labels" / f"{one.name}.tif", thinned(one.labels, share, seed))
    return folder


def scores(package: ModelPackage, held: list[Example]) -> dict[str, float]:
    """Mean DSB score and F1."""
    found = score_method(NetworkMethod(package), held)
    return {
        "dsb": round(float(np.mean([one.scores.dsb for one in found])), 4),
        "f1": round(float(np.mean([one.scores.f1() for one in found])), 4),
    }


def main() -> int:
    """Print the table, and all numbers as JSON at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--type", type=int, required=True, help="number of the image type, 0 to 8")
    parser.add_argument("--images", type=int, default=6)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    start = read_package(given.start)
    examples = {one.name: one for one in map(read_example, pairs_in(DATA))}
    sources = {one.name: one.image for one in pairs_in(DATA)}
    types = image_types(list(examples.values()), TYPES)
    split = standard_split(types)
    own = [one for one in split.training if types[one] == given.type]
    chosen = sorted(np.random.default_rng(given.seed).permutation(own)[: given.images].tolist())
    held = [examples[one] for one in split.validation if types[one] == given.type]
    before = scores(start, held)
    print(f"learnt from {len(chosen)} images of type {given.type}, scored on {len(held)}")
    print(f"{'before':42} DSB {before['dsb']:.3f}  F1 {before['f1']:.3f}", flush=True)
    found: dict[str, object] = {"before": before}
    for way, (unmarked, rounds, share) in WAYS.items():
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="cytoloop-bench-") as name:
            folder = Path(name)
            data = written(folder / "data", [examples[one] for one in chosen], sources, share)
            if unmarked is Unmarked.UNKNOWN:
                data = copy_with_unknown(data, folder / "unknown")
            plan = TuningPlan.model_validate(
                {"unmarked": unmarked, "rounds": rounds or given.rounds, "steps": given.steps, "seed": given.seed}
            )
            order = Order(
                configuration=tuned_configuration(start, plan, "bench", types=1),
                data=data,
                folder=folder / "work",
                held_out=(),
            )
            tuned = fine_tune(start, order, plan)
            about = About("bench", "", "")
            after = scores(unwritten_package(folder, tuned.trained.weights, start.spec, about), held)
        added = [one.added for one in tuned.rounds]
        seconds = time.monotonic() - begun
        found[way] = {**after, "annotated": tuned.rounds[-1].annotated, "added": added, "seconds": round(seconds, 1)}
        print(f"{way:42} DSB {after['dsb']:.3f}  F1 {after['f1']:.3f}  added {added}  {seconds:.0f} s", flush=True)
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
