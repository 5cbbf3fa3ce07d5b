"""Microscopy images drawn by code: bent ellipses with texture, on a background, bright or dark.

In the manner of SIMCEP (Lehmussaari et al. 2007): shape, texture, overlap, blur and noise are drawn at random.
"""

import cv2
import numpy as np
from numpy.typing import NDArray


def synthetic_view(
    size: int, diameter: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """``(size, size, 3) float32`` in about 0..1 and ``(size, size) int32`` labels of objects near the diameter (px)."""
    labels = np.zeros((size, size), np.int32)
    typical = diameter * float(np.exp(rng.normal(0, 0.25)))
    spread = rng.uniform(0.1, 0.35)
    wanted = int(np.clip(rng.uniform(0.05, 0.6) * size**2 / (0.8 * typical**2), 1, 250))
    crowd = rng.uniform(0, size, (max(1, wanted // 12), 2))
    clustered = rng.random() < 0.5
    for number in range(1, wanted + 1):
        center = rng.uniform(0, size, 2)
        if clustered:
            center = crowd[rng.integers(len(crowd))] + rng.normal(0, typical * 1.5, 2)
        outline = _outline(center, typical * float(np.exp(rng.normal(0, spread))) / 2, rng)
        free = np.zeros_like(labels, dtype=np.uint8)
        cv2.fillPoly(free, [outline], 1)
        new = (free > 0) & (labels == 0)
        if new.sum() > 0.6 * free.sum():
            labels[new] = number
    return _drawn(labels, rng), labels


def _outline(center: NDArray[np.float64], radius: float, rng: np.random.Generator) -> NDArray[np.int32]:
    angles = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    waves = sum(rng.normal(0, 0.07 / k) * np.cos(k * angles + rng.uniform(0, 2 * np.pi)) for k in (2, 3, 4))
    stretch = float(np.exp(abs(rng.normal(0, 0.25))))
    x, y = radius * stretch * (1 + waves) * np.cos(angles), radius / stretch * (1 + waves) * np.sin(angles)
    turn = rng.uniform(0, np.pi)
    rotated = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], axis=1)
    return np.rint(rotated + center[::-1]).astype(np.int32)


def _drawn(labels: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.float32]:
    size = labels.shape[0]
    levels = np.concatenate(
        [[0.0], np.clip(rng.normal(0.75, rng.uniform(0.03, 0.2), labels.max(initial=0)), 0.25, 1.2)]
    )
    inside = levels[labels].astype(np.float32)
    mask = labels > 0
    fine, coarse = _texture(size, rng.uniform(1, 3), rng), _texture(size, rng.uniform(6, 30), rng)
    inside *= 1 + np.float32(rng.uniform(0, 0.25)) * fine
    if rng.random() < 0.3:  # rims
        edge = mask & (cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
        inside[edge] *= np.float32(rng.uniform(0.9, 1.3))
    background = np.float32(rng.uniform(0, 0.35)) * (1 + np.float32(rng.uniform(0, 0.8)) * coarse)
    background += np.float32(rng.uniform(0, 0.1)) * fine
    image = np.where(mask, inside, background).astype(np.float32)
    image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.6)))
    image = image + rng.normal(0, rng.uniform(0.005, 0.06), image.shape).astype(np.float32)
    if rng.random() < 0.4:
        image = 1 - image
    picture = np.repeat(image[..., None], 3, axis=2)
    if rng.random() < 0.5:
        colours = rng.uniform(0, 1, (2, 3)).astype(np.float32)
        picture = colours[0] + (colours[1] - colours[0]) * picture
        low, high = float(picture.min()), float(picture.max())
        picture = (picture - low) / max(high - low, 0.05)
    return picture.astype(np.float32)


def _texture(size: int, sigma: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Smooth noise of mean 0 and standard deviation 1."""
    step = max(1, int(sigma / 2))
    small = rng.standard_normal((size // step + 1, size // step + 1), dtype=np.float32)
    small = cv2.GaussianBlur(small, (0, 0), sigma / step)
    found = cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)
    return ((found - found.mean()) / (found.std() + 1e-6)).astype(np.float32)
