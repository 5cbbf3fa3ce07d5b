"""AnnData files (.h5ad): a matrix of objects and measurements with what is known of both.

Written as AnnData's description of its file format says (anndata.readthedocs.io, "on-disk format" 0.1.0), by h5py
alone: reading needs anndata, writing does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any] | Sequence[str | None]
"""Numbers ``(n,)``, or texts, of which those that repeat are kept as categories; ``None``: not known."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """``values (n, f) float32``, NaN where not known, with columns about the n objects and about the f measurements.

    ``names`` are the objects' names, each once; ``places`` are arrays ``(n, d)`` such as ``spatial`` and ``X_pca``.
    """

    values: NDArray[np.float32]
    names: Sequence[str]
    measurements: Sequence[str]
    objects_about: Mapping[str, Column]
    measurements_about: Mapping[str, Column]
    places: Mapping[str, NDArray[np.float64]] = field(default_factory=dict[str, NDArray[np.float64]])
    facts: Mapping[str, str] = field(default_factory=dict[str, str])


def write_h5ad(matrix: Matrix, target: Path | BinaryIO) -> None:
    """Write the matrix as a .h5ad file."""
    with h5py.File(target, "w", track_order=False) as file:
        _mark(file, "anndata", "0.1.0")
        _array(file, "X", matrix.values.astype(np.float32))
        _frame(file, "obs", matrix.names, matrix.objects_about)
        _frame(file, "var", matrix.measurements, matrix.measurements_about)
        places = _folder(file, "obsm")
        for name, values in matrix.places.items():
            _array(places, name, values)
        facts = _folder(file, "uns")
        for name, text in matrix.facts.items():
            _mark(facts.create_dataset(name, data=text, dtype=h5py.string_dtype()), "string", "0.2.0")
        for name in ("layers", "varm", "obsp", "varp"):
            _folder(file, name)


def _mark(place: Any, kind: str, version: str) -> None:
    place.attrs["encoding-type"] = kind
    place.attrs["encoding-version"] = version


def _folder(parent: Any, name: str) -> Any:
    made = parent.create_group(name)
    _mark(made, "dict", "0.1.0")
    return made


def _array(parent: Any, name: str, values: NDArray[Any]) -> None:
    packed = {"compression": "gzip", "compression_opts": 4} if values.size else {}
    _mark(parent.create_dataset(name, data=values, **packed), "array", "0.2.0")


def _texts(parent: Any, name: str, values: Sequence[str]) -> None:
    data = np.array(list(values), dtype=object)
    _mark(parent.create_dataset(name, data=data, dtype=h5py.string_dtype()), "string-array", "0.2.0")


def _frame(parent: Any, name: str, index: Sequence[str], columns: Mapping[str, Column]) -> None:
    frame = parent.create_group(name)
    _mark(frame, "dataframe", "0.2.0")
    frame.attrs["_index"] = "_index"
    frame.attrs.create("column-order", np.array(list(columns), dtype=object), dtype=h5py.string_dtype())
    _texts(frame, "_index", index)
    for key, values in columns.items():
        if isinstance(values, np.ndarray):
            _array(frame, key, values)
        elif None in values or len(set(values)) < len(values):
            _categories(frame, key, values)
        else:
            _texts(frame, key, [str(one) for one in values])


def _categories(parent: Any, name: str, values: Sequence[str | None]) -> None:
    known = sorted({one for one in values if one is not None})
    code = {one: number for number, one in enumerate(known)}
    made = parent.create_group(name)
    _mark(made, "categorical", "0.2.0")
    made.attrs["ordered"] = False
    _texts(made, "categories", known)
    _array(made, "codes", np.array([-1 if one is None else code[one] for one in values], np.int32))
