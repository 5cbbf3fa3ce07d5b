"""Finding the numbers by which a model's maps become objects, on images whose objects are known.

What the network sees of each image is computed once; then only the decoder runs, so that a hundred trials take minutes.
"""

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.decoding.cleaning import CleaningSettings
from cytoloop.learning.decoding.tuning import CLEANING_BOUNDS, DECODER_BOUNDS, Bounds, tuned
from cytoloop.learning.method import Instances, Method
from cytoloop.learning.networkmethod import NetworkMethod, NetworkParameters
from cytoloop.learning.packages.model import Decoder, ModelPackage, Task
from cytoloop.learning.packages.writing import with_decoding
from cytoloop.learning.refinement import SETTINGS, RefinedMethod, mended
from cytoloop.learning.training.dataset import Example, pairs_in, read_example
from cytoloop.learning.training.scoring import pixels_of, without_unknown
from cytoloop.measurements.scores import score_pair

from .library import export_model

FEWEST = 2
"""Images to tune on."""
_FIFTH = 5
"""One image in so many is held out."""
Decide = Callable[[Mapping[str, float]], Instances]
"""The objects of one image by numbers."""
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class TuningOrder:
    """What is tuned on which images.

    ``refine`` names a method whose objects the model mends: then the numbers of the mending are found, not those of
    the decoder. ``most`` limits the images that are tuned on.
    """

    model: NetworkMethod
    data: Path
    refine: Method | None = None
    most: int = 60
    generations: int = 6
    seed: int = 0


@dataclass(frozen=True, slots=True)
class TunedModel:
    """The numbers, and mean DSB scores before and after; ``held_out`` are of images that were not tuned on."""

    values: dict[str, float]
    images: int
    before: float
    after: float
    held_out_images: int
    held_out_before: float | None
    held_out_after: float | None
    trials: int


def tune_model(order: TuningOrder, target: Path, tell: Tell = lambda _: None) -> tuple[TunedModel, Path]:
    """Tune, and write a package of the model with the numbers found as ``target`` (.zip).

    Raises
    ------
    InvalidInputError
        The model finds no single objects or is not of this program's packages, or there are fewer than two images.
    """
    package = order.model.package
    bounds, start = _search_of(order)
    training, held = _split(order)
    known = _prepared(order, training, tell)
    tell(f"Trying numbers on {len(training)} images")
    found = tuned(
        lambda values: _score(known, values), bounds, start=start, generations=order.generations, seed=order.seed
    )
    values = {name: float(round(one)) if "margin" in name else one for name, one in found.values.items()}
    judged = _prepared(order, held, tell)
    result = TunedModel(
        values, len(training), _score(known, start), found.score, len(held),
        _score(judged, start) if held else None, _score(judged, values) if held else None, found.trials,
    )  # fmt: skip
    return result, _written(package, result, target)


def _search_of(order: TuningOrder) -> tuple[Bounds, dict[str, float]]:
    """Within which bounds, and from which numbers on."""
    spec = order.model.package.spec
    if order.refine is not None:
        settings = SETTINGS.with_values(spec.decoding)
        return CLEANING_BOUNDS, {name: float(getattr(settings, name)) for name in CLEANING_BOUNDS}
    if spec.task is not Task.INSTANCES:
        raise InvalidInputError(
            f"{order.model.name} finds areas, not single objects, so there is nothing to tune. "
            "Name a method whose objects it is to mend with --refine."
        )
    names = list(DECODER_BOUNDS) if spec.decoder is Decoder.WATERSHED else ["foreground", "smallest", "least_score"]
    settings = order.model.decoder_settings
    return {name: DECODER_BOUNDS[name] for name in names}, {name: float(getattr(settings, name)) for name in names}


def _split(order: TuningOrder) -> tuple[list[Example], list[Example]]:
    pairs = {one.name: one for one in pairs_in(order.data)}
    if len(pairs) < FEWEST:
        raise InvalidInputError(f"{order.data} holds {len(pairs)} image with labels; tuning needs {FEWEST} or more.")
    names = sorted(pairs)
    held = names[_FIFTH - 1 :: _FIFTH]
    training = [name for name in names if name not in set(held)]
    step = -(-len(training) // order.most)
    return [read_example(pairs[name]) for name in training[::step]], [read_example(pairs[name]) for name in held]


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """An image's truth, and its objects by numbers."""

    truth: NDArray[np.int32]
    decide: Decide


def _prepared(order: TuningOrder, examples: Sequence[Example], tell: Tell) -> list[_Known]:
    found: list[_Known] = []
    for number, one in enumerate(examples, start=1):
        decide = _deciding(order.model, one) if order.refine is None else _mending(order.refine, order.model, one)
        found.append(_Known(one.labels, decide))
        if number % 10 == 0:
            tell(f"Looked at {number} of {len(examples)} images")
    return found


def _deciding(model: NetworkMethod, one: Example) -> Decide:
    pixels, plain = pixels_of(one), NetworkParameters.model_validate({})
    seen = model.see(pixels, plain, model.calibrate(pixels, plain))
    return lambda values: model.decide(seen, plain, values)


def _mending(method: Method, model: NetworkMethod, one: Example) -> Decide:
    pixels, parameters = pixels_of(one), method.parameters.model_validate({})
    both = RefinedMethod(method, model)
    calibration = both.calibrate(pixels, parameters)
    found = method.segment(pixels, parameters, calibration)
    probability = both.probability(pixels, calibration)
    return lambda values: mended(found, probability, CleaningSettings().with_values(values))


def _score(images: Sequence[_Known], values: Mapping[str, float]) -> float:
    return float(np.mean([_dsb(one.truth, one.decide(values)) for one in images]))


def _dsb(truth: NDArray[np.int32], found: Instances) -> float:
    labels = without_unknown(found.labels, truth)
    return score_pair(truth.clip(min=0).astype(np.int64), labels.astype(np.int64)).dsb


def _written(package: ModelPackage, result: TunedModel, target: Path) -> Path:
    record: dict[str, Any] = {
        "values": {name: round(value, 5) for name, value in result.values.items()},
        "images": result.images,
        "dsb_before": round(result.before, 4),
        "dsb_after": round(result.after, 4),
    }
    if result.held_out_before is not None and result.held_out_after is not None:
        record |= {
            "held_out_images": result.held_out_images,
            "held_out_dsb_before": round(result.held_out_before, 4),
            "held_out_dsb_after": round(result.held_out_after, 4),
        }
    with tempfile.TemporaryDirectory(prefix="cytoloop-tuned-") as folder:
        copy = Path(folder) / package.name
        shutil.copytree(package.folder, copy)
        return export_model(with_decoding(copy, result.values, record), target)
