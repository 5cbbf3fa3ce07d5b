"""Scoring folders of label images against the truth, and the report about it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import regionprops_table

from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Box
from cytoloop.exchange.labels import read_label_stack
from cytoloop.exchange.report.overlays import COLOURS, enlarged, jpeg, shown, with_errors
from cytoloop.exchange.report.page import data_url, svg, write_page
from cytoloop.exchange.report.plots import histogram, line_plot
from cytoloop.images.reading import read_plane
from cytoloop.images.registry import open_image
from cytoloop.measurements.outcomes import Outcome, outcomes
from cytoloop.measurements.scores import IOU_THRESHOLDS, ImageScores, ScoreSummary, score_pair, summarise
from cytoloop.workflows.segmentation.batch import image_stem

_LABEL_ENDINGS = {".tif", ".tiff", ".png"}
_LISTED = 10
_PICTURE_PX = 360
_LARGEST_PICTURE_PX = 1600
_COLUMNS = ("Image", "DSB", "F1", "Dice", "True", "Predicted", "Missed", "Extra", "Split", "Merged")


@dataclass(frozen=True, slots=True)
class LabelPair:
    """The truth of one image and what was predicted; ``None`` counts as nothing found."""

    name: str
    truth: Path
    predicted: Path | None


@dataclass(frozen=True, slots=True)
class Sizes:
    """Areas (px²) and widths (minor axes, px) of objects."""

    areas: list[float] = field(default_factory=list[float])
    widths: list[float] = field(default_factory=list[float])


def label_pairs(
    truth: Path, predicted: Path, *, missing_as_empty: bool = False, ignore_extra: bool = False
) -> list[LabelPair]:
    """Files of the same stem in two folders. Raises ``InvalidInputError`` that lists those without a partner."""
    wanted, found = _by_stem(truth, _LABEL_ENDINGS), _by_stem(predicted, _LABEL_ENDINGS)
    missing = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted]
    if len(missing) == len(wanted):
        raise InvalidInputError(
            f"No file in {predicted} has a name as in {truth} (such as {next(iter(wanted))}). Check the folders."
        )
    if missing and not missing_as_empty:
        raise InvalidInputError(
            f"{len(missing)} of {len(wanted)} predictions are missing in {predicted}: {_some(missing)}. "
            "Add them, or count them as empty with --missing-as-empty."
        )
    if extra and not ignore_extra:
        raise InvalidInputError(
            f"{len(extra)} predictions have no truth in {truth}: {_some(extra)}. "
            "Add it, or leave them out with --ignore-extra."
        )
    return [LabelPair(name, path, found.get(name)) for name, path in wanted.items()]


def _by_stem(folder: Path, endings: Iterable[str]) -> dict[str, Path]:
    if not folder.is_dir():
        raise InvalidInputError(f"There is no folder {folder}.")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in endings or path.name.startswith(".") or not path.is_file():
            continue
        name = image_stem(path)
        if name in found:
            raise InvalidInputError(
                f"{found[name].name} and {path.name} in {folder} are both called {name}. Keep one of them there."
            )
        found[name] = path
    if not found:
        raise InvalidInputError(f"There are no label images (TIFF, PNG) in {folder}.")
    return found


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def read_pair(pair: LabelPair) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """True and predicted labels of one shape's worth of planes."""
    truth = np.squeeze(read_label_stack(pair.truth)).astype(np.int64)
    if pair.predicted is None:
        return truth, np.zeros_like(truth)
    return truth, np.squeeze(read_label_stack(pair.predicted)).astype(np.int64)


def score_labels(pair: LabelPair) -> ImageScores:
    """The scores of one pair of files."""
    try:
        return score_pair(*read_pair(pair))
    except InvalidInputError as error:
        raise InvalidInputError(f"{pair.truth.name}: {error.message}") from error


