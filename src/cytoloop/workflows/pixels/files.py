"""Pixel classifiers for files, without a server or database: images with label images that are mostly empty."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import cc3d
import numpy as np
from numpy.typing import NDArray

from cytoloop import __version__
from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Box, Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.reading import read_plane
from cytoloop.images.registry import open_image
from cytoloop.learning.classifiers.specification import ImageKind
from cytoloop.learning.packages.tabular import KnownClass
from cytoloop.learning.pixels.configuration import PixelConfiguration
from cytoloop.learning.pixels.filters import planes_of
from cytoloop.learning.pixels.package import MOST_CLASSES, PixelPackage
from cytoloop.learning.pixels.sampling import LabelledPixels, pixel_samples, sampled
from cytoloop.learning.pixels.specification import PixelSpec, spec_of
from cytoloop.learning.pixels.training import PixelSamples, Tell
from cytoloop.learning.training.dataset import Pair, pairs_in
from cytoloop.projects.ontologies import PALETTE
from cytoloop.workflows.images.analysis import read_pixels

from .worker import joined_samples, write_trained_pixels

NAMES = "classes.txt"
"""File of a folder with the names of the classes 1, 2, ..., one a line."""
MOST_PIXELS = 50_000_000
"""Of a label image."""


def train_pixels_on_folder(
    folder: Path,
    output: Path,
    configuration: PixelConfiguration,
    background: str | None = None,
    tell: Tell = lambda *_: None,
) -> PixelPackage:
    """Train on ``folder/images`` and ``folder/labels``: 0 is not labelled, 1, 2, ... are classes.

    Each connected piece of a label counts as a scribble. ``background`` is a class by name or number.

    Raises
    ------
    InvalidInputError
        There are fewer than two classes, sizes differ, or the background is no class.
    """
    pairs = pairs_in(folder)
    drawn = [_labels(one) for one in pairs]
    numbers = sorted({int(one) for labels in drawn for one in np.unique(labels)} - {0})
    if not 2 <= len(numbers) <= MOST_CLASSES:
        raise InvalidInputError(
            f"The labels in {folder / 'labels'} have {len(numbers)} classes; 2 to {MOST_CLASSES} are possible. "
            "0 is not labelled, and each class a number from 1 on."
        )
    names = _names(folder, numbers)
    spec = spec_of(configuration, [_kind(one) for one in pairs], _pixel_um(pairs))
    samples: list[PixelSamples] = []
    scribbles = 0
    for number, (pair, labels) in enumerate(zip(pairs, drawn, strict=True)):
        tell(0.4 * number / len(pairs), f"Looking at {pair.name}")
        pixels, count = _pixels(labels, numbers, scribbles)
        scribbles += count
        samples.append(_samples(pair, pixels, spec, configuration, len(numbers)))
    return write_trained_pixels(
        joined_samples(samples),
        configuration,
        spec,
        tuple(KnownClass(name, PALETTE[at % len(PALETTE)]) for at, name in enumerate(names)),
        _background(background, names, numbers),
        output=output,
        title=f"{output.name} pixel classifier",
        facts={"data": folder.name, "images": len(pairs), "cytoloop_version": __version__},
        tell=lambda share, text: tell(0.4 + 0.6 * share, text),
    )


def _labels(pair: Pair) -> NDArray[np.int64]:
    with closing(open_image(pair.labels)) as source:
        info = source.info()
        if info.rgb or info.size_c > 1:
            raise InvalidInputError(f"{pair.labels} must be one plane of whole numbers, 0 where nothing is labelled.")
        labels = read_plane(source, None, max_pixels=MOST_PIXELS)
    if not np.issubdtype(labels.dtype, np.integer):
        raise InvalidInputError(f"{pair.labels} must hold whole numbers, 0 where nothing is labelled.")
    with closing(open_image(pair.image)) as source:
        own = source.info()
    if labels.shape != (own.height, own.width):
        raise InvalidInputError(
            f"{pair.image.name} has {own.width} x {own.height} px and its labels {labels.shape[1]} x "
            f"{labels.shape[0]} px; they must have the same size."
        )
    return labels.astype(np.int64)


def _kind(pair: Pair) -> ImageKind:
    with closing(open_image(pair.image)) as source:
        info = source.info()
    return ImageKind(pair.image.name, info.rgb, info.size_c, bool(info.pixel_width_um))


def _pixel_um(pairs: Sequence[Pair]) -> float | None:
    """The size of a pixel, where it is known and about the same of all."""
    found: list[float] = []
    for one in pairs:
        with closing(open_image(one.image)) as source:
            width = source.info().pixel_width_um
        if not width:
            return None
        found.append(width)
    return sum(found) / len(found) if max(found) < 1.1 * min(found) else None


def _names(folder: Path, numbers: Sequence[int]) -> list[str]:
    path = folder / NAMES
    if not path.is_file():
        return [f"class {one}" for one in numbers]
    lines = [one.strip()[:100] for one in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    if len(lines) < max(numbers) or not all(lines[one - 1] for one in numbers):
        raise InvalidInputError(f"{path} names {len(lines)} classes, and the labels go up to {max(numbers)}.")
    return [lines[one - 1] for one in numbers]


def _background(wanted: str | None, names: Sequence[str], numbers: Sequence[int]) -> int | None:
    if wanted is None:
        return None
    known = [one.casefold() for one in names]
    if wanted.casefold() in known:
        return known.index(wanted.casefold())
    if wanted.isdecimal() and int(wanted) in numbers:
        return list(numbers).index(int(wanted))
    raise InvalidInputError(f"There is no class {wanted!r} to be the background. There are: {', '.join(names)}.")


def _pixels(labels: NDArray[np.int64], numbers: Sequence[int], first: int) -> tuple[LabelledPixels, int]:
    """Labelled pixels, and how many scribbles they are of; scribbles are counted on from ``first``."""
    pieces: Any = cc3d.connected_components(labels.astype(np.int32), connectivity=8)
    rows, columns = np.nonzero(labels)
    classes = np.searchsorted(np.array(numbers), labels[rows, columns])
    groups = pieces[rows, columns].astype(np.int64) + first
    return LabelledPixels(rows, columns, classes, groups), int(pieces.max(initial=0))


def _samples(
    pair: Pair, pixels: LabelledPixels, spec: PixelSpec, configuration: PixelConfiguration, classes: int
) -> PixelSamples:
    chosen = sampled(pixels, configuration.samples_per_class, np.random.default_rng(configuration.seed))
    with closing(open_image(pair.image)) as source:
        pyramid = Pyramid(source)
        extent = Box(0, 0, pyramid.info.width, pyramid.info.height)

        def read(box: Box) -> NDArray[np.float32]:
            return planes_of(read_pixels(pyramid, box, Plane(0, 0)), spec)

        return pixel_samples(pixels, chosen, read, extent, spec, classes)
