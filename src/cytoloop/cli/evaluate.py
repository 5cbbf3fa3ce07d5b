"""``cytoloop evaluate``."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from cytoloop.measurements.scores import IOU_THRESHOLDS, ImageScores, ScoreSummary, summarise
from cytoloop.workflows.models.evaluating import label_pairs, score_labels, write_report

from .options import JsonOption


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
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE.html", help="Also write a report with pictures of the errors."),
    ] = None,
    images: Annotated[
        Path | None, typer.Option("--images", help="Folder of the images, to show under the errors in the report.")
    ] = None,
    overlays: Annotated[
        int, typer.Option("--overlays", min=0, max=500, help="How many of the worst images the report shows.")
    ] = 24,
    as_json: JsonOption = False,
) -> None:
    """Score label images against the truth: DSB score, F1, average precision, kinds of errors."""
    pairs = label_pairs(truth, pred, missing_as_empty=missing_as_empty, ignore_extra=ignore_extra)
    scores = {pair.name: score_labels(pair) for pair in pairs}
    if report is not None:
        write_report(report, pairs, scores, images=images, overlays=overlays)
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
    if report is not None:
        typer.echo(f"Report: {report}")


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
