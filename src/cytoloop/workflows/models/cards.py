"""Model cards: what a model is for, how it came about, what it scores and where it fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cytoloop.learning.packages.model import ModelSpec, Task

_LIMITS = (
    "Made for 2D images. It finds what it was shown: look at the outlines before you trust the numbers, and correct a "
    "few images by hand if your images are of a kind that is not listed above."
)


@dataclass(frozen=True, slots=True)
class Card:
    """The facts of a card. ``training`` is the training record."""

    title: str
    description: str
    data: str
    licence: str
    notes: str
    spec: ModelSpec
    training: Mapping[str, Any]


def card_markdown(card: Card, *, failures: bool) -> str:
    """The card as Markdown."""
    record = card.training
    parts = [
        f"# {card.title}",
        card.description,
        "![What the model finds](cover.png)",
        "## What it does",
        _use(card.spec),
        "## How it was trained",
        card.data,
        _facts(record),
        *([card.notes] if card.notes else []),
        *_score_part(record, card.spec, failures=failures),
        "## Limits",
        _LIMITS,
        "## Licence",
        f"{card.licence}. Made by Cytoloop.",
    ]
    return "\n\n".join(parts) + "\n"


def _use(spec: ModelSpec) -> str:
    size = (
        f"Images are rescaled so that the median object is {spec.diameter_px:g} px wide; the size is estimated unless "
        "you give it."
        if spec.diameter_px
        else "Images are taken at the size they have."
    )
    return (
        f"Input: three channels (a gray image three times), the {spec.low_percentile:g} and {spec.high_percentile:g} "
        f"percentile brought to 0 and 1. Output: {', '.join(spec.outputs[:4])}"
        f"{' ...' if len(spec.outputs) > 4 else ''}. Objects are made of it by the decoder "
        f"`{spec.decoder.value}`. {size}"
    )


def _facts(record: Mapping[str, Any]) -> str:
    configuration = record["configuration"]
    hours = record["seconds"] / 3600
    rows = [
        ("Images trained on", f"{record['images']}"),
        ("Split", record["split"]),
        ("Images held out", f"{record['held_out']}"),
        ("Seed", f"{configuration['seed']}"),
        ("Steps x batch", f"{record['steps']:,} x {configuration['optimisation']['batch']}"),
        ("Time", f"{hours:.2f} h on {record.get('hardware', record['device'])}"),
        ("Parameters", f"{record['parameters'] / 1e6:.2f} million"),
        ("Network", _network(configuration["network"])),
    ]
    if record.get("continued_from"):
        rows.append(("Continued from", str(record["continued_from"])))
    lines = ["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)]
    return "\n".join(lines) + "\n\nThe whole configuration is in `bioimageio.yaml` under `config: cytoloop: training`."


def _network(network: Mapping[str, Any]) -> str:
    if network["kind"] == "unet":
        return f"U-Net, {network['filters']} filters, depth {network['depth']}"
    return f"residual U-Net, widths {', '.join(map(str, network['widths']))}"


def _score_part(record: Mapping[str, Any], spec: ModelSpec, *, failures: bool) -> list[str]:
    scores: Mapping[str, Mapping[str, Any]] = record.get("scores", {})
    if not scores:
        return ["## Validation", "No image was held out, so there is no score."]
    if spec.task is Task.SEMANTIC:
        return ["## Validation", _told(record), _dice_table(scores)]
    tta: Mapping[str, Mapping[str, Any]] = record.get("scores_with_tta", {})
    head = "| Images | number | DSB score | F1 at 0.5 | missed | extra | split | merged |"
    rule = "| --- | --- | --- | --- | --- | --- | --- | --- |"
    if tta:
        head, rule = head + " DSB, eight views |", rule + " --- |"
    lines = [head, rule]
    for name, one in scores.items():
        line = (
            f"| {name} | {one['images']} | {one['dsb']:.3f} | {one['f1']:.3f} | {one['missed']} | {one['extra']} | "
            f"{one['split']} | {one['merged']} |"
        )
        lines.append(line + (f" {tta[name]['dsb']:.3f} |" if tta else ""))
    parts = ["## Validation", _told(record), "\n".join(lines)]
    if failures:
        parts += [
            "## Where it fails",
            "The images with the lowest scores: found white, missed green, extra red, split yellow, merged blue.",
            "![The worst results](failures.png)",
        ]
    return parts


def _told(record: Mapping[str, Any]) -> str:
    return record.get("scored_on", "On the images held out from training, all parameters at their defaults.")


def _dice_table(scores: Mapping[str, Mapping[str, Any]]) -> str:
    lines = ["| Images | number | Dice of the foreground |", "| --- | --- | --- |"]
    lines += [f"| {name} | {one['images']} | {one['dice']:.3f} |" for name, one in scores.items()]
    return "\n".join(lines)
