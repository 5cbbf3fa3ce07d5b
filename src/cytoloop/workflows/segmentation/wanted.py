"""Where objects are wanted: inside a region that somebody drew, and on the foreground that a first look found."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop.core.errors import ConflictError
from cytoloop.core.geometry import Box


@dataclass(frozen=True, slots=True)
class Foreground:
    """``mask (h, w) bool`` of the whole image; one of its pixels is ``step`` full-resolution pixels wide."""

    mask: NDArray[np.bool_]
    step: float

    def touches(self, box: Box) -> bool:
        """Whether any of it lies in a box (full-resolution px)."""
        x0, y0 = (max(0, int(value / self.step)) for value in (box.x0, box.y0))
        x1, y1 = (int(np.ceil(value / self.step)) for value in (box.x1, box.y1))
        return bool(self.mask[y0:y1, x0:x1].any())

    def contains(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which points ``(n, 2)`` (x, y in full-resolution px) lie in it."""
        height, width = self.mask.shape
        columns = np.clip((points[:, 0] / self.step).astype(np.int64), 0, width - 1)
        rows = np.clip((points[:, 1] / self.step).astype(np.int64), 0, height - 1)
        return self.mask[rows, columns]

    def save(self, path: Path) -> None:
        """Write it so that it is there whole or not at all."""
        _, data = cv2.imencode(".png", self.mask.astype(np.uint8) * 255)
        part = path.with_suffix(".part")
        part.write_bytes(data.tobytes())
        part.replace(path)


def read_foreground(path: Path, step: float) -> Foreground:
    """What ``save`` wrote."""
    if not path.exists():
        raise ConflictError("The foreground of the slide could not be found, so there is nothing to look in.")
    data = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    found = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    if found is None:
        raise ConflictError("The foreground of the slide cannot be read. Start the run anew.")
    return Foreground(np.asarray(found) > 0, step)


Found = tuple[NDArray[np.object_], NDArray[np.float64]]
"""Outlines ``(n,)`` and their scores ``(n,)``."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Both may be missing: then everything is wanted."""

    region: BaseGeometry | None = None
    foreground: Foreground | None = None

    def keeps(self, polygons: NDArray[np.object_]) -> NDArray[np.bool_]:
        """Which objects ``(n,)`` have their centroid where they are wanted."""
        kept = np.ones(len(polygons), dtype=bool)
        if len(polygons) == 0:
            return kept
        centers = shapely.get_coordinates(shapely.centroid(polygons))
        if self.region is not None:
            shapely.prepare(self.region)
            kept &= shapely.contains_xy(self.region, centers[:, 0], centers[:, 1])
        if self.foreground is not None:
            kept &= self.foreground.contains(centers)
        return kept

    def touches(self, box: Box) -> bool:
        """Whether a box (full-resolution px) shows any of the foreground."""
        return self.foreground is None or self.foreground.touches(box)

    def kept(self, polygons: NDArray[np.object_], scores: NDArray[np.float64]) -> Found:
        """The objects that ``keeps`` keeps, with their scores."""
        index = self.keeps(polygons)
        return polygons[index], scores[index]

    def clipped(self, polygons: NDArray[np.object_], scores: NDArray[np.float64]) -> Found:
        """Regions cut at the border of where they are wanted; what is left empty is left out."""
        if self.region is None or len(polygons) == 0:
            return polygons, scores
        cut = shapely.intersection(polygons, self.region)
        kept = shapely.area(cut) > 0
        return cut[kept], scores[kept]


def wanted_in(call: dict[str, Any]) -> Wanted:
    """Of a worker's call: ``region`` as WKT or null; ``foreground`` as ``{"path", "step"}`` or null."""
    region = shapely.from_wkt(call["region"]) if call.get("region") else None
    found = call.get("foreground")
    return Wanted(region, read_foreground(Path(found["path"]), found["step"]) if found else None)
