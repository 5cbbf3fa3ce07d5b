"""A stored pixel classifier at work: probabilities of every pixel, tile by tile."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.classifiers.predictor import Session
from cytoloop.learning.inference.session import default_threads

from .filters import feature_maps
from .package import PixelPackage, known_pixel_classifier
from .patches import normalised
from .windows import windows_at

TILE_PX = 384
"""Side of the tiles whose features are in memory at once: 100 features of a tile are 60 MB."""
WINDOWS_AT_ONCE = 2000
_KEPT = 4


@dataclass(frozen=True, slots=True)
class PixelPredictor:
    """A pixel classifier, loaded."""

    package: PixelPackage
    _session: Session

    def probabilities(self, planes: NDArray[np.float32], step: int = 1) -> NDArray[np.float32]:
        """Class probabilities ``(k, h, w)`` of pictures ``(p, h, w)``, as ``planes_of`` gives them.

        ``step``: look only at every so many pixels along each axis, and put straight lines between them.
        """
        if self.package.spec.patch_px:
            return self._of_patches(planes, step)
        _, height, width = planes.shape
        count = len(self.package.classes)
        found = np.empty((count, height, width), np.float32)
        for rows, columns in _tiles(height, width):
            found[:, rows, columns] = self._of_tile(planes, rows, columns, step)
        return found

    def _of_tile(self, planes: NDArray[np.float32], rows: slice, columns: slice, step: int) -> NDArray[np.float32]:
        halo = self.package.spec.halo_px
        top, left = max(0, rows.start - halo), max(0, columns.start - halo)
        at = (
            slice(rows.start - top, rows.stop - top, step),
            slice(columns.start - left, columns.stop - left, step),
        )
        maps = feature_maps(planes[:, top : rows.stop + halo, left : columns.stop + halo], self.package.spec, at)
        told = self._session(maps.reshape(len(maps), -1).T, len(self.package.classes))
        coarse = told.T.reshape(-1, *maps.shape[1:])
        return _between(coarse, rows.stop - rows.start, columns.stop - columns.start, step)

    def _of_patches(self, planes: NDArray[np.float32], step: int) -> NDArray[np.float32]:
        """The votes of overlapping windows, normalised."""
        _, height, width = planes.shape
        spec, count = self.package.spec, len(self.package.classes)
        side, inset = spec.patch_core_px, (spec.patch_px - spec.patch_core_px) // 2
        stride = max(1, side // (2 if step == 1 else 1))
        ys, xs = np.arange(-side + stride, height, stride), np.arange(-side + stride, width, stride)
        rows, columns = (one.ravel() for one in np.meshgrid(ys, xs, indexing="ij"))
        votes = np.zeros((height + 2 * side, width + 2 * side, count), np.float32)
        for start in range(0, len(rows), WINDOWS_AT_ONCE):
            own_rows, own_columns = rows[start : start + WINDOWS_AT_ONCE], columns[start : start + WINDOWS_AT_ONCE]
            seen = windows_at(planes, own_rows - inset, own_columns - inset, spec.patch_px)
            told = self._session(seen, count * side * side).reshape(-1, side, side, count)
            for one, y, x in zip(told, own_rows + side, own_columns + side, strict=True):
                votes[y : y + side, x : x + side] += one
        inner = votes[side : side + height, side : side + width]
        return np.ascontiguousarray(np.moveaxis(normalised(inner), -1, 0))


def _tiles(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    for top in range(0, height, TILE_PX):
        for left in range(0, width, TILE_PX):
            yield slice(top, min(top + TILE_PX, height)), slice(left, min(left + TILE_PX, width))


def _between(coarse: NDArray[np.float32], height: int, width: int, step: int) -> NDArray[np.float32]:
    """``(k, h, w)`` from numbers at every so many pixels; beyond the last ones they go on."""
    if step == 1:
        return coarse
    down, across = (np.arange(size, dtype=np.float32) / np.float32(step) for size in (height, width))
    x, y = np.meshgrid(across, down)
    maps = [cv2.remap(one, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for one in coarse]
    return np.stack(maps).astype(np.float32)


def load_pixel_classifier(package: PixelPackage, threads: int | None = None) -> PixelPredictor:
    """Load a pixel classifier. Raises ``InvalidInputError`` where it cannot be run."""
    name = f"{package.weights.name} of {package.folder.name}"
    return PixelPredictor(package, Session(package.weights, name, threads or default_threads()))


@lru_cache(maxsize=_KEPT)
def _loaded(folder: Path, changed_ns: int) -> PixelPredictor:  # noqa: ARG001 - part of the key
    return load_pixel_classifier(known_pixel_classifier(folder))


def predictor_of(folder: Path) -> PixelPredictor:
    """The pixel classifier in a folder; the few last used stay loaded."""
    return _loaded(folder, (folder / "weights.onnx").stat().st_mtime_ns)
