"""Cards of pixel classifiers: what they tell apart, what they learnt from, and what they score."""

from collections.abc import Mapping, Sequence
from typing import Any

from cytoloop.learning.packages.tabular import KnownClass

_METHODS = {
    "extra-trees": "extremely randomised trees on filters",
    "random-forest": "a random forest on filters",
    "boosting": "gradient boosting on histograms of filters",
    "patches": "extremely randomised trees with many outputs on windows of raw pixels",
}
_LIMITS = (
    "It knows images of the kind that it was shown, with the same staining, exposure and size of pixels. Scribbles are "
    "where people found it worth drawing: the scores say nothing about pixels that nobody looked at."
)


def pixel_card(title: str, classes: Sequence[KnownClass], background: int | None, record: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    parts = [
        f"# {title}",
        f"Tells pixels apart: {', '.join(one.name for one in classes)}."
        + ("" if background is None else f" The background is {classes[background].name}."),
        "## How it was trained",
        _facts(record),
        "## Scores on what was held out",
        _scores(classes, record["scores"]["held_out"]),
        "## Limits",
        _LIMITS,
    ]
    return "\n\n".join(parts) + "\n"


def _facts(record: Mapping[str, Any]) -> str:
    by = (
        "no scribble is in two parts"
        if record["split"] == "scribble"
        else "parts of the same scribbles: neighbouring pixels are alike, so the scores flatter"
    )
    configuration = record["configuration"]
    rows = [
        ("Scribbles", f"{sum(record['scribbles']):,} on {record['images']} images, {sum(record['pixels']):,} pixels"),
        ("Method", f"{_METHODS[configuration['learner']]}, {configuration['trees']} trees"),
        ("Features", str(record["features"])),
        ("Cross-validation", f"{record['folds']} parts; {by}"),
        ("Seed", str(configuration["seed"])),
        ("Time", f"{record['seconds']:.1f} s"),
        ("Made with", f"Cytoloop {record['cytoloop_version']}"),
    ]
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)])


def _scores(classes: Sequence[KnownClass], scores: Mapping[str, Any]) -> str:
    lines = [
        f"Accuracy {_number(scores['accuracy'])}, macro F1 {_number(scores['macro_f1'])}.",
        "",
        "| class | pixels | precision | recall | F1 |",
        "| --- | --- | --- | --- | --- |",
    ]
    for one, score in zip(classes, scores["classes"], strict=True):
        numbers = " | ".join(_number(score[key]) for key in ("precision", "recall", "f1"))
        name = one.name.replace("|", "\\|")
        lines.append(f"| {name} | {score['support']} | {numbers} |")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
