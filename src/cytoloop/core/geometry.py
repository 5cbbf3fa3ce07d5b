"""Boxes and planes: the small geometry values that cross every layer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-parallel box in full-resolution pixels; ``x1``/``y1`` are exclusive edges."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def is_empty(self) -> bool:
        return not (self.x1 > self.x0 and self.y1 > self.y0)

    def union(self, other: "Box") -> "Box":
        """The smallest box that holds both."""
        return Box(
            min(self.x0, other.x0),
            min(self.y0, other.y0),
            max(self.x1, other.x1),
            max(self.y1, other.y1),
        )

    def intersection(self, other: "Box") -> "Box":
        """The common part; ``is_empty`` where there is none."""
        return Box(
            max(self.x0, other.x0),
            max(self.y0, other.y0),
            min(self.x1, other.x1),
            min(self.y1, other.y1),
        )

    def scaled(self, factor: float) -> "Box":
        """With all coordinates multiplied."""
        return Box(self.x0 * factor, self.y0 * factor, self.x1 * factor, self.y1 * factor)

    def as_tuple(self) -> tuple[float, float, float, float]:
        return (self.x0, self.y0, self.x1, self.y1)


@dataclass(frozen=True, slots=True)
class Plane:
    """One plane of a stack: z slice and time point, both from 0."""

    z: int = 0
    t: int = 0
