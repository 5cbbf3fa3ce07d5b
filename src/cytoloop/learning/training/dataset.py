"""Folders of image and label pairs, and the splits that scores are stated for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError, NotFoundError

_ENDINGS = (".png", ".tif", ".tiff")
_LABEL_ENDING = ".labels"


@dataclass(frozen=True, slots=True)
class Pair:
    """Where one image and its labels lie."""

    name: str
    image: Path
    labels: Path


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """An image ``(h, w) or (h, w, c)`` of its own dtype with ``labels (h, w) int32``, 0 = background, -1 = ignore."""

    name: str
    image: NDArray[Any]
    labels: NDArray[np.int32]


def pairs_in(folder: Path) -> list[Pair]:
    """The pairs of a folder with ``images`` and ``labels`` in it, sorted by name.

    Labels bear the image's name (``a.png``) or its stem with ``.labels.tif``, as ``cytoloop segment`` writes them.

    Raises
    ------
    NotFoundError
        A folder is missing, or holds no pair.
    InvalidInputError
        An image has no labels; the message names the first.
    """
    images, labels = folder / "images", folder / "labels"
    for one in (images, labels):
        if not one.is_dir():
            raise NotFoundError(f"{folder} has no folder {one.name!r}; a dataset has 'images' and 'labels' in it.")
    known = {_stem(path): path for path in _pictures(labels)}
    found: list[Pair] = []
    for path in _pictures(images):
        if _stem(path) not in known:
            raise InvalidInputError(f"{path.name} has no labels in {labels}. Add {path.stem}.tif or remove the image.")
        found.append(Pair(_stem(path), path, known[_stem(path)]))
    if not found:
        raise NotFoundError(f"{images} holds no image (PNG or TIFF).")
    return found


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS)


def _stem(path: Path) -> str:
    return path.stem.removesuffix(_LABEL_ENDING)


def read_example(pair: Pair) -> Example:
    """One pair, read and checked.

    Raises
    ------
    InvalidInputError
        A file is no picture, the labels are no whole numbers, or the sizes differ.
    """
    image, labels = _read(pair.image), _read(pair.labels)
    if labels.ndim != 2 or not np.issubdtype(labels.dtype, np.integer):
        raise InvalidInputError(f"{pair.labels} must be one plane of whole numbers, 0 for background.")
    if image.ndim not in {2, 3} or image.shape[:2] != labels.shape:
        raise InvalidInputError(
            f"{pair.image.name} has {_size(image)} px and its labels {_size(labels)} px; they must have the same size."
        )
    if image.ndim == 3:
        image = cv2.cvtColor(image[..., :3], cv2.COLOR_BGR2RGB)
        if not np.ptp(image, axis=2).any():
            image = image[..., 0]
    return Example(pair.name, np.ascontiguousarray(image), labels.astype(np.int32))


def _read(path: Path) -> NDArray[Any]:
    try:
        raw = np.fromfile(path, np.uint8)
        found = cv2.imdecode(raw, cv2.IMREAD_UNCHANGED) if raw.size else None
    except cv2.error:
        found = None
    if found is None:
        raise InvalidInputError(f"{path} cannot be read as a PNG or TIFF picture.")
    return cast("NDArray[Any]", found)


def _size(array: NDArray[Any]) -> str:
    return f"{array.shape[1]} x {array.shape[0]}"


@dataclass(frozen=True, slots=True)
class Split:
    """What is learnt from, and what the result is judged on."""

    training: tuple[str, ...]
    validation: tuple[str, ...]


def standard_split(names: Iterable[str]) -> Split:
    """One in five, rounded up, held out: the names that sort last in each group of equal first character.

    The split is the same on every machine, and stays nearly the same when images are added.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        groups[name[:1]].append(name)
    held = [name for group in groups.values() if len(group) > 1 for name in group[-len(group) // 5 :]]
    if not held:  # every name begins with another letter
        everything = sorted(name for group in groups.values() for name in group)
        held = everything[-len(everything) // 5 :] if len(everything) > 1 else []
    chosen = set(held)
    return Split(
        tuple(name for group in groups.values() for name in group if name not in chosen), tuple(sorted(chosen))
    )


def split_named(text: str, types: dict[str, int]) -> Split:
    """The split that a word names.

    ``standard``; ``all``, which holds nothing out; ``standard:4,5`` and ``all:4,5``, the same of the images of some
    types only; or ``without-type:4,5``, which holds out all images of types.
    """
    kind, _, numbers = text.partition(":")
    named = {int(one) for one in numbers.split(",")} if numbers else set(types.values())
    chosen = {name for name, one in types.items() if one in named}
    match kind:
        case "standard":
            split = standard_split(types)
            training, validation = (
                [name for name in part if name in chosen] for part in (split.training, split.validation)
            )
            return Split(tuple(training), tuple(validation))
        case "all":
            return Split(tuple(name for name in types if name in chosen), ())
        case "without-type":
            return without_types(types, named)
        case _:
            raise InvalidInputError(
                f"{text!r} is no split; there are standard, all, both followed by :NUMBER,… or not, and "
                "without-type:NUMBER,…"
            )


def without_types(types: dict[str, int], held_out: set[int]) -> Split:
    """Everything but some image types, to see what a model makes of images of a kind that it never saw."""
    return Split(
        tuple(name for name, one in types.items() if one not in held_out),
        tuple(name for name, one in types.items() if one in held_out),
    )


def median_diameter(labels: NDArray[np.int32]) -> float | None:
    """Median diameter in px of the objects, each taken as a disc of its area; ``None`` without objects."""
    areas = np.bincount(labels[labels > 0])
    areas = areas[areas > 0]
    return float(np.sqrt(np.median(areas) * 4 / np.pi)) if areas.size else None


def examples_of(pairs: Sequence[Pair], names: Iterable[str]) -> list[Example]:
    """The named examples, read into memory in the given order."""
    by_name = {pair.name: pair for pair in pairs}
    return [read_example(by_name[name]) for name in names]
