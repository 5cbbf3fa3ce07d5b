"""Cards of landmark detectors: what they find, what they learnt from, and how far off they are."""

from collections.abc import Mapping, Sequence
from typing import Any

_LIMITS = (
    "It knows images of the kind that it was shown: the same specimen, view and staining, turned and scaled no further "
    "than in the training. It gives a place for every landmark, also where the image has none: look at the confidence."
)

_EXPLAINED = (
    "Distances to the points that people placed, in full-resolution pixels. Within: up to {tolerance} % of an image's "
    "longer side. Mean position: the median error of the mean position of the other images."
)


def landmark_card(title: str, names: Sequence[str], record: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    tolerance = f"{record['tolerance_percent']:g}"
    parts = [
        f"# {title}",
        f"Finds landmarks: {', '.join(names)}.",
        "## How it was trained",
        _facts(record),
        "## Errors on images that were held out",
        _scores(names, record["scores"], tolerance),
        _EXPLAINED.format(tolerance=tolerance),
        "## Limits",
        _LIMITS,
    ]
    return "\n\n".join(parts) + "\n"


def _facts(record: Mapping[str, Any]) -> str:
    configuration = record["configuration"]
    rows = [
        ("Images", str(record["images"])),
        ("Method", f"extremely randomised trees that vote in three stages, {configuration['trees']} trees a forest"),
        ("Working size", f"{configuration['size_px']} px"),
        ("Views", f"{configuration['views']} of each image"),
        ("Turned, scaled", f"{configuration['rotation_degrees']:g}°, {configuration['scale_percent']:g} % at most"),
        ("Cross-validation", f"{record['folds']} parts, by image"),
        ("Seed", str(configuration["seed"])),
        ("Time", f"{record['seconds']:.1f} s"),
        ("Made with", f"Cytoloop {record['cytoloop_version']}"),
    ]
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)])


def _scores(names: Sequence[str], scores: Sequence[Mapping[str, Any]], tolerance: str) -> str:
    lines = [
        f"| landmark | images | median px | mean px | median µm | within {tolerance} % | mean position px |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, one in zip(names, scores, strict=True):
        numbers = " | ".join(_number(one[key]) for key in ("median_px", "mean_px", "median_um"))
        escaped = name.replace("|", "\\|")
        within = "–" if one["within"] is None else f"{one['within']:.0%}"
        lines.append(f"| {escaped} | {one['count']} | {numbers} | {within} | {_number(one['baseline_px'])} |")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
