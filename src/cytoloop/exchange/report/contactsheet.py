"""The contact sheet of a comparison: one HTML file that shows every row side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cytoloop.measurements.outcomes import Outcome

from .overlays import COLOURS
from .page import data_url, write_page

_COLUMNS = ("Row", "Method", "Preprocessing", "Objects", "Median diameter (px)", "Seconds")


def write_contact_sheet(
    path: Path, rows: Sequence[Mapping[str, Any]], pictures: Sequence[Sequence[bytes | None]]
) -> Path:
    """Write the sheet.

    Parameters
    ----------
    rows
        As in ``compare.json``.
    pictures
        Of each row, one JPEG for each of its cells; ``None`` where there is none.
    """
    scored = any(row["dsb"] is not None for row in rows)
    count = max((sum(one is not None for one in shown) for shown in pictures), default=0)
    cells = rows[0]["cells"] if rows else []
    return write_page(
        path,
        "comparison.html",
        title="Methods compared",
        told=f"{len(rows)} ways to segment {len(cells)} image{'s' if len(cells) != 1 else ''}.",
        columns=(*_COLUMNS, "DSB", "F1") if scored else _COLUMNS,
        rows=[_line(row, scored=scored) for row in rows],
        images=[one["image"] for one in cells[:count]],
        sheet=[_shown(row, list(shown)[:count]) for row, shown in zip(rows, pictures, strict=True)],
        legend=[(one.value, "rgb({}, {}, {})".format(*COLOURS[one])) for one in Outcome] if scored else [],
        folder=path.parent,
    )


def _line(row: Mapping[str, Any], *, scored: bool) -> list[str]:
    values = [row["row"], row["method"], row["steps_name"], row["objects"], _number(row["median_diameter_px"], 1)]
    values.append(f"{row['seconds']:.2f}")
    if scored:
        values += [_number(row["dsb"], 4), _number(row["f1"], 4)]
    return [str(one) for one in values]


def _shown(row: Mapping[str, Any], pictures: Sequence[bytes | None]) -> dict[str, Any]:
    cells: list[dict[str, Any]] = []
    for one, picture in zip(row["cells"], pictures, strict=False):
        told = f"{one['objects']} objects, {one['seconds']:.2f} s"
        if one["dsb"] is not None:
            told += f", DSB {one['dsb']:.3f}"
        source = "" if picture is None else data_url(picture)
        cells.append({"image": one["image"], "error": one["error"], "source": source, "told": told})
    return {"number": row["row"], "method": row["method"], "steps": row["steps_name"], "cells": cells}


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
