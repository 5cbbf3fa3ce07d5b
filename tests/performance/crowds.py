"""Outlines as dense as nuclei in a section, for measuring with very many of them."""

import numpy as np
import shapely

PER_PX2 = 0.0025
BATCH = 50_000
"""Objects that are stored at once."""


def outlines(rng: np.random.Generator, centres: np.ndarray) -> np.ndarray:
    """Cell-like polygons of twelve corners."""
    turns = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    reach = rng.uniform(4, 8, (len(centres), 1)) * (1 + 0.15 * np.sin(3 * turns))
    ring = np.stack([reach * np.cos(turns), reach * np.sin(turns)], axis=2)
    return shapely.polygons(centres[:, None, :] + ring)