def write_report(
    path: Path,
    pairs: Sequence[LabelPair],
    scores: Mapping[str, ImageScores],
    *,
    images: Path | None = None,
    overlays: int = 24,
    on_picture: Callable[[str], None] = lambda _: None,
) -> Path:
    """Write the report of scored pairs: one HTML file that needs nothing else.

    ``overlays`` pictures show the errors of the images with the lowest scores, on the images of the folder ``images``
    where it has one of the name.
    """
    total = summarise(list(scores.values()))
    known = {} if images is None else _images_in(images)
    kinds = ("true", "predicted", "right")
    sizes = {name: Sizes() for name in kinds}
    for pair in pairs:
        _collect(sizes, *read_pair(pair))
    worst = sorted(pairs, key=lambda pair: scores[pair.name].dsb)[: max(0, overlays)]
    pictures: list[dict[str, Any]] = []
    for pair in worst:
        pictures.append(_picture(pair, scores[pair.name], known.get(pair.name)))
        on_picture(pair.name)
    curve = list(zip(IOU_THRESHOLDS, total.average_precision, strict=True))
    return write_page(
        path,
        "evaluation.html",
        title="How well the objects were found",
        told=f"{total.image_count} images, {total.truth_count:,} true and {total.predicted_count:,} predicted objects.",
        facts=_facts(total),
        precision_plot=svg(line_plot({"average precision": curve}, x="overlap asked for", y="score", top=1.0)),
        size_plot=svg(histogram({name: sizes[name].areas for name in kinds}, x="area, px²")),
        width_plot=svg(histogram({name: sizes[name].widths for name in kinds}, x="width, px")),
        columns=_COLUMNS,
        rows=[_row(name, one) for name, one in scores.items()],
        pictures=pictures,
        legend=[(outcome.value, "rgb({},{},{})".format(*colour)) for outcome, colour in COLOURS.items()],
        with_images=bool(known),
    )


def _images_in(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise InvalidInputError(f"There is no folder {folder}.")
    return {image_stem(path): path for path in sorted(folder.iterdir()) if not path.name.startswith(".")}


def _facts(total: ScoreSummary) -> list[tuple[str, str]]:
    return [
        ("DSB score", f"{total.dsb:.3f}"),
        ("F1 at overlap 0.5", f"{total.rates[0].f1:.3f}"),
        ("F1 at overlap 0.7", f"{total.rates[1].f1:.3f}"),
        ("Dice of the foreground", f"{total.dice:.3f}"),
        ("missed", f"{total.missed:,}"),
        ("extra", f"{total.extra:,}"),
        ("split", f"{total.split:,}"),
        ("merged", f"{total.merged:,}"),
    ]


def _row(name: str, one: ImageScores) -> list[str]:
    return [
        name,
        f"{one.dsb:.3f}",
        f"{one.f1():.3f}",
        f"{one.dice:.3f}",
        *(str(value) for value in (one.truth_count, one.predicted_count, one.missed, one.extra, one.split, one.merged)),
    ]


def _collect(sizes: Mapping[str, Sizes], truth: NDArray[np.int64], predicted: NDArray[np.int64]) -> None:
    """Add the sizes of the objects of one image; stacks are left out."""
    if truth.ndim != 2:
        return
    right = {number for number, one in outcomes(truth, predicted).predicted.items() if one is Outcome.FOUND}
    for name, labels in (("true", truth), ("predicted", predicted)):
        table = regionprops_table(labels, properties=("label", "area", "axis_minor_length"))
        sizes[name].areas.extend(table["area"].tolist())
        sizes[name].widths.extend(table["axis_minor_length"].tolist())
        if name == "predicted":
            kept = np.isin(table["label"], list(right))
            sizes["right"].areas.extend(table["area"][kept].tolist())
            sizes["right"].widths.extend(table["axis_minor_length"][kept].tolist())


def _picture(pair: LabelPair, scores: ImageScores, image: Path | None) -> dict[str, Any]:
    truth, predicted = read_pair(pair)
    if truth.ndim != 2:
        middle = truth.shape[0] // 2
        truth, predicted = (
            truth.reshape(-1, *truth.shape[-2:])[middle],
            predicted.reshape(-1, *truth.shape[-2:])[middle],
        )
    picture = np.zeros((*truth.shape, 3), np.uint8) if image is None else _image(image, truth.shape)
    factor = max(1, -(-_PICTURE_PX // max(truth.shape)))
    large = [one.repeat(factor, axis=0).repeat(factor, axis=1) for one in (truth, predicted)]
    drawn = with_errors(enlarged(picture, _PICTURE_PX), *large)
    step = -(-max(drawn.shape) // _LARGEST_PICTURE_PX)
    return {
        "name": pair.name,
        "source": data_url(jpeg(drawn[::step, ::step])),
        "dsb": f"{scores.dsb:.3f}",
        "missed": scores.missed,
        "extra": scores.extra,
        "split": scores.split,
        "merged": scores.merged,
    }


def _image(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The picture under the outlines; of several channels the first."""
    source = open_image(path)
    try:
        info = source.info()
        if (info.height, info.width) != tuple(shape):
            raise InvalidInputError(
                f"{path.name} has {info.width} x {info.height} px and its labels {shape[1]} x {shape[0]} px; "
                "they must have the same size."
            )
        array = read_plane(source, Box(0, 0, info.width, info.height))
    finally:
        source.close()
    return shown(array if info.rgb or array.ndim == 2 else array[0])
