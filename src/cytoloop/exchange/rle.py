"""COCO's run-length masks, of objects anywhere on images of any size, without the whole mask in memory.

Runs go down the columns, the first one is of background (COCO API, ``maskApi.c``).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from cytoloop.core.errors import InvalidInputError

MAX_MASK_PX = 2**32 - 1
"""Runs are 32 bit numbers in every reader of COCO files."""
MAX_RUNS = 2**26
MAX_LOCAL_PX = 2**28


def encoded(mask: NDArray[np.bool_], x0: int, y0: int, width: int, height: int) -> dict[str, object]:
    """The mask of one object, compressed.

    Parameters
    ----------
    mask
        ``(h, w) bool``: the object's surroundings, whose top left corner is at ``x0``, ``y0``.
    width, height
        Size of the image, px.
    """
    columns, rows = np.nonzero(mask.T)
    places = (columns + x0).astype(np.int64) * height + rows + y0
    breaks = np.flatnonzero(np.diff(places) != 1) + 1
    starts = places[np.concatenate([[0], breaks])]
    ends = places[np.concatenate([breaks - 1, [len(places) - 1]])] + 1
    edges = np.concatenate([[0], np.column_stack([starts, ends]).ravel(), [width * height]])
    runs = np.diff(edges).tolist()
    if runs[-1] == 0:
        runs = runs[:-1]
    found: Any = coco_mask.frPyObjects({"counts": runs, "size": [height, width]}, height, width)
    return {"size": [height, width], "counts": found["counts"].decode("ascii")}


def decoded(counts: str | list[int], width: int, height: int, where: str) -> tuple[NDArray[np.bool_], int, int] | None:
    """The mask ``(h, w) bool`` around one object and its corner x0, y0; ``None`` where it is empty.

    Raises
    ------
    InvalidInputError
        The runs are damaged or do not fill the image; ``where`` names the object.
    """
    runs = np.array(_uncompressed(counts, where) if isinstance(counts, str) else counts, np.int64)
    if len(runs) > MAX_RUNS or (runs < 0).any() or int(runs.sum()) != width * height:
        raise InvalidInputError(
            f"{where} has a mask whose runs do not fill the image of {width} x {height} px. Export it again."
        )
    edges = np.cumsum(runs)
    starts, ends = edges[:-1:2], edges[1::2]
    filled = ends > starts
    starts, ends = starts[filled], ends[filled]
    if len(starts) == 0:
        return None
    x0, x1 = int(starts[0] // height), int((ends[-1] - 1) // height) + 1
    same = starts // height == (ends - 1) // height
    y0 = int((starts % height).min()) if same.all() else 0
    y1 = int(((ends - 1) % height).max()) + 1 if same.all() else height
    if (x1 - x0) * (y1 - y0) > MAX_LOCAL_PX:
        raise InvalidInputError(f"{where} has a mask of more than {MAX_LOCAL_PX:,} px. Use polygons.")
    steps = np.zeros((x1 - x0) * height + 1, np.int8)
    np.add.at(steps, starts - x0 * height, 1)
    np.add.at(steps, ends - x0 * height, -1)
    whole = np.cumsum(steps[:-1], dtype=np.int8).reshape(x1 - x0, height) > 0
    return np.ascontiguousarray(whole[:, y0:y1].T), x0, y0


def _uncompressed(text: str, where: str) -> list[int]:
    """Runs of COCO's compressed text: 5 bits a character, later runs as differences to two before."""
    runs: list[int] = []
    value, shift = 0, 0
    for character in text.encode("ascii", "replace"):
        code = character - 48
        if not 0 <= code < 64 or shift > 60:
            raise InvalidInputError(f"{where} has a damaged mask. Export it again.")
        value |= (code & 31) << shift
        shift += 5
        if code & 32:
            continue
        if code & 16:
            value |= -1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value, shift = 0, 0
    if shift:
        raise InvalidInputError(f"{where} has a truncated mask. Export it again.")
    return runs
