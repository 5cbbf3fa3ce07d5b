"""Distances between named points, and angles at them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Point = tuple[float, float]
"""x and y in px."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A distance between two landmarks, or the angle at the second of three."""

    name: str
    landmarks: tuple[str, ...]

    @property
    def is_angle(self) -> bool:
        return len(self.landmarks) == 3

    @property
    def units(self) -> tuple[str, ...]:
        return ("deg",) if self.is_angle else ("px", "um")


def distance(first: Point, second: Point, pixel_um: tuple[float, float] = (1.0, 1.0)) -> float:
    """Between two points, px, or µm where the width and height of a pixel are given."""
    return math.hypot((second[0] - first[0]) * pixel_um[0], (second[1] - first[1]) * pixel_um[1])


def angle_degrees(first: Point, vertex: Point, second: Point, pixel_um: tuple[float, float] = (1.0, 1.0)) -> float:
    """At ``vertex`` between the directions to two points, 0 to 180; NaN where one of them is the vertex.

    Pixels that are not square need their width and height: angles are those of the specimen.
    """
    ux, uy = ((one - at) * scale for one, at, scale in zip(first, vertex, pixel_um, strict=True))
    vx, vy = ((one - at) * scale for one, at, scale in zip(second, vertex, pixel_um, strict=True))
    if (ux, uy) == (0, 0) or (vx, vy) == (0, 0):
        return math.nan
    return math.degrees(math.atan2(abs(ux * vy - uy * vx), ux * vx + uy * vy))


def measured(
    measure: Measure, points: Mapping[str, Point], pixel_um: tuple[float, float] | None
) -> tuple[float | None, ...]:
    """The values of a measure in the order of its units; ``None`` where a landmark or the size of a pixel lacks."""
    found = [points.get(one) for one in measure.landmarks]
    placed = [one for one in found if one is not None]
    if len(placed) < len(found):
        return (None,) * len(measure.units)
    if measure.is_angle:
        value = angle_degrees(placed[0], placed[1], placed[2], pixel_um or (1.0, 1.0))
        return (None if math.isnan(value) else value,)
    in_um = None if pixel_um is None else distance(placed[0], placed[1], pixel_um)
    return (distance(placed[0], placed[1]), in_um)


def columns(measures: Sequence[Measure]) -> list[str]:
    """Names of the columns of a table of these measures, units in brackets; no two are alike."""
    names: list[str] = []
    for one in measures:
        for unit in one.units:
            title = f"{one.name} [{unit}]"
            same = sum(name.startswith(title) for name in names)
            names.append(f"{title} {same + 1}" if same else title)
    return names
