"""ImageJ's ROI files: one ``.roi``, or a ``.zip`` of them as the ROI manager saves.

Coordinates are 32 bit floats there: exact up to 1/256 px on slides of 65,536 px. Holes and several parts are
composite ROIs. A ROI's properties hold, as JSON after ``cytoloop:``, what ImageJ has no place for.
"""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from roifile import ROI_OPTIONS, ROI_SUBTYPE, ROI_TYPE, ImagejRoi
from shapely.geometry.base import BaseGeometry

from cytoloop.annotations.geometry import MAX_VERTICES, Kind, kind_of
from cytoloop.annotations.model import Status
from cytoloop.core.errors import InvalidGeometryError, InvalidInputError

from .model import ExchangeImage, ExchangeObject, ExchangeTerm, ReadObjects
from .naming import (
    color_hex,
    color_parts,
    kind_named,
    mapping_or_empty,
    number_or_none,
    own_facts,
    share_or_none,
    status_named,
    whole_or_none,
)
from .rings import polygons_of_rings

ENDING = ".rois.zip"
ROI_MAGIC = b"Iout"
ZIP_MAGIC = b"PK"
MAX_ENTRIES = 2_000_000
MAX_TOTAL_BYTES = 2**31
MAX_ENTRY_BYTES = 2**26
_MARK = "cytoloop: "
_OVAL_POINTS = 72
_NO_DATE = (1980, 1, 1, 0, 0, 0)
"""The first that a zip file can tell."""
_AREAS = {ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED}
_LINES = {ROI_TYPE.POLYLINE, ROI_TYPE.FREELINE, ROI_TYPE.ANGLE}


def write(objects: Sequence[ExchangeObject], image: ExchangeImage, path: Path) -> None:
    """Write a zip of ROIs, named by number and class."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, one in enumerate(objects, start=1):
            name = f"{number:06d}" if one.term is None else f"{number:06d}-{_plain(one.term.name)}"
            roi = _roi(one, image)
            roi.name = name
            # no date: the same objects give the same file
            entry = zipfile.ZipInfo(f"{name}.roi", _NO_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, roi.tobytes())


def _plain(name: str) -> str:
    """A class's name as part of a file name."""
    return "".join(sign if sign.isalnum() and ord(sign) < 0x10000 else "_" for sign in name)[:60]


def _roi(one: ExchangeObject, image: ExchangeImage) -> ImagejRoi:
    roi = _shape(one.geometry)
    own = own_facts(one.kind, one.status, one.score, one.term_score, id=one.id, parent_id=one.parent_id)
    if one.term is not None:
        own |= {"class": one.term.name, "color": one.term.color}
        color = color_parts(one.term.color)
        if color is not None:
            roi.stroke_color = bytes([255, *color])
    roi.props = _MARK + json.dumps(own) + "\n"
    if image.size_z > 1 or image.size_t > 1:
        roi.c_position, roi.z_position, roi.t_position = 1, one.z + 1, one.t + 1
    return roi


def _shape(geometry: BaseGeometry) -> ImagejRoi:
    parts: list[Any] = list(getattr(geometry, "geoms", [geometry]))
    rings = [ring for part in parts if part.geom_type == "Polygon" for ring in _rings(part)]
    if len(rings) > 1:
        return _composite(geometry, rings)
    points = rings[0][:-1] if rings else shapely.get_coordinates(geometry)
    roi = ImagejRoi.frompoints(points.astype(np.float32))
    roi.roitype = {"Point": ROI_TYPE.POINT, "LineString": ROI_TYPE.POLYLINE}.get(geometry.geom_type, ROI_TYPE.POLYGON)
    return roi


def _rings(polygon: shapely.Polygon) -> list[NDArray[np.float64]]:
    return [shapely.get_coordinates(ring) for ring in (polygon.exterior, *polygon.interiors)]


def _composite(geometry: BaseGeometry, rings: Sequence[NDArray[np.float64]]) -> ImagejRoi:
    """ImageJ's path of commands: 0 move to, 1 line to, 4 close."""
    path: list[float] = []
    for ring in rings:
        for number, (x, y) in enumerate(ring[:-1].tolist()):
            path += [float(number > 0), x, y]
        path.append(4.0)
    x0, y0, x1, y1 = geometry.bounds
    return ImagejRoi(
        roitype=ROI_TYPE.RECT,
        options=ROI_OPTIONS.OVERLAY_BACKGROUNDS | ROI_OPTIONS.OVERLAY_LABELS,
        left=int(np.floor(x0)),
        top=int(np.floor(y0)),
        right=int(np.ceil(x1)),
        bottom=int(np.ceil(y1)),
        shape_roi_size=len(path),
        multi_coordinates=np.array(path, np.float32),
    )


def read(path: Path, image: ExchangeImage) -> ReadObjects:
    """Read a ROI, or a zip of them; ROIs that are text, pictures or empty are left out."""
    objects: list[ExchangeObject] = []
    unusable: dict[str, int] = {}
    for name, data in _files(path):
        where = f"{name} in {path.name}" if name else path.name
        try:
            roi = ImagejRoi.frombytes(data)
            found = _geometries(roi)
        except Exception as error:
            raise InvalidInputError(
                f"{where} is no ROI that can be read ({str(error)[:120]}). Save it again from ImageJ."
            ) from error
        if not found:
            kind = roi.roitype.name.lower()
            unusable[kind] = unusable.get(kind, 0) + 1
        for geometry, kind in found:
            _check(geometry, where)
            objects.append(_object(roi, geometry, kind, image))
    warnings = [f"{count} ROIs of the type {kind} were left out." for kind, count in unusable.items()]
    return ReadObjects(objects, warnings)


