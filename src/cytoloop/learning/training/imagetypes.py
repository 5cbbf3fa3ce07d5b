"""Which images look alike: types by intensity, texture, colour and object size.

After the style clusters of nucleAIzer (Hollandi et al. 2020), with hierarchical clustering (Ward 1963) of simple
features in place of a learnt similarity.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage  # pyright: ignore[reportUnknownVariableType]

from .dataset import Example, median_diameter


def features(example: Example) -> NDArray[np.float64]:
    """Numbers that tell one kind of image from another, ``(14,)``: brightness, contrast, colour, texture, size."""
    image = example.image.astype(np.float32)
    top = float(np.iinfo(example.image.dtype).max) if np.issubdtype(example.image.dtype, np.integer) else 1.0
    colour = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    gray = colour.mean(axis=2)
    low, middle, high = np.percentile(gray, (1, 50, 99.8)).tolist()
    span = max(high - low, 1e-6)
    scaled = np.clip((gray - low) / span, 0, 1)
    fine = scaled - cv2.GaussianBlur(scaled, (0, 0), 1.0)
    coarse = cv2.GaussianBlur(scaled, (0, 0), 2.0) - cv2.GaussianBlur(scaled, (0, 0), 8.0)
    means = colour.mean(axis=(0, 1)) / max(float(colour.mean()), 1e-6)
    diameter = median_diameter(example.labels) or 20.0
    covered = float((example.labels > 0).mean())
    return np.array(
        [
            2 * middle / top,
            span / top,
            2 * (middle - low) / span,
            2 * scaled.std(),
            6 * np.ptp(colour, axis=2).mean() / top,
            2 * (means[0] - means[1]),
            2 * (means[2] - means[1]),
            8 * fine.std(),
            4 * coarse.std(),
            np.log2(fine.std() + 1e-4) / 4,
            np.log2(coarse.std() + 1e-4) / 4,
            np.log2(diameter) / 1.5,
            covered,
            np.log2(gray.size) / 2,
        ]
    )


def image_types(examples: Sequence[Example], count: int) -> dict[str, int]:
    """A type, 0 to ``count - 1``, for every example; 0 is the most frequent type.

    Deterministic: the same examples give the same types.
    """
    if len(examples) <= count:
        return {one.name: number for number, one in enumerate(examples)}
    table = np.stack([features(one) for one in examples])
    numbers = fcluster(linkage(table, "ward"), count, "maxclust")
    order = np.argsort(-np.bincount(numbers)[1:], kind="stable")
    rank = {int(old) + 1: new for new, old in enumerate(order)}
    return {one.name: rank[int(number)] for one, number in zip(examples, numbers, strict=True)}


def type_titles(examples: Sequence[Example], types: dict[str, int]) -> dict[int, str]:
    """A few words for each type: background, colour, median object size; made unique by a number if need be."""
    titles: dict[int, str] = {}
    for number in sorted(set(types.values())):
        group = [one for one in examples if types[one.name] == number]
        rows = np.stack([features(one) for one in group[:: max(1, len(group) // 12)]])
        light = "bright" if np.median(rows[:, 0]) > 0.8 else "dark"
        colour = "colour" if np.mean([one.image.ndim == 3 for one in group]) > 0.5 else "gray"
        sizes = [size for one in group if (size := median_diameter(one.labels)) is not None]
        title = f"{colour}, {light} background, {np.median(sizes) if sizes else 0:.0f} px"
        titles[number] = title if title not in titles.values() else f"{title} ({number})"
    return titles
