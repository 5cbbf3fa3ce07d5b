"""Cuts through stacks, for orthogonal views."""

import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from cytoloop.images.slices import Depth, Side, orthogonal
from cytoloop.projects.images import stored_of
from cytoloop.projects.permissions import Permission
from cytoloop.server.dependencies import ReadDep, ServicesDep
from cytoloop.server.serialise import RENDERER_VERSION
from cytoloop.workflows.images.previews import rendered

from .tiles import styles_of

router = APIRouter(tags=["images"])


@router.get("/images/{image_id}/slices/{side}")
def read_slice(
    image_id: UUID,
    side: Side,
    request: Request,
    access: ReadDep,
    services: ServicesDep,
    at: Annotated[float, Query(ge=0, le=1e7)],
    depth: Depth = "z",
    z: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    t: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    style: Annotated[str, Query(max_length=2000)] = "",
) -> Response:
    """A JPEG of one row (``x``, at y) or column (``y``, at x) of every plane, the first plane on top."""
    image = access.image(image_id, Permission.VIEW)
    stored = stored_of(image)
    place = f"{stored.content_key}|{RENDERER_VERSION}|{side}|{depth}|{int(at)}|{z}|{t}|{style}"
    tag = f'"{hashlib.blake2b(place.encode(), digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    with services.library.pyramid(stored) as pyramid:
        content = rendered(
            lambda c: orthogonal(pyramid, side, depth, at, c=c, z=z, t=t),
            pyramid,
            styles_of(style, stored, pyramid),
        )
    return Response(content, media_type="image/jpeg", headers=headers)
