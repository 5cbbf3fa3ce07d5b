"""Tiles and thumbnails: plain Starlette routes, because they are asked for thousands of times."""

import hashlib
import time
from collections.abc import Callable
from uuid import UUID

import numpy as np
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from cytoloop.core.errors import CytoloopError, InvalidInputError, NotFoundError
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.rendering import ChannelStyle, parse_style
from cytoloop.projects.images import StoredImage, stored_of
from cytoloop.projects.permissions import Actor, Permission
from cytoloop.runtime.assembly import Services
from cytoloop.runtime.settings import MIB
from cytoloop.server.access import Access
from cytoloop.server.journal import PlainRoute
from cytoloop.server.metrics import Metrics
from cytoloop.server.problems import problem_of
from cytoloop.server.serialise import RENDERER_VERSION
from cytoloop.server.state import actor_of
from cytoloop.server.tilecache import TileCache
from cytoloop.workflows.images.previews import PREVIEW_PX, first_styles, preview, rendered, smaller

from .images import check_plane

IMMUTABLE = "private, max-age=31536000, immutable"
AUTHORIZED_SECONDS = 5.0
"""How long a permission to look is remembered: whoever loses it may still see tiles for this long."""
MAX_RAW_CHANNELS = 16


class TileDesk:
    """Answers requests for pixels of images that the caller may see."""

    def __init__(self, services: Services, metrics: Metrics) -> None:
        self._services = services
        self._cache = TileCache(services.settings.tile_cache_mib * MIB, metrics)
        self._allowed: dict[tuple[int, str], tuple[float, StoredImage]] = {}

    def stored(self, actor: Actor, image_id: str) -> StoredImage:
        """The image's record, if the actor may look at it; remembered for a few seconds."""
        key = (actor.user_id, image_id)
        known = self._allowed.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        try:
            uuid = UUID(image_id)
        except ValueError:
            raise NotFoundError("There is no such image.") from None
        with self._services.database.read() as connection:
            stored = stored_of(Access(connection, actor).image(uuid, Permission.VIEW))
        if len(self._allowed) > 10_000:
            self._allowed.clear()
        self._allowed[key] = (time.monotonic() + AUTHORIZED_SECONDS, stored)
        return stored

    def tile(self, request: Request, stored: StoredImage) -> Response:
        """A JPEG tile: the stored bytes where possible, else rendered."""
        level, column, row, z, t = _address(request)
        check_plane(stored, z, t)
        style_text = request.query_params.get("style", "")
        with self._services.library.pyramid(stored) as pyramid:
            if not style_text and pyramid.info.rgb:
                passed = pyramid.encoded_tile(level, column, row)
                if passed is not None:
                    return _immutable(passed[0], passed[1])
            key = f"{stored.content_key}/{level}/{column}/{row}/{z}/{t}/{style_text}"

            def make() -> bytes:
                styles = styles_of(style_text, stored, pyramid)
                return rendered(lambda c: pyramid.tile(level, column, row, c=c, z=z, t=t), pyramid, styles)

            content = self._cache.get(key, make)
        return _immutable(content, "image/jpeg")

    def raw(self, request: Request, stored: StoredImage) -> Response:
        """A tile's values as they are stored, (c, h, w) little-endian."""
        level, column, row, z, t = _address(request)
        check_plane(stored, z, t)
        with self._services.library.pyramid(stored) as pyramid:
            channels = _channels(request.query_params.get("c", "0"), pyramid)
            tiles = [pyramid.tile(level, column, row, c=c, z=z, t=t) for c in channels]
        array = np.moveaxis(tiles[0], -1, 0) if tiles[0].ndim == 3 else np.stack(tiles)
        array = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
        response = _immutable(array.tobytes(), "application/octet-stream")
        response.headers["X-Array-Shape"] = ",".join(str(side) for side in array.shape)
        response.headers["X-Array-Dtype"] = array.dtype.name
        return response

    def thumbnail(self, request: Request, stored: StoredImage) -> Response:
        """The whole image, small; of a stack the middle slice at the first time point."""
        size = _number(request.query_params.get("size", "256"), "size")
        if not 16 <= size <= 2048:
            raise InvalidInputError("size must be between 16 and 2048 px.")
        key = f"{stored.content_key}/thumbnail/{size}"

        def make() -> bytes:
            kept = self._services.library.preview(stored) if size <= PREVIEW_PX else None
            if kept is not None:
                return smaller(kept, size)
            with self._services.library.pyramid(stored) as pyramid:
                return preview(pyramid, stored.display, size)

        content = self._cache.get(key, make)
        return _immutable(content, "image/jpeg")


def _address(request: Request) -> tuple[int, int, int, int, int]:
    path, query = request.path_params, request.query_params
    return (
        _number(path["level"], "level"),
        _number(path["column"], "column"),
        _number(path["row"], "row"),
        _number(query.get("z", "0"), "z"),
        _number(query.get("t", "0"), "t"),
    )


def _number(text: str, name: str) -> int:
    if not (text.isdigit() and text.isascii() and len(text) < 10):
        raise InvalidInputError(f"{name} must be a whole number from 0.")
    return int(text)


def _channels(text: str, pyramid: Pyramid) -> list[int]:
    channels = [_number(part, "c") for part in text.split(",")]
    count = pyramid.info.size_c
    if len(channels) > MAX_RAW_CHANNELS or any(c >= count for c in channels):
        raise InvalidInputError(f"c names up to {MAX_RAW_CHANNELS} channels; this image has {count}, counted from 0.")
    return channels


def styles_of(text: str, stored: StoredImage, pyramid: Pyramid) -> tuple[ChannelStyle, ...]:
    """The channels to show: as asked for, else as the image is first shown; none for RGB."""
    if pyramid.info.rgb:
        return ()
    if text:
        return parse_style(text, pyramid.info)
    return first_styles(stored.display, pyramid)


def _immutable(content: bytes, media_type: str) -> Response:
    return Response(content, media_type=media_type, headers={"Cache-Control": IMMUTABLE})


def routes(desk: Callable[[Request], TileDesk]) -> list[PlainRoute]:
    """The routes below ``/api/v1``."""

    def endpoint(
        answer: Callable[[TileDesk, Request, StoredImage], Response],
    ) -> Callable[[Request], object]:
        def work(request: Request) -> Response:
            try:
                stored = desk(request).stored(actor_of(request), request.path_params["image_id"])
                tag = _tag(request, stored)
                if request.headers.get("if-none-match") == tag:
                    return Response(status_code=304, headers={"ETag": tag})
                response = answer(desk(request), request, stored)
                response.headers["ETag"] = tag
            except CytoloopError as error:
                return problem_of(error)
            return response

        async def handle(request: Request) -> Response:
            return await to_thread.run_sync(work, request)

        return handle

    base = "/api/v1/images/{image_id}"
    tile = "{level}/{column}/{row}"
    return [
        PlainRoute(f"{base}/tiles/{tile}", endpoint(TileDesk.tile), name="tile"),
        PlainRoute(f"{base}/raw/{tile}", endpoint(TileDesk.raw), name="raw_tile"),
        PlainRoute(f"{base}/thumbnail", endpoint(TileDesk.thumbnail), name="thumbnail"),
    ]


def _tag(request: Request, stored: StoredImage) -> str:
    query = "&".join(f"{k}={v}" for k, v in request.query_params.items() if k != "v")
    text = f"{stored.content_key}|{RENDERER_VERSION}|{request.url.path}|{query}"
    return f'"{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}"'
