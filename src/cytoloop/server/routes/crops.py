"""Small pictures of single objects, for galleries."""

import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from cytoloop.annotations import store
from cytoloop.core.errors import NotFoundError
from cytoloop.images.crops import crop_window
from cytoloop.projects.images import stored_of
from cytoloop.projects.permissions import Permission
from cytoloop.server.dependencies import ReadDep, ServicesDep
from cytoloop.server.serialise import RENDERER_VERSION
from cytoloop.workflows.images.previews import rendered

from .tiles import IMMUTABLE, styles_of

router = APIRouter(tags=["annotations"])


@router.get("/layers/{layer_id}/crops/{annotation_id}")
def read_crop(
    layer_id: UUID,
    annotation_id: int,
    request: Request,
    access: ReadDep,
    services: ServicesDep,
    size: Annotated[int, Query(ge=16, le=512)] = 96,
    v: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """A JPEG of an object with some of what lies around it, ``size`` px a side, channels as they are first shown.

    An address with ``v`` (anything that changes with the outline) may be kept for good.
    """
    layer, image = access.layer(layer_id, Permission.VIEW)
    found = store.annotations_by_id(access.connection, [annotation_id]) if annotation_id < 2**53 else []
    if not found or found[0].layer_id != layer.id:
        raise NotFoundError(f"There is no object {annotation_id} in this layer; it may have been deleted or moved.")
    one, stored = found[0], stored_of(image)
    window = crop_window(one.box)
    place = f"{stored.content_key}|{RENDERER_VERSION}|{window.as_tuple()}|{one.z}|{one.t}|{size}"
    tag = f'"{hashlib.blake2b(place.encode(), digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": IMMUTABLE if v is not None else "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    with services.library.pyramid(stored) as pyramid:
        content = rendered(
            lambda c: pyramid.region(window, window.width / size, c=c, z=one.z, t=one.t),
            pyramid,
            styles_of("", stored, pyramid),
        )
    return Response(content, media_type="image/jpeg", headers=headers)
