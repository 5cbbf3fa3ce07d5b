"""One image file measured with its labels, without a server or database."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Plane
from cytoloop.exchange.anndata import Matrix
from cytoloop.exchange.labels import read_label_stack
from cytoloop.images.registry import open_image
from cytoloop.images.source import ImageInfo, ImageSource
from cytoloop.measurements.features.catalogue import Wanted
from cytoloop.measurements.objects import label_outlines
from cytoloop.measurements.table import ColumnSpec, ObjectMeasurements

from .plane import measure_plane

BASIC = Wanted()


@dataclass(frozen=True, slots=True)
class MeasuredLabels:
    """Numbers of the objects of a label image: ``labels``, ``z``, ``t`` and each column are ``(n,)``."""

    labels: NDArray[np.int64]
    z: NDArray[np.int64]
    t: NDArray[np.int64]
    measured: ObjectMeasurements

    def as_table(self) -> pa.Table:
        """As Arrow, null where a number is not defined; units and labels are in the fields' metadata."""
        own = (
            (ColumnSpec("label", "Label", ""), pa.array(self.labels)),
            (ColumnSpec("z", "Z", ""), pa.array(self.z)),
            (ColumnSpec("t", "T", ""), pa.array(self.t)),
        )
        columns = [
            *own,
            *((one, pa.array(self.measured.values[one.key], from_pandas=True)) for one in self.measured.columns),
        ]
        fields = [
            pa.field(spec.key, values.type, metadata={"label": spec.label, "unit": spec.unit})
            for spec, values in columns
        ]
        return pa.Table.from_arrays([values for _, values in columns], schema=pa.schema(fields))

    def as_matrix(self) -> Matrix:
        """For AnnData: the measurements, and beside them label, plane and the centre in px (``spatial``)."""
        columns = [one for one in self.measured.columns if one.key not in {"x_px", "y_px"}]
        values = [self.measured.values[one.key].astype(np.float32) for one in columns]
        planes = zip(self.t.tolist(), self.z.tolist(), self.labels.tolist(), strict=True)
        names = [f"t{t}_z{z}_{label}" for t, z, label in planes]
        return Matrix(
            np.stack(values, axis=1) if values else np.zeros((len(names), 0), np.float32),
            names,
            [one.key for one in columns],
            {"label": self.labels, "z": self.z, "t": self.t},
            {"label": [one.label for one in columns], "unit": [one.unit for one in columns]},
            {"spatial": np.stack([self.measured.values["x_px"], self.measured.values["y_px"]], axis=1)},
            {"spatial_unit": "px"},
        )


def measure_file(image: Path, labels: Path, *, z: int = 0, t: int = 0, wanted: Wanted = BASIC) -> MeasuredLabels:
    """Measure the objects of a label image on its image: one plane (``z``, ``t``), or all if there are as many."""
    stack = read_label_stack(labels)
    source = open_image(image)
    try:
        info = source.info()
        if stack.shape[-2:] != (info.height, info.width):
            raise InvalidInputError(
                f"{labels.name} has {stack.shape[-1]} x {stack.shape[-2]} px and {image.name} {info.width} x "
                f"{info.height} px; they must have the same size."
            )
        planes = stack.reshape(-1, info.height, info.width)
        if len(planes) == 1:
            chosen = [Plane(z, t)]
        elif len(planes) == info.size_z * info.size_t:
            chosen = [Plane(z, t) for t in range(info.size_t) for z in range(info.size_z)]
        else:
            raise InvalidInputError(
                f"{labels.name} has {len(planes)} planes and {image.name} has {info.size_z} slices and "
                f"{info.size_t} time points. Give one plane, or all of them."
            )
        return _joined(
            [_measured_plane(source, info, *one, wanted) for one in zip(planes, chosen, strict=True)], chosen
        )
    finally:
        source.close()


def _measured_plane(
    source: ImageSource, info: ImageInfo, labels: NDArray[Any], plane: Plane, wanted: Wanted
) -> tuple[NDArray[np.int64], ObjectMeasurements]:
    names, geometries = label_outlines(labels)
    measured = measure_plane(source, info, geometries, plane, wanted)
    centers = shapely.get_coordinates(shapely.centroid(np.array(geometries, dtype=object)))
    values = {"x_px": centers[:, 0], "y_px": centers[:, 1]} | measured.values
    columns = (ColumnSpec("x_px", "Centre x", "px"), ColumnSpec("y_px", "Centre y", "px"), *measured.columns)
    return names, ObjectMeasurements(columns, values)


def _joined(parts: list[tuple[NDArray[np.int64], ObjectMeasurements]], planes: list[Plane]) -> MeasuredLabels:
    counts = [len(names) for names, _ in parts]
    columns = parts[0][1].columns
    values = {one.key: np.concatenate([part.values[one.key] for _, part in parts]) for one in columns}
    return MeasuredLabels(
        np.concatenate([names for names, _ in parts]),
        np.repeat([plane.z for plane in planes], counts),
        np.repeat([plane.t for plane in planes], counts),
        ObjectMeasurements(columns, values),
    )
