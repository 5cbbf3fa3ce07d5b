"""Changing how a view looks, so that a model does not rely on one microscope, stain or exposure.

All functions take and give ``(h, w, 3) float32`` with most values in 0..1. The crossing of types (inversion, false
colours, gray) is what prepares a model for kinds of images that it never saw.
"""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from .configuration import Augmentations

Picture = NDArray[np.float32]


def changed(image: Picture, settings: Augmentations, rng: np.random.Generator) -> Picture:
    """The view as another microscope might have shown it."""
    coloured = bool(np.ptp(image[::8, ::8], axis=2).max() > 0.02)
    if coloured:
        image = _recoloured(image, settings, rng)
    elif rng.random() < settings.false_colour:
        image = _false_colour(image, rng)
    if rng.random() < settings.invert:
        image = np.float32(1) - image
    if rng.random() < settings.gamma:
        image = _gamma(image, float(np.exp(rng.normal(0, 0.3))))
    if rng.random() < settings.histogram:
        image = _warped_histogram(image, rng)
    if rng.random() < settings.illumination:
        image = _uneven(image, rng)
    if rng.random() < settings.gain:
        image = image * np.float32(rng.normal(1, 0.15)) + np.float32(rng.normal(0, 0.07))
    return _degraded(image, settings, rng)


def _recoloured(image: Picture, settings: Augmentations, rng: np.random.Generator) -> Picture:
    if rng.random() < settings.gray:
        channel = int(rng.integers(5))
        gray = image.mean(axis=2) if channel > 2 else image[..., channel]
        return np.repeat(gray[..., None], 3, axis=2)
    if rng.random() < settings.stain:
        image = _stained(image, rng)
    image = image * rng.normal(1, 0.1, 3).astype(np.float32) + rng.normal(0, 0.05, 3).astype(np.float32)
    if rng.random() < settings.mix_channels:
        if rng.random() < 0.5:
            return np.ascontiguousarray(image[..., rng.permutation(3)])
        mixing = rng.dirichlet(np.full(3, 0.6), 3).astype(np.float32)
        return image @ mixing.T
    return image


def _stained(image: Picture, rng: np.random.Generator) -> Picture:
    """Other amounts and hues of stain: a random linear map of the optical density (Beer-Lambert)."""
    density = -np.log(np.clip(image, 0.02, 1.5))
    mixing = (np.eye(3) + rng.normal(0, 0.1, (3, 3))) * np.exp(rng.normal(0, 0.2))
    return np.exp(-density @ mixing.astype(np.float32)).astype(np.float32)


def _false_colour(image: Picture, rng: np.random.Generator) -> Picture:
    """A gray image between two random colours, either of which may be the brighter."""
    dark, bright = rng.uniform(0, 0.6, 3), rng.uniform(0.4, 1.1, 3)
    if rng.random() < 0.5:
        dark, bright = bright, dark
    first = image[..., :1]
    return first * (bright - dark).astype(np.float32) + dark.astype(np.float32)


def _gamma(image: Picture, exponent: float) -> Picture:
    return np.sign(image) * np.abs(image) ** np.float32(exponent)


def _warped_histogram(image: Picture, rng: np.random.Generator) -> Picture:
    """Values along a random rising curve."""
    steps = rng.dirichlet(np.full(6, 1.5))
    curve = np.concatenate([[0.0], np.cumsum(steps)])
    return np.interp(image, np.linspace(0, 1, 7), curve).astype(np.float32)


def _uneven(image: Picture, rng: np.random.Generator) -> Picture:
    """Illumination that falls off over the view."""
    coarse = rng.normal(0, 0.25, (3, 3)).astype(np.float32)
    field = resized(coarse, image.shape[:2])[..., None]
    if rng.random() < 0.4:
        return (image + field * np.float32(0.6)).astype(np.float32)
    factor: Picture = np.exp(field).astype(np.float32)
    return image * factor


def _degraded(image: Picture, settings: Augmentations, rng: np.random.Generator) -> Picture:
    if rng.random() < settings.blur:
        image = blurred(image, float(rng.uniform(0.4, 2.0)))
    if rng.random() < settings.noise:
        shape = image.shape if rng.random() < 0.3 else (*image.shape[:2], 1)
        noise: Picture = rng.standard_normal(shape, dtype=np.float32) * np.float32(rng.uniform(0.01, 0.09))
        if rng.random() < 0.3:
            noise = (noise * np.sqrt(np.clip(image, 0, 1.5)) * np.float32(1.5)).astype(np.float32)
        image = (image + noise).astype(np.float32)
    return image


def blurred(image: Picture, sigma_px: float) -> Picture:
    """Smoothed by a Gaussian, same shape."""
    return cast("Picture", cv2.GaussianBlur(image, (0, 0), sigma_px))


def resized(field: Picture, shape: tuple[int, ...]) -> Picture:
    """A coarse plane stretched smoothly to ``(h, w)``."""
    return cast("Picture", cv2.resize(field, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC))


def with_pasted_objects(
    image: Picture, labels: NDArray[np.int32], rng: np.random.Generator
) -> tuple[Picture, NDArray[np.int32]]:
    """Some objects copied to other places of the background, which makes crowds of sparse images."""
    count = int(labels.max(initial=0))
    if count == 0:
        return image, labels
    down, right = (int(one) for one in rng.integers(8, labels.shape[0] - 8, 2))
    shift = (down, right)
    moved = np.roll(labels, shift, (0, 1))
    chosen = np.concatenate([[False], rng.random(count) < 0.6])
    clear = (labels == 0) & (moved > 0)
    touched = np.unique(moved[(labels != 0) & (moved > 0)])
    if rng.random() < 0.6:
        chosen[touched] = False  # whole objects only; else what is covered lies underneath
    target = clear & chosen[np.maximum(moved, 0)]
    pasted = np.where(target[..., None], np.roll(image, shift, (0, 1)), image)
    return pasted, np.where(target, moved + count, labels)
