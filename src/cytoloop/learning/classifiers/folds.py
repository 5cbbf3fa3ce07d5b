"""Parts of a cross-validation: by image where every class is on several images, else by object."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Folds:
    """``of (n,)`` says in which part an object is held out; ``by_image`` whether no image is in two parts."""

    of: NDArray[np.int64]
    count: int
    by_image: bool


def folds_of(truth: NDArray[np.int64], groups: NDArray[np.int64], wanted: int, rng: np.random.Generator) -> Folds:
    """Parts in which each class has about the same share.

    Parameters
    ----------
    truth
        ``(n,)`` classes.
    groups
        ``(n,)`` the image of each object.
    wanted
        Number of parts; fewer where there are not as many images or objects of a class.
    """
    spread = [len(np.unique(groups[truth == one])) for one in np.unique(truth)]
    if spread and min(spread) >= 2:
        count = min(wanted, *spread)
        return Folds(_by_group(truth, groups, count, rng), count, by_image=True)
    most = int(np.bincount(truth).max()) if len(truth) else 0
    count = max(2, min(wanted, most))
    return Folds(_by_object(truth, count, rng), count, by_image=False)


def validation_part(
    truth: NDArray[np.int64], groups: NDArray[np.int64], share: float, rng: np.random.Generator
) -> tuple[NDArray[np.bool_], bool]:
    """About a share of the objects, held out ``(n,) bool``, and whether whole images were.

    Whole images are, unless a class would be left without an object to learn from. ``truth`` needs 2 of a class.
    """
    wanted = max(2, round(1 / share))
    folds = folds_of(truth, groups, wanted, rng)
    held = folds.of == 0
    if folds.by_image and held.any() and np.isin(np.unique(truth), truth[~held]).all():
        return held, True
    most = max(2, min(wanted, int(np.bincount(truth).max())))
    return _by_object(truth, most, rng) == 0, False


def _by_object(truth: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    parts = np.zeros(len(truth), np.int64)
    start = 0
    for one in np.unique(truth):
        members = rng.permutation(np.flatnonzero(truth == one))
        parts[members] = (start + np.arange(len(members))) % count
        start += len(members)
    return parts


def _by_group(
    truth: NDArray[np.int64], groups: NDArray[np.int64], count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Large groups first, each to the part that has the least of its classes."""
    names, member = np.unique(groups, return_inverse=True)
    kinds = int(truth.max()) + 1
    table = np.bincount(member * kinds + truth, minlength=len(names) * kinds).reshape(len(names), kinds)
    weights = table / np.maximum(table.sum(axis=0), 1)
    order = rng.permutation(len(names))
    order = order[np.argsort(-weights[order].max(axis=1), kind="stable")]
    filled = np.zeros((count, kinds))
    part = np.zeros(len(names), np.int64)
    for one in order.tolist():
        own = weights[one] > 0
        load = filled[:, own].sum(axis=1) + 1e-6 * filled.sum(axis=1)
        part[one] = int(load.argmin())
        filled[part[one]] += weights[one]
    return part[member]
