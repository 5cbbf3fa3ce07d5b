"""Cards of classifiers: what they tell apart, what they learnt from, and what they score."""

from collections.abc import Mapping, Sequence
from typing import Any

from cytoloop.learning.classifiers.package import Subject
from cytoloop.learning.packages.tabular import KnownClass

_METHODS = {
    "extra-trees": "extremely randomised trees",
    "boosting": "gradient boosting on histograms",
    "svm": "a support vector machine with a Gaussian kernel",
    "linear": "logistic regression",
    "cnn": "a small convolutional network, from nothing",
    "encoder": "the encoder of the shipped segmentation network, with a linear head",
}
_STOPS = {
    "early stop": "ended, as the loss on what was held out fell no more",
    "person": "ended by a person",
    "epochs": "all of them",
}
_PARTITIONS = {
    "held_out": "held out",
    "training": "labels it learnt from",
    "test": "test images, never learnt from",
}
_LIMITS = (
    "It knows images and objects of the kind that it was shown. Scores on the labels that it learnt from say nothing "
    "about new images; look at those that were held out."
)


def card_of(title: str, classes: Sequence[KnownClass], record: Mapping[str, Any], subject: Subject = "objects") -> str:
    """The card as Markdown."""
    parts = [
        f"# {title}",
        f"Tells {subject} apart: {', '.join(one.name for one in classes)}.",
        "## How it was trained",
        _facts(record, subject),
        "## Scores",
        *(_scores(_PARTITIONS[name], classes, one, subject) for name, one in record["scores"].items()),
        "## Limits",
        _LIMITS,
    ]
    return "\n\n".join(parts) + "\n"


def _facts(record: Mapping[str, Any], subject: Subject) -> str:
    alone = subject == "images" or record["split"] == "image"
    by = "no image is in two parts" if alone else "parts of the same images: the scores may flatter"
    where = "" if subject == "images" else f" on {record['images']} images"
    configuration = record["configuration"]
    rows = [
        ("Labels", f"{sum(record['labels']):,}{where}"),
        ("Method", _METHODS[configuration["learner"]]),
        *(_of_network(record) if "epochs" in record else _of_features(record)),
        ("Held out", by),
        ("Seed", str(configuration["seed"])),
        ("Time", f"{record['seconds']:.1f} s"),
        ("Made with", f"Cytoloop {record['cytoloop_version']}"),
    ]
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)])


def _of_features(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("Features", f"{record['features']['count']} ({record['features']['key']})"),
        ("Cross-validation", f"{record['folds']} parts"),
    ]


def _of_network(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    configuration = record["configuration"]
    body = "" if configuration["learner"] == "cnn" else "; encoder as it came" if configuration["frozen"] else "; all"
    known = record.get("continued_from")
    return [
        ("Crops", f"{configuration['side']} px ({record['features']['key']})"),
        (
            "Weights",
            f"{record['parameters']:,}{body}" + ("" if known is None else f"; goes on from classifier {known}"),
        ),
        ("Epochs", f"{record['epochs']}, {_STOPS[record['ended_by']]}; kept: {record['best_epoch']}"),
        ("Chosen by", "the loss on the held-out labels, so their scores flatter a little"),
    ]


def _scores(name: str, classes: Sequence[KnownClass], scores: Mapping[str, Any], subject: Subject) -> str:
    lines = [
        f"### {name[0].upper()}{name[1:]}: {scores['objects']:,} {subject}",
        "",
        f"Accuracy {_number(scores['accuracy'])}, macro F1 {_number(scores['macro_f1'])}.",
        "",
        f"| class | {subject} | precision | recall | F1 | area under ROC |",
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
