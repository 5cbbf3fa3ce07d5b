"""Cards of classifiers: what they tell apart, what they learnt from, and what they score."""

from collections.abc import Mapping, Sequence
from typing import Any

from cytoloop.learning.packages.tabular import KnownClass

_METHODS = {
    "extra-trees": "extremely randomised trees",
    "boosting": "gradient boosting on histograms",
    "svm": "a support vector machine with a Gaussian kernel",
    "linear": "logistic regression",
}
_PARTITIONS = {
    "held_out": "held out (cross-validation)",
    "training": "labels it learnt from",
    "test": "test images, never learnt from",
}
_LIMITS = (
    "It knows images and objects of the kind that it was shown. Scores on the labels that it learnt from say nothing "
    "about new images; look at those that were held out."
)


def card_of(title: str, classes: Sequence[KnownClass], record: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    parts = [
        f"# {title}",
        f"Tells objects apart: {', '.join(one.name for one in classes)}.",
        "## How it was trained",
        _facts(record),
        "## Scores",
        *(_scores(_PARTITIONS[name], classes, one) for name, one in record["scores"].items()),
        "## Limits",
        _LIMITS,
    ]
    return "\n\n".join(parts) + "\n"


def _facts(record: Mapping[str, Any]) -> str:
    by = (
        "no image is in two parts" if record["split"] == "image" else "parts of the same images: the scores may flatter"
    )
    rows = [
        ("Labels", f"{sum(record['labels']):,} on {record['images']} images"),
        ("Method", _METHODS[record["configuration"]["learner"]]),
        ("Features", f"{record['features']['count']} ({record['features']['key']})"),
        ("Cross-validation", f"{record['folds']} parts; {by}"),
        ("Seed", str(record["configuration"]["seed"])),
        ("Time", f"{record['seconds']:.1f} s"),
        ("Made with", f"Cytoloop {record['cytoloop_version']}"),
    ]
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)])


def _scores(name: str, classes: Sequence[KnownClass], scores: Mapping[str, Any]) -> str:
    lines = [
        f"### {name[0].upper()}{name[1:]}: {scores['objects']:,} objects",
        "",
        f"Accuracy {_number(scores['accuracy'])}, macro F1 {_number(scores['macro_f1'])}.",
        "",
        "| class | objects | precision | recall | F1 | area under ROC |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one, score in zip(classes, scores["classes"], strict=True):
        numbers = (_number(score[key]) for key in ("precision", "recall", "f1", "auc"))
        lines.append(f"| {_cell(one.name)} | {score['support']} | {' | '.join(numbers)} |")
    return "\n".join(lines)


def _cell(name: str) -> str:
    return name.replace("|", "\\|")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