def _files(path: Path) -> list[tuple[str, bytes]]:
    """Names and bytes of the ROIs; never written to disk, whatever a zip's names say."""
    with path.open("rb") as file:
        head = file.read(4)
    if head == ROI_MAGIC:
        if path.stat().st_size > MAX_ENTRY_BYTES:
            raise InvalidInputError(f"{path.name} is larger than {MAX_ENTRY_BYTES:,} bytes.")
        return [("", path.read_bytes())]
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [one for one in archive.infolist() if one.filename.lower().endswith(".roi")]
            _check_entries(entries, path)
            if archive.namelist() and not entries:
                raise InvalidInputError(f"{path.name} holds no ImageJ ROI (*.roi). Save it from the ROI manager.")
            return [(one.filename, archive.read(one)) for one in entries]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise InvalidInputError(
            f"{path.name} is no zip that can be read ({str(error)[:120]}). Save it again from ImageJ."
        ) from error


def _check_entries(entries: Sequence[zipfile.ZipInfo], path: Path) -> None:
    for one in entries:
        parts = PurePosixPath(one.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts:
            raise InvalidInputError(
                f"{path.name} holds {one.filename[:80]!r}, which points out of the zip. Save it again from ImageJ."
            )
    total = sum(one.file_size for one in entries)
    largest = max((one.file_size for one in entries), default=0)
    if len(entries) > MAX_ENTRIES or total > MAX_TOTAL_BYTES or largest > MAX_ENTRY_BYTES:
        raise InvalidInputError(
            f"{path.name} holds {len(entries):,} ROIs of {total:,} bytes; at most {MAX_ENTRIES:,} of "
            f"{MAX_TOTAL_BYTES:,} bytes are read. Save fewer in one file."
        )


def _check(geometry: BaseGeometry, where: str) -> None:
    coordinates = shapely.get_coordinates(geometry)
    if not np.isfinite(coordinates).all() or len(coordinates) > MAX_VERTICES:
        raise InvalidGeometryError(
            f"{where} has a coordinate that is not finite, or more than {MAX_VERTICES:,} vertices."
        )


def _geometries(roi: ImagejRoi) -> list[tuple[BaseGeometry, Kind]]:
    """The shapes of a ROI: several for a multi-point, none for text, pictures and empty ones."""
    if roi.subtype in {ROI_SUBTYPE.TEXT, ROI_SUBTYPE.IMAGE}:
        return []
    if roi.roitype is ROI_TYPE.RECT and roi.multi_coordinates is None:
        return [(_box(roi), Kind.RECTANGLE)]
    if roi.roitype is ROI_TYPE.OVAL:
        return [(_oval(roi), Kind.ELLIPSE)]
    rings = [np.asarray(ring, np.float64) for ring in roi.coordinates(multi=True)]
    if roi.roitype is ROI_TYPE.POINT:
        shift = 0.0 if roi.subpixel_coordinates is not None else 0.5  # whole numbers name a pixel
        return [(shapely.Point(x + shift, y + shift), Kind.POINT) for x, y in rings[0].tolist()]
    if roi.roitype in _LINES | {ROI_TYPE.LINE}:
        return [(shapely.LineString(rings[0]), Kind.LINE)] if len(rings[0]) > 1 else []
    if roi.multi_coordinates is None and roi.roitype not in _AREAS:
        return []
    area = polygons_of_rings(rings)
    return [] if area is None else [(area, kind_of(area))]


def _edges(roi: ImagejRoi) -> tuple[float, float, float, float]:
    if roi.subpixelrect:
        return roi.xd, roi.yd, roi.xd + roi.widthd, roi.yd + roi.heightd
    return float(roi.left), float(roi.top), float(roi.right), float(roi.bottom)


def _box(roi: ImagejRoi) -> shapely.Polygon:
    x0, y0, x1, y1 = _edges(roi)
    return shapely.Polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def _oval(roi: ImagejRoi) -> shapely.Polygon:
    x0, y0, x1, y1 = _edges(roi)
    angle = np.linspace(0, 2 * np.pi, _OVAL_POINTS, endpoint=False)
    x = (x0 + x1) / 2 + (x1 - x0) / 2 * np.cos(angle)
    y = (y0 + y1) / 2 + (y1 - y0) / 2 * np.sin(angle)
    return shapely.Polygon(np.column_stack([x, y]))


def _object(roi: ImagejRoi, geometry: BaseGeometry, kind: Kind, image: ExchangeImage) -> ExchangeObject:
    own = _own(roi.props)
    z, t = _plane(roi, image)
    name = own.get("class")
    return ExchangeObject(
        geometry=geometry,
        kind=kind_named(own["kind"], geometry) if "kind" in own else kind,
        term=ExchangeTerm(str(name), color_hex(own.get("color"))) if name else None,
        status=status_named(own.get("status"), Status.ACCEPTED),
        score=number_or_none(own.get("score")),
        term_score=share_or_none(own.get("term_score")),
        z=z,
        t=t,
        id=whole_or_none(own.get("id")),
        parent_id=whole_or_none(own.get("parent_id")),
        properties={} if own or not roi.name else {"name": roi.name},
    )


def _own(properties: str) -> dict[str, Any]:
    for line in properties.splitlines():
        if line.startswith(_MARK):
            try:
                return dict(mapping_or_empty(json.loads(line.removeprefix(_MARK))))
            except ValueError:
                return {}
    return {}


def _plane(roi: ImagejRoi, image: ExchangeImage) -> tuple[int, int]:
    """Slice and time from 0; a plain stack's position counts along the axis that the image has."""
    if roi.z_position or roi.t_position:
        return max(0, roi.z_position - 1), max(0, roi.t_position - 1)
    position = max(0, roi.position - 1)
    if image.size_z > 1:
        return position, 0
    return (0, position) if image.size_t > 1 else (0, 0)
