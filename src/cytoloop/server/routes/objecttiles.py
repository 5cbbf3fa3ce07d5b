"""What a layer looks like, tile by tile: outlines, clusters or classes, and the density of its objects."""

import gzip
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from cytoloop.annotations.tileaddress import TileAddress, tile_tag
from cytoloop.annotations.vectortiles import display_tile
from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Plane
from cytoloop.projects.permissions import Permission
from cytoloop.server.dependencies import ReadDep
from cytoloop.wire.annotations import DensityScale, Id
from cytoloop.workflows.spatial import heat

router = APIRouter(tags=["annotations"])

MAX_ZOOM = 14
FORMAT = 2
"""Changes when the same objects give other tiles."""
WORTH_PACKING_BYTES = 1000


def checked_tile(zoom: int, x: int, y: int) -> TileAddress:
    """A tile of the grid, or ``InvalidInputError``."""
    if not (0 <= zoom <= MAX_ZOOM and 0 <= x < 1 << 20 and 0 <= y < 1 << 20):
        raise InvalidInputError(f"There is no tile {zoom}/{x}/{y}.")
    return TileAddress(zoom, x, y)


def packed(request: Request, content: bytes, media_type: str, headers: dict[str, str]) -> Response:
    """The tile, compressed where it is worth it and the caller can read that."""
    accepted = request.headers.get("accept-encoding", "")
    if len(content) >= WORTH_PACKING_BYTES and "gzip" in accepted:
        content = gzip.compress(content, 1, mtime=0)
        headers = {**headers, "Content-Encoding": "gzip"}
    return Response(content, media_type=media_type, headers={**headers, "Vary": "Accept-Encoding"})


@router.get("/layers/{layer_id}/tiles/{zoom}/{x}/{y}")
def read_tile(
    layer_id: UUID,
    zoom: int,
    x: int,
    y: int,
    request: Request,
    access: ReadDep,
    z: int = 0,
    t: int = 0,
) -> Response:
    """A tile of ``512 * 2**zoom`` image px a side. Unchanged tiles are answered with 304.

    A Mapbox vector tile; where more than 40,000 objects are, a raster of classes: a length (4 bytes, little endian),
    a JSON header of that length with ``side`` and ``planes`` (``term``, 0 for none; ``predicted``; ``count``), then for
    each plane ``side * side`` bytes ``v``, row by row: ``2**(v / 8) - 1`` objects in that square of the tile.
    """
    tile = checked_tile(zoom, x, y)
    layer, _ = access.layer(layer_id, Permission.VIEW)
    version = tile_tag(access.connection, layer.id, tile)
    tag = f'"{layer.uuid.hex[:12]}-{FORMAT}-{zoom}-{x}-{y}-{z}-{t}-{version}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    found = display_tile(access.connection, layer.id, tile, Plane(z, t))
    return packed(request, found.content, found.media_type, headers)


Radius = Annotated[float, Query(gt=0, le=heat.MAX_RADIUS_PX, allow_inf_nan=False)]


@router.get("/layers/{layer_id}/density")
def read_density_scale(layer_id: UUID, access: ReadDep, term_id: Id | None = None) -> DensityScale:
    """How dense the objects of a layer, or of one class, are where they are densest: the end of a map's legend."""
    layer, image = access.layer(layer_id, Permission.VIEW)
    most, unit = heat.densest(access.connection, layer, image, term_id)
    return DensityScale(most=most, unit=unit)


@router.get("/layers/{layer_id}/density/{zoom}/{x}/{y}")
def read_density(
    layer_id: UUID,
    zoom: int,
    x: int,
    y: int,
    request: Request,
    access: ReadDep,
    radius: Radius = 100.0,
    term_id: Id | None = None,
    z: int = 0,
    t: int = 0,
) -> Response:
    """Objects in a unit of area (see the scale) over a tile: 128 x 128 numbers, float32, little endian, row by row.

    Each object (of class ``term_id``, 0 for those without one) is spread by a Gaussian of ``radius`` px.
    """
    tile = checked_tile(zoom, x, y)
    layer, image = access.layer(layer_id, Permission.VIEW)
    version = tile_tag(access.connection, layer.id, tile, heat.REACH * radius)
    tag = f'"{layer.uuid.hex[:12]}-d{FORMAT}-{zoom}-{x}-{y}-{z}-{t}-{radius:g}-{term_id}-{version}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    content = heat.density_tile(access.connection, layer, image, tile, Plane(z, t), radius_px=radius, term_id=term_id)
    return packed(request, content, "application/octet-stream", headers)
