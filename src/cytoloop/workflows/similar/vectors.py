"""Vectors of objects: computing them on an image, and what is remembered of a project."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop.core.geometry import Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.reading import channel_reader
from cytoloop.learning.normalisation import intensity_range
from cytoloop.learning.registry import SHIPPED
from cytoloop.learning.retrieval.crops import object_crops
from cytoloop.learning.retrieval.encoder import encoder_of
from cytoloop.workflows.analysis import overview
from cytoloop.workflows.classifier_shelf import ClassifierShelf, Features

WEIGHTS = SHIPPED / "nuclei" / "weights.onnx"
OVERVIEW_PX = 1024
AT_ONCE = 500
"""Objects between two reports of progress."""


@dataclass(frozen=True, slots=True)
class VectorSpec:
    """Which encoder made the vectors, as the shelf of features names it."""

    key: str
    width: int

    @property
    def names(self) -> tuple[str, ...]:
        """Of the numbers of a vector."""
        return tuple(f"v{number}" for number in range(self.width))


@lru_cache(maxsize=1)
def vector_spec() -> VectorSpec:
    """Of the encoder that is shipped. Vectors of another one lie elsewhere."""
    digest = hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()[:12]
    return VectorSpec(f"encoder-1-{digest}", encoder_of(WEIGHTS).width)


def plane_vectors(pyramid: Pyramid, outlines: Sequence[BaseGeometry], plane: Plane) -> NDArray[np.float32]:
    """``(n, d)`` of outlines in full-resolution px."""
    info = pyramid.info
    values = intensity_range(overview(pyramid, plane, OVERVIEW_PX).array)
    read = channel_reader(pyramid.source, rgb=info.rgb, z=plane.z, t=plane.t)
    crops, masks = object_crops(outlines, read, (info.width, info.height), values)
    return encoder_of(WEIGHTS)(crops, masks)


@dataclass(frozen=True, slots=True)
class ProjectVectors:
    """Vectors of many layers in one table; ``layers (n,)`` are rows of layers."""

    layers: NDArray[np.int64]
    known: Features


def project_vectors(shelf: ClassifierShelf, project: UUID, layers: Sequence[tuple[int, UUID]]) -> ProjectVectors:
    """What is known of these layers (row and UUID)."""
    spec = vector_spec()
    found = [(row, _remembered(shelf, project, uuid, spec)) for row, uuid in layers]
    ids = [one.ids for _, one in found]
    nothing = np.zeros(0, np.int64)
    return ProjectVectors(
        np.concatenate([np.full(len(one.ids), row, np.int64) for row, one in found] or [nothing]),
        Features(
            np.concatenate(ids or [nothing]),
            np.concatenate([one.shapes for _, one in found] or [nothing]),
            np.concatenate([one.values for _, one in found] or [np.zeros((0, spec.width), np.float32)]),
        ),
    )


def _remembered(shelf: ClassifierShelf, project: UUID, layer: UUID, spec: VectorSpec) -> Features:
    path = shelf.features_path(project, layer, spec)
    changed = path.stat().st_mtime_ns if path.exists() else 0
    return _read(shelf, project, layer, spec, changed)


@lru_cache(maxsize=256)
def _read(
    shelf: ClassifierShelf,
    project: UUID,
    layer: UUID,
    spec: VectorSpec,
    changed_ns: int,  # noqa: ARG001 - part of the key
) -> Features:
    return shelf.features(project, layer, spec)
