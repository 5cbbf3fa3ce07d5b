"""Drawn fish with known landmarks: for tests, and to try things out without data of one's own."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

LANDMARKS = ("snout", "eye", "dorsal fin", "tail top", "tail fork", "tail bottom", "belly")
_BODY = (1.0, 0.36)
"""Half axes of the body; all lengths are shares of half its length."""


@dataclass(frozen=True, slots=True)
class Fish:
    """A picture ``(h, w) uint8`` and its landmarks by name, x and y in px."""

    image: NDArray[np.uint8]
    points: dict[str, tuple[float, float]]


def drawn_fish(
    seed: int, width: int = 320, height: int = 240, *, turn_degrees: float = 20, scale: float = 0.15
) -> Fish:
    """A fish of random shape, place, size and direction, on noise."""
    rng = np.random.default_rng(seed)
    shape = _shape(rng)
    size = 0.26 * min(width, 1.3 * height) * (1 + rng.uniform(-scale, scale))
    angle = np.deg2rad(rng.uniform(-turn_degrees, turn_degrees))
    turn = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([width, height]) * (0.5 + rng.uniform(-0.06, 0.06, 2)) - [0.25 * size, 0]

    def placed(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return points @ turn.T + middle

    tone = rng.uniform(110, 190)
    picture = np.full((height, width), tone - rng.uniform(60, 90), np.float32)
    for outline, level in shape.outlines(tone):
        _fill(picture, placed(outline), level)
    light = np.linspace(-1, 1, width, dtype=np.float32) * np.float32(rng.uniform(-15, 15))
    noisy = cv2.GaussianBlur(picture, (0, 0), 1.0) + light + rng.normal(0, 6, picture.shape).astype(np.float32)
    names = zip(LANDMARKS, placed(shape.landmarks()).tolist(), strict=True)
    return Fish(np.clip(np.rint(noisy), 0, 255).astype(np.uint8), {name: (x, y) for name, (x, y) in names})


@dataclass(frozen=True, slots=True)
class _Shape:
    """A fish that looks to the left; the middle of its body is the origin."""

    body: tuple[float, float]
    eye: tuple[float, float]
    fin: tuple[float, float]
    tail_top: tuple[float, float]
    tail_fork: tuple[float, float]
    tail_bottom: tuple[float, float]
    belly_x: float

    def landmarks(self) -> NDArray[np.float64]:
        long, high = self.body
        belly = (self.belly_x, high * np.sqrt(1 - (self.belly_x / long) ** 2) + 0.16)
        return np.array([(-long, 0.0), self.eye, self.fin, self.tail_top, self.tail_fork, self.tail_bottom, belly])

    def outlines(self, tone: float) -> list[tuple[NDArray[np.float64], float]]:
        long, high = self.body
        turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
        points = self.landmarks()
        back = np.array([(-0.3, -0.8 * high), self.fin, (0.35, -0.8 * high)])
        under = np.array([(self.belly_x - 0.2, 0.8 * high), points[-1], (self.belly_x + 0.15, 0.8 * high)])
        tail = np.array([(0.7 * long, 0.0), self.tail_top, self.tail_fork, self.tail_bottom])
        return [
            (back, tone + 25),
            (under, tone + 15),
            (tail, tone + 35),
            (circle * self.body, tone),
            (circle * 0.1 + self.eye, 30.0),
        ]


def _shape(rng: np.random.Generator) -> _Shape:
    def near(x: float, y: float, by: float = 0.05) -> tuple[float, float]:
        return x + float(rng.uniform(-by, by)), y + float(rng.uniform(-by, by))

    return _Shape(
        body=near(*_BODY, 0.04),
        eye=near(-0.66, -0.06, 0.03),
        fin=near(0.0, -0.62, 0.08),
        tail_top=near(1.5, -0.42, 0.08),
        tail_fork=near(1.2, 0.0, 0.05),
        tail_bottom=near(1.5, 0.42, 0.08),
        belly_x=float(rng.uniform(-0.15, 0.1)),
    )


def _fill(picture: NDArray[np.float32], outline: NDArray[np.float64], level: float) -> None:
    """Fill a polygon; OpenCV's coordinates are of centres of pixels, in 1/256 px here."""
    corners = np.rint((outline - 0.5) * 256).astype(np.int32)
    cv2.fillPoly(picture, [corners], level, lineType=cv2.LINE_8, shift=8)
