"""``cytoloop measure``."""

from pathlib import Path
from typing import Annotated

import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import typer

from cytoloop.core.errors import InvalidInputError
from cytoloop.exchange.anndata import write_h5ad
from cytoloop.measurements.features.catalogue import NAMES, Wanted
from cytoloop.workflows.measurements.files import MeasuredLabels, measure_file

from .options import JsonOption


def measure(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="The image.")],
    labels: Annotated[Path, typer.Argument(metavar="LABELS", help="Its label image: TIFF or PNG, 0 is background.")],
    out: Annotated[Path | None, typer.Option("--out", help="Table to write: .csv, .parquet, .h5ad.")] = None,
    z: Annotated[int, typer.Option(min=0, help="Slice, where the labels are one plane of a stack.")] = 0,
    t: Annotated[int, typer.Option(min=0, help="Time point, likewise.")] = 0,
    features: Annotated[str, typer.Option(help=f"Further sets, by commas, or all: {', '.join(NAMES)}.")] = "",
    ring_px: Annotated[int, typer.Option(help="Width of the ring around objects (px).")] = 5,
    neighbour_px: Annotated[float, typer.Option(help="How near a neighbour's centre is (px).")] = 50.0,
    full_scale: Annotated[
        float | None, typer.Option(help="Pixel value that counts as 1, as 4095 for 12 bits; else the type's largest.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the objects of a label image: size, shape, the intensity of each channel, and what --features names."""
    if out is None and not as_json:
        raise InvalidInputError("Say where the table goes with --out TABLE.csv, or ask for --json.")
    if out is not None and out.suffix.lower() not in {".csv", ".parquet", ".h5ad"}:
        raise InvalidInputError(f"{out.name} must end in .csv, .parquet or .h5ad.")
    sets = NAMES if features == "all" else tuple(one.strip() for one in features.split(",") if one.strip())
    wanted = Wanted(sets, ring_px, neighbour_px, full_scale)
    measured = measure_file(image, labels, z=z, t=t, wanted=wanted)
    table = measured.as_table()
    if out is not None:
        _write(measured, out)
    if as_json:
        typer.echo(orjson.dumps(_as_json(table)))
    else:
        typer.echo(f"{table.num_rows:,} objects, {table.num_columns} columns -> {out}")


def _write(measured: MeasuredLabels, out: Path) -> None:
    """Write the table; it appears when it is complete."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial")
    try:
        match out.suffix.lower():
            case ".csv":
                pyarrow.csv.write_csv(measured.as_table(), partial)
            case ".parquet":
                pyarrow.parquet.write_table(measured.as_table(), partial)
            case _:
                write_h5ad(measured.as_matrix(), partial)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def _as_json(table: pa.Table) -> dict[str, object]:
    columns = [
        {"key": field.name, "label": field.metadata[b"label"].decode(), "unit": field.metadata[b"unit"].decode()}
        for field in table.schema
    ]
    data = [values.to_pylist() for values in table.columns]
    return {"columns": columns, "rows": [list(row) for row in zip(*data, strict=True)]}
