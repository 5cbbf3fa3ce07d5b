"""Names and colours as files spell them: kinds, states, ``#rrggbb``."""

import math
import re
from collections.abc import Mapping
from typing import Any

from shapely.geometry.base import BaseGeometry

from cytoloop.annotations.geometry import Kind, kind_fits, kind_of
from cytoloop.annotations.model import Status

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def own_facts(
    kind: Kind, status: Status, score: float | None, term_score: float | None, **ids: int | None
) -> dict[str, Any]:
    """What only Cytoloop knows of an object, for a place of its own in foreign formats."""
    known = {name: value for name, value in ids.items() if value is not None}
    numbers = {"score": score, "term_score": term_score}
    facts: dict[str, Any] = {"kind": kind.name.lower(), "status": status.name.lower()}
    return facts | {name: one for name, one in numbers.items() if one is not None and math.isfinite(one)} | known


def share_or_none(value: object) -> float | None:
    """A number from 0 to 1, or ``None`` for what is none."""
    number = number_or_none(value)
    return number if number is not None and 0 <= number <= 1 else None


def kind_named(name: object, geometry: BaseGeometry) -> Kind:
    """The kind of this name where it fits the geometry, else the geometry's own."""
    wanted = Kind.__members__.get(str(name).upper())
    return wanted if wanted is not None and kind_fits(wanted, geometry) else kind_of(geometry)


def status_named(name: object, otherwise: Status) -> Status:
    """The state of this name, or ``otherwise``."""
    return Status.__members__.get(str(name).upper(), otherwise)


def number_or_none(value: object) -> float | None:
    """A finite number, or ``None`` for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def whole_or_none(value: object) -> int | None:
    """A whole number, or ``None`` for what is none."""
    number = number_or_none(value)
    return int(number) if number is not None and number == int(number) else None


def plane_number(value: object) -> int:
    """A z or t from 0; 0 for what is none, and for QuPath's -1."""
    return max(0, whole_or_none(value) or 0)


def mapping_or_empty(value: object) -> Mapping[str, Any]:
    """A JSON object as it is; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def color_hex(value: object) -> str | None:
    """``#rrggbb`` of such a text, of ``[r, g, b]``, or of a packed integer (QuPath's ``colorRGB``)."""
    if isinstance(value, str) and _HEX.fullmatch(value):
        return value.lower()
    if isinstance(value, int) and not isinstance(value, bool):
        return f"#{value & 0xFFFFFF:06x}"
    if isinstance(value, list | tuple) and len(value) >= 3:
        parts = [whole_or_none(part) for part in value[:3]]
        if all(part is not None and 0 <= part <= 255 for part in parts):
            return "#" + "".join(f"{part:02x}" for part in parts if part is not None)
    return None


def color_parts(color: str | None) -> list[int] | None:
    """``[r, g, b]``, 0..255, of ``#rrggbb``."""
    if color is None or not _HEX.fullmatch(color):
        return None
    return [int(color[start : start + 2], 16) for start in (1, 3, 5)]
