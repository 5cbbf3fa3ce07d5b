"""Before and after: what a model found on held-out images, and what the fine-tuned one finds."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import orjson
from numpy.typing import NDArray

from cytoloop.exchange.report.overlays import enlarged, jpeg, shown, with_errors
from cytoloop.learning.method import Method
from cytoloop.learning.networkmethod import NetworkMethod
from cytoloop.learning.packages.model import ModelPackage
from cytoloop.learning.training.dataset import Example
from cytoloop.learning.training.scoring import TypeScore, by_type, pixels_of, score_method, without_unknown

from .rounds import Round, Tuned, read_curve

REPORT = "report.json"
SIDES = ("before", "after")
MOST_PICTURES = 6
_PICTURE_PX = 512
_LEAST_SIDE_PX = 256
_MOST_TIMES = 4


@dataclass(frozen=True, slots=True)
class Picture:
    """A held-out image: its DSB score with each model. Files are ``before-N.jpg`` and ``after-N.jpg``, N from 1."""

    name: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class TuningReport:
    """What fine-tuning did. Scores are ``None`` where nothing was held out."""

    start: str
    unmarked: str
    images: int
    held_out: int
    before: dict[str, float] | None
    after: dict[str, float] | None
    rounds: list[Round]
    curve: list[dict[str, float]]
    """Points: round, step, loss, and validation_loss where it was taken."""
    seconds: float
    pictures: list[Picture] = field(default_factory=list[Picture])

    @classmethod
    def read(cls, path: Path) -> "TuningReport":
        """What ``write`` wrote."""
        content: dict[str, Any] = orjson.loads(path.read_bytes())
        rounds = [Round(**one) for one in content.pop("rounds")]
        pictures = [Picture(**one) for one in content.pop("pictures")]
        return cls(**content, rounds=rounds, pictures=pictures)

    def write(self, folder: Path) -> None:
        """As ``report.json``."""
        (folder / REPORT).write_bytes(orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2))


def write_report(
    folder: Path,
    start: ModelPackage,
    tuned: Tuned,
    after: ModelPackage,
    held: Sequence[Example],
    on_image: Callable[[], None] = lambda: None,
) -> TuningReport:
    """Score both models on the held-out examples; write the report and pictures of the errors."""
    methods: tuple[Method, Method] = NetworkMethod(start), NetworkMethod(after)
    scored = [score_method(one, held, on_image=lambda _: on_image()) for one in methods]
    scores = [_total(one, held) for one in scored]
    pictures: list[Picture] = []
    for number, example in enumerate(held[:MOST_PICTURES], start=1):
        for side, method in zip(SIDES, methods, strict=True):
            (folder / f"{side}-{number}.jpg").write_bytes(_picture(method, example))
        values = [one[number - 1].scores.dsb for one in scored]
        pictures.append(Picture(example.name, *values))
    record = tuned.trained.record
    report = TuningReport(
        start=start.name,
        unmarked=record["unmarked"],
        images=record["images"],
        held_out=len(held),
        before=scores[0],
        after=scores[1],
        rounds=tuned.rounds,
        curve=read_curve(tuned.trained.weights.parent.parent),
        seconds=record["seconds"],
        pictures=pictures,
    )
    report.write(folder)
    return report


def _total(scored: Any, held: Sequence[Example]) -> dict[str, float] | None:
    if not held:
        return None
    found: TypeScore = by_type(scored, {one.name: "held out" for one in held})["all"]
    return found.as_json()


def _picture(method: Method, example: Example) -> bytes:
    """The errors in colours, of the part with most objects where the picture is large."""
    parameters = method.parameters.model_validate({})
    pixels = pixels_of(example)
    found = method.segment(pixels, parameters, method.calibrate(pixels, parameters)).labels
    part = _busiest(example.labels)
    truth = np.maximum(example.labels, 0)[part]
    predicted = without_unknown(found, example.labels)[part]
    factor = min(_MOST_TIMES, max(1, -(-_LEAST_SIDE_PX // min(truth.shape))))
    picture = enlarged(shown(example.image)[part], factor * max(truth.shape))
    drawn = with_errors(picture, _larger(truth, factor), _larger(predicted, factor))
    veil = _larger((example.labels[part] < 0).astype(np.int32), factor) > 0
    drawn[veil] = (0.55 * drawn[veil]).astype(np.uint8)
    return jpeg(np.ascontiguousarray(drawn))


def _larger(labels: NDArray[np.int32], factor: int) -> NDArray[np.int32]:
    return labels.repeat(factor, axis=0).repeat(factor, axis=1)


def _busiest(labels: NDArray[np.int32]) -> tuple[slice, slice]:
    height, width = min(labels.shape[0], _PICTURE_PX), min(labels.shape[1], _PICTURE_PX)
    known = cv2.boxFilter((labels > 0).astype(np.float32), -1, (width, height), borderType=cv2.BORDER_CONSTANT)
    rows, columns = labels.shape[0] - height + 1, labels.shape[1] - width + 1
    y0, x0 = height // 2, width // 2
    inner = known[y0 : y0 + rows, x0 : x0 + columns]
    y, x = np.unravel_index(int(inner.argmax()), inner.shape)
    return slice(int(y), int(y) + height), slice(int(x), int(x) + width)
