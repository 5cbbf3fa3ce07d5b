"""The curves of a training as a page that can be watched while it runs."""

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 860, 360, 60, 40
_RENEW_S = 5
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">{renew}
<meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
:root {{ color-scheme: light dark; --ink: light-dark(#1b1f24, #e6e6e6); --faint: light-dark(#d5d9de, #3a3f46);
  --train: light-dark(#0b62a8, #6db6f2); --held: light-dark(#b34700, #ff9e57); }}
body {{ font: 15px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 900px; margin: 2rem auto;
  padding: 0 1rem; }}
svg {{ width: 100%; height: auto; }} text {{ fill: var(--ink); font-size: 13px; }}
.grid {{ stroke: var(--faint); }} .train {{ stroke: var(--train); }} .held {{ stroke: var(--held); }}
polyline {{ fill: none; stroke-width: 2; }} dt {{ font-weight: 600; }}
dl {{ display: grid; grid-template-columns: auto 1fr; gap: .2rem 1rem; }} dd {{ margin: 0; }}
</style></head><body>
<h1>{title}</h1>
<p role="status">{state}</p>
{plot}
<p><span style="color:var(--train)">&#9644;</span> training loss &nbsp;
<span style="color:var(--held)">&#9644;</span> loss on held-out views</p>
<dl>{facts}</dl>
</body></html>
"""


def write_curves_page(folder: Path, name: str, *, finished: bool = False) -> Path:
    """``curves.html`` beside ``curves.jsonl``; renews itself every 5 s until the training has ended."""
    points = read_curves(folder / "curves.jsonl")
    title = f"Training of {name}"
    last = points[-1] if points else {"step": 0, "steps": 0, "seconds": 0.0}
    share = last["step"] / last["steps"] if last["steps"] else 0.0
    left = last["seconds"] * (1 / share - 1) if share else 0.0
    state = (
        f"Finished after {last['step']:,} steps, {_minutes(last['seconds'])}."
        if finished
        else f"Step {last['step']:,} of {last['steps']:,} ({share:.0%}), about {_minutes(left)} left."
    )
    facts = [(name, value) for name, value in last.items() if name not in {"step", "steps", "seconds", "parts"}]
    page = _PAGE.format(
        renew="" if finished else f'<meta http-equiv="refresh" content="{_RENEW_S}">',
        title=html.escape(title),
        state=html.escape(state),
        plot=_plot(points),
        facts="".join(f"<dt>{html.escape(name.replace('_', ' '))}</dt><dd>{value:.4f}</dd>" for name, value in facts),
    )
    path = folder / "curves.html"
    partial = path.with_suffix(".part")
    partial.write_text(page)
    partial.replace(path)
    return path


def read_curves(path: Path) -> list[dict[str, Any]]:
    """The points of a training in order; a step that was repeated after a break counts once, as it was last."""
    points: dict[int, dict[str, Any]] = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            point = json.loads(line)
        except json.JSONDecodeError:
            continue  # cut short by a kill
        points[point["step"]] = point
    return [points[step] for step in sorted(points)]


def _plot(points: Sequence[dict[str, Any]]) -> str:
    if len(points) < 2:
        return "<p>The curves appear after the first steps.</p>"
    held = [(one["step"], one["validation_loss"]) for one in points if one.get("validation_loss") is not None]
    trained = [(one["step"], one["loss"]) for one in points]
    top = max(value for _, value in [*trained, *held]) * 1.05
    last = points[-1]["steps"]

    def place(step: float, value: float) -> str:
        x = _LEFT + (_WIDTH - _LEFT - 10) * step / last
        y = 10 + (_HEIGHT - _BOTTOM - 10) * (1 - value / top)
        return f"{x:.1f},{y:.1f}"

    lines = [
        f'<polyline class="{kind}" points="{" ".join(place(*one) for one in series)}"/>'
        for kind, series in (("train", trained), ("held", held))
        if series
    ]
    grid: list[str] = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = place(0, top * share).split(",")
        grid.append(f'<line class="grid" x1="{x}" x2="{_WIDTH - 10}" y1="{y}" y2="{y}"/>')
        grid.append(f'<text x="{_LEFT - 8}" y="{float(y) + 4}" text-anchor="end">{top * share:.2f}</text>')
        right = place(last * share, 0).split(",")[0]
        grid.append(f'<text x="{right}" y="{_HEIGHT - 14}" text-anchor="middle">{last * share:,.0f}</text>')
    label = f"Loss over {len(points)} points, last {trained[-1][1]:.3f}"
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">{"".join(grid + lines)}</svg>'


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
