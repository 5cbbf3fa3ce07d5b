"""``cytoloop spatial``."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from cytoloop.core.errors import InvalidInputError
from cytoloop.measurements.spatial import summarise
from cytoloop.workflows.spatial.files import ObjectsOfFile, count_in_regions, distances_between, plate_of
from cytoloop.workflows.spatial.questions import csv_text

from .options import JsonOption

spatial_app = typer.Typer(
    help="Where objects lie: in which regions, and how far from each other.", no_args_is_help=True
)

ImageArgument = Annotated[Path, typer.Argument(metavar="IMAGE", help="The image that the objects are of.")]
ObjectsArgument = Annotated[
    Path, typer.Argument(metavar="OBJECTS", help="Its objects: GeoJSON, COCO, CSV, label image or ImageJ ROIs.")
]
PixelOption = Annotated[
    float | None, typer.Option("--pixel-um", min=1e-6, help="Side of a pixel (µm); the image's own unless given.")
]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="TABLE.csv", help="Table to write.")]
SliceOption = Annotated[int, typer.Option("-z", "--z", min=0, help="Slice of a stack.")]
TimeOption = Annotated[int, typer.Option("-t", "--t", min=0, help="Time point.")]


@spatial_app.command("regions")
def regions(
    image: ImageArgument,
    objects: ObjectsArgument,
    areas: Annotated[Path, typer.Argument(metavar="REGIONS", help="Areas, in any of the same formats.")],
    region_class: Annotated[str | None, typer.Option("--region-class", help="Only areas of this class.")] = None,
    out: OutOption = None,
    pixel_um: PixelOption = None,
    z: SliceOption = 0,
    t: TimeOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Count the objects of each class in each region: number, share of the area, density."""
    _check(out, as_json)
    plate = plate_of(image, pixel_um, z, t)
    counted = count_in_regions(plate.objects_in(objects), plate.objects_in(areas).of_class(region_class))
    header, rows = counted.rows()
    _give(header, rows, out, as_json)
    if not as_json:
        total = sum(int(one) for one in counted.table.inside)
        typer.echo(f"{total:,} objects in {len(counted.regions):,} regions -> {out}")


@spatial_app.command("distances")
def distances(
    image: ImageArgument,
    objects: ObjectsArgument,
    origin_class: Annotated[str | None, typer.Option("--from", metavar="CLASS", help="Only from this class.")] = None,
    target_class: Annotated[str | None, typer.Option("--to", metavar="CLASS", help="Only to this class.")] = None,
    target_file: Annotated[
        Path | None, typer.Option("--to-objects", metavar="FILE", help="To the objects of another file.")
    ] = None,
    within: Annotated[float | None, typer.Option(min=0, help="Also count those at most so far (µm, else px).")] = None,
    out: OutOption = None,
    pixel_um: PixelOption = None,
    z: SliceOption = 0,
    t: TimeOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Measure from the centre of each object to the nearest other one: distances, quartiles, mean."""
    _check(out, as_json)
    plate = plate_of(image, pixel_um, z, t)
    first = plate.objects_in(objects)
    second = first if target_file is None else plate.objects_in(target_file)
    origins = first.of_class(origin_class)
    found = distances_between(origins, second.of_class(target_class), first.objects if second is first else ())
    rows: list[list[object]] = [
        [key, kind, distance] for key, kind, distance in zip(origins.ids, origins.classes, found.tolist(), strict=True)
    ]
    _give(["id", "class", f"distance [{plate.scale.unit}]"], rows, out, as_json)
    if not as_json:
        _tell(origins, summarise(found, within).median, plate.scale.unit, out)
        if within is not None:
            typer.echo(f"{summarise(found, within).within:,} at most {within:g} {plate.scale.unit} away")


def _tell(origins: ObjectsOfFile, median: float | None, unit: str, out: Path | None) -> None:
    middle = "no neighbour" if median is None else f"median distance {median:.1f} {unit}"
    typer.echo(f"{len(origins.objects):,} objects, {middle} -> {out}")


def _check(out: Path | None, as_json: bool) -> None:
    if out is None and not as_json:
        raise InvalidInputError("Say where the table goes with --out TABLE.csv, or ask for --json.")
    if out is not None and out.suffix.lower() != ".csv":
        raise InvalidInputError(f"{out.name} must end in .csv.")


def _give(header: list[str], rows: list[list[object]], out: Path | None, as_json: bool) -> None:
    """Write the table, which appears when it is complete, and print it where asked for."""
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial = out.with_name(f".{out.name}.partial")
        try:
            partial.write_text(csv_text(header, rows), encoding="utf-8")
            partial.replace(out)
        finally:
            partial.unlink(missing_ok=True)
    if as_json:
        typer.echo(orjson.dumps({"columns": header, "rows": rows}))  # NaN becomes null
