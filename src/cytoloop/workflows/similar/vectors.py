"""Vectors of objects: computing them on an image, and what is remembered of a project."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop.core.geometry import Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.reading import channel_reader
from cytoloop.learning.normalisation import intensity_range
from cytoloop.learning.registry import SHIPPED
from cytoloop.learning.retrieval.crops import object_crops
from cytoloop.learning.retrieval.encoder import encoder_of
from cytoloop.learning.retrieval.nearest import PackedVectors, pack
from cytoloop.workflows.classification.labelled import ObjectRow
from cytoloop.workflows.classification.shelf import ClassifierShelf, Features
from cytoloop.workflows.images.analysis import overview
from cytoloop.workflows.objects.idblocks import IdBlocks

WEIGHTS = SHIPPED / "nuclei" / "weights.onnx"
OVERVIEW_PX = 1024
AT_ONCE = 500
"""Objects between two reports of progress."""


@dataclass(frozen=True, slots=True)
class VectorSpec:
    """Which encoder made the vectors, and how many numbers they have."""

    key: str
    width: int


@lru_cache(maxsize=1)
def vector_spec() -> VectorSpec:
    """Of the encoder that is shipped. Vectors of another one lie elsewhere."""
    digest = hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()[:12]
    return VectorSpec(f"encoder-2-{digest}", encoder_of(WEIGHTS).width)


def plane_vectors(pyramid: Pyramid, outlines: Sequence[BaseGeometry], plane: Plane) -> NDArray[np.float32]:
    """``(n, d)`` of outlines in full-resolution px."""
    info = pyramid.info
    values = intensity_range(overview(pyramid, plane, OVERVIEW_PX).array)
    read = channel_reader(pyramid.source, rgb=info.rgb, z=plane.z, t=plane.t)
    crops, masks = object_crops(outlines, read, (info.width, info.height), values)
    return encoder_of(WEIGHTS)(crops, masks)


@dataclass(frozen=True, slots=True)
class LayerVectors:
    """Vectors of a layer's objects as they are remembered; nothing is read before it is asked for."""

    blocks: IdBlocks

    def keep(self, found: Features) -> None:
        """Remember vectors; those of the same objects are replaced."""
        if len(found.ids) == 0:
            return
        packed = pack(found.values)
        columns = {"id": found.ids, "shape": found.shapes, "scale": packed.scales}
        lists = {name: _lists(getattr(packed, name)) for name in ("numbers", "codes")}
        self.blocks.keep(pa.table({name: pa.array(one) for name, one in columns.items()} | lists))

    def unknown(self, rows: Sequence[ObjectRow]) -> list[ObjectRow]:
        """Those of these objects that have no vector of the outline that they have now."""
        table = self.blocks.rows_of(np.array([one.id for one in rows], np.int64))
        if table is None:
            return list(rows)
        known = set(zip(table["id"].to_pylist(), table["shape"].to_pylist(), strict=True))
        return [one for one in rows if (one.id, one.shape) not in known]

    def of(self, row: ObjectRow) -> NDArray[np.float32] | None:
        """The vector ``(d,)`` of an object, if it is known for the outline that it has now."""
        table = self.blocks.rows_of(np.array([row.id], np.int64))
        if table is None or table["shape"].to_pylist() != [row.shape]:
            return None
        return _packed(table).numbers[0].astype(np.float32)

    def every(self) -> Iterator[tuple[NDArray[np.int64], PackedVectors]]:
        """Ids and vectors, block by block, from the mapped files."""
        for table in self.blocks.tables():
            yield table["id"].to_numpy(), _packed(table)


def _lists(values: NDArray[Any]) -> pa.FixedSizeListArray:
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def _packed(table: pa.Table) -> PackedVectors:
    """A table of one piece, as the files have it: its numbers are looked at where they lie."""
    numbers, codes, scales = (_only_piece(table[name]) for name in ("numbers", "codes", "scale"))
    shape = (len(table), -1)
    return PackedVectors(
        numbers.flatten().to_numpy().reshape(shape), codes.flatten().to_numpy().reshape(shape), scales.to_numpy()
    )


def _only_piece(column: pa.ChunkedArray) -> Any:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def layer_vectors(shelf: ClassifierShelf, project: UUID, layer: UUID) -> LayerVectors:
    """The vectors of a layer by the encoder that is shipped."""
    return LayerVectors(shelf.remembered(project, layer, vector_spec().key))
