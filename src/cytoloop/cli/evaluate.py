"""``cytoloop evaluate``."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import orjson
import typer

from cytoloop.core.errors import InvalidInputError
from cytoloop.exchange.labels import read_label_stack
from cytoloop.measurements.scores import IOU_THRESHOLDS, ImageScores, ScoreSummary, score_pair, summarise
from cytoloop.workflows.batch import image_stem

from .options import JsonOption

_ENDINGS = {".tif", ".tiff", ".png"}
_LISTED = 10


def evaluate(
    truth: Annotated[Path, typer.Option("--truth", help="Folder of true label images (TIFF, PNG).")],
    pred: Annotated[Path, typer.Option("--pred", help="Folder of predicted ones: x.labels.tif for x.png or x.tif.")],
    per_image: Annotated[bool, typer.Option("--per-image", help="Show the scores of each image too.")] = False,
    missing_as_empty: Annotated[
        bool, typer.Option("--missing-as-empty", help="Count a missing prediction as one without objects.")
    ] = False,
    ignore_extra: Annotated[
        bool, typer.Option("--ignore-extra", help="Leave out predictions without a truth.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Score label images against the truth: DSB score, F1, average precision, kinds of errors."""
    pairs = _pairs(truth, pred, missing_as_empty=missing_as_empty, ignore_extra=ignore_extra)
    scores = {name: _score(*files) for name, files in pairs.items()}
    total = summarise(list(scores.values()))
    if as_json:
        content: dict[str, Any] = {"summary": _summary_json(total)}
        if per_image:
            content["images"] = {name: _image_json(one) for name, one in scores.items()}
        typer.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2))
        return
    if per_image:
        for name, one in scores.items():
            typer.echo(
                f"{name}\tDSB {one.dsb:.4f}\tF1 {one.f1():.3f}\ttruth {one.truth_count}\tpredicted "
                f"{one.predicted_count}\tmissed {one.missed}\textra {one.extra}\tsplit {one.split}\tmerged {one.merged}"
            )
    typer.echo(_report(total))


def _pairs(
    truth: Path, pred: Path, *, missing_as_empty: bool, ignore_extra: bool
) -> dict[str, tuple[Path, Path | None]]:
    """Files of the same stem. Raises ``InvalidInputError`` that lists those without a partner."""
    wanted, found = _by_stem(truth), _by_stem(pred)
    missing = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted]
    if len(missing) == len(wanted):
        raise InvalidInputError(
            f"No file in {pred} has a name as in {truth} (such as {next(iter(wanted))}). Check the folders."
        )
    if missing and not missing_as_empty:
        raise InvalidInputError(
            f"{len(missing)} of {len(wanted)} predictions are missing in {pred}: {_some(missing)}. "
            "Add them, or count them as empty with --missing-as-empty."
        )
    if extra and not ignore_extra:
        raise InvalidInputError(
            f"{len(extra)} predictions have no truth in {truth}: {_some(extra)}. "
            "Add it, or leave them out with --ignore-extra."
        )
    return {name: (path, found.get(name)) for name, path in wanted.items()}


def _by_stem(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise InvalidInputError(f"There is no folder {folder}.")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in _ENDINGS or path.name.startswith(".") or not path.is_file():
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


def _score(truth: Path, predicted: Path | None) -> ImageScores:
    true_labels = np.squeeze(read_label_stack(truth))
    labels = np.zeros_like(true_labels) if predicted is None else np.squeeze(read_label_stack(predicted))
    try:
        return score_pair(true_labels.astype(np.int64), labels.astype(np.int64))
    except InvalidInputError as error:
        raise InvalidInputError(f"{truth.name}: {error.message}") from error


def _report(total: ScoreSummary) -> str:
    lines = [
        f"{total.image_count} images, {total.truth_count:,} true and {total.predicted_count:,} predicted objects",
        f"DSB score            {total.dsb:.4f}  (mean AP over IoU 0.50..0.95)",
    ]
    lines += [
        f"IoU {rate.threshold:.1f}              F1 {rate.f1:.4f}  precision {rate.precision:.4f}  "
        f"recall {rate.recall:.4f}  AP {total.average_precision[IOU_THRESHOLDS.index(rate.threshold)]:.4f}"
        for rate in total.rates
    ]
    lines += [
        f"Mean IoU of matches  {total.mean_matched_iou:.4f}",
        f"Foreground           Dice {total.dice:.4f}  Jaccard {total.jaccard:.4f}",
        f"Errors               missed {total.missed}  extra {total.extra}  split {total.split}  merged {total.merged}",
    ]
    return "\n".join(lines)


def _summary_json(total: ScoreSummary) -> dict[str, Any]:
    content = asdict(total)
    content["average_precision"] = dict(zip(map(str, IOU_THRESHOLDS), total.average_precision, strict=True))
    if not math.isfinite(total.mean_matched_iou):
        content["mean_matched_iou"] = None
    return content


def _image_json(one: ImageScores) -> dict[str, Any]:
    return {
        "dsb": one.dsb,
        "f1_50": one.f1(0.5),
        "f1_70": one.f1(0.7),
        "dice": one.dice,
        "jaccard": one.jaccard,
        "truth_count": one.truth_count,
        "predicted_count": one.predicted_count,
        "missed": one.missed,
        "extra": one.extra,
        "split": one.split,
        "merged": one.merged,
    }
