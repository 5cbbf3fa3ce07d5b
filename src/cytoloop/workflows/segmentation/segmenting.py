"""Segmenting images, regions and projects as jobs; each image gets a layer of the run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from cytoloop import __version__
from cytoloop.annotations import layers as layer_store
from cytoloop.core.errors import ConflictError, InvalidInputError
from cytoloop.core.geometry import Box
from cytoloop.jobs import ledger
from cytoloop.jobs.model import Job, NewJob
from cytoloop.learning.method import finds_regions, parse_parameters
from cytoloop.learning.registry import MethodRegistry
from cytoloop.learning.slides.grid import Tile, tiles_covering
from cytoloop.projects.images import ProjectImage
from cytoloop.workflows.images.analysis import analysis_box, downsample_between, projection_in

KIND = "segment"
MAX_TASKS = 200_000


class Stage(IntEnum):
    """The stages of a segmentation: a task waits until all of the earlier stages have ended."""

    FOREGROUND = 0
    TILES = 1
    STRIPS = 2
    STORING = 3


class Step(StrEnum):
    """What a task of a segmentation does."""

    FOREGROUND = "foreground"
    """Where on a slide to look."""
    TILE = "tile"
    STRIPS = "strips"
    """Make one of what neighbouring tiles both saw."""
    STORE = "store"
    """Store a part of what came of the strips."""


@dataclass(frozen=True, slots=True)
class SegmentOrder:
    """What to segment. ``z``/``t`` ``None`` means every plane; ``region`` is in full-resolution px of the one image.

    ``pixel_um`` is the size of a pixel at which to analyse: coarser than the image's own, or ``None`` for its own.
    Parameters in px are then in px of the analysis. ``foreground`` names a method (``tissue``) that says on a reduced
    view where to look at all; images that are small enough for one piece are looked at whole. ``classifier`` is the
    number of the project's classifier that says of what class the found objects are, once all are found.
    """

    method: str
    parameters: dict[str, Any]
    images: Sequence[ProjectImage]
    region: BaseGeometry | None = None
    z: int | None = 0
    t: int | None = 0
    term_id: int | None = None
    pixel_um: float | None = None
    foreground: str | None = None
    classifier: int | None = None


def start_segmentation(
    connection: Connection, methods: MethodRegistry, order: SegmentOrder, *, project_id: int, user_id: int
) -> Job:
    """Check the order, make a layer for each image, and queue the job."""
    method = methods.by_name(order.method)
    parameters = parse_parameters(method, order.parameters).model_dump(mode="json")
    _check_images(order)
    if order.foreground is not None:
        parse_parameters(methods.by_name(order.foreground), {})
    # a projection makes one plane of a stack; its objects belong to the plane asked for, or the first
    chosen = order if projection_in(method) is None else replace(order, z=order.z or 0)
    payloads: list[dict[str, Any]] = []
    for image in order.images:
        payloads += _payloads(image, chosen, parameters, regions=finds_regions(method))
    if len(payloads) > MAX_TASKS:
        raise InvalidInputError(
            f"This is {len(payloads):,} parts; a job may have {MAX_TASKS:,}. Choose fewer images or planes."
        )
    where = order.images[0].name if len(order.images) == 1 else f"{len(order.images)} images"
    job = ledger.enqueue(
        connection,
        NewJob(
            project_id=project_id,
            kind=KIND,
            title=f"{method.title} on {where}",
            creator_id=user_id,
            parameters=_provenance(order, parameters),
            payloads=payloads,
        ),
    )
    _make_layers(connection, order, job, method.title)
    return ledger.job_by_id(connection, job.id)


def _provenance(order: SegmentOrder, parameters: dict[str, Any]) -> dict[str, Any]:
    """All that is needed to repeat the run: method, parameters, code, and the images' checksums."""
    return {
        "method": order.method,
        "parameters": parameters,
        "cytoloop_version": __version__,
        "region": None if order.region is None else order.region.wkt,
        "z": order.z,
        "t": order.t,
        "term_id": order.term_id,
        "pixel_um": order.pixel_um,
        "foreground": order.foreground,
        "classifier": order.classifier,
        "inputs": [
            {"image": str(one.uuid), "name": one.name, "sha256": one.stored.sha256}
            for one in order.images
            if one.stored is not None
        ],
    }


def _make_layers(connection: Connection, order: SegmentOrder, job: Job, title: str) -> None:
    made: dict[str, int] = {}
    for image in order.images:
        layer = layer_store.create_layer(
            connection,
            image_id=image.id,
            name=f"{title} {len(layer_store.layers_of_image(connection, image.id)) + 1}",
            kind="run",
            creator_id=job.creator_id,
            run_id=job.uuid,
        )
        made[str(image.id)] = layer.id
    ledger.set_outputs(connection, job.id, {"layers": made})


def _check_images(order: SegmentOrder) -> None:
    if not order.images:
        raise InvalidInputError("There is no image to segment in this project. Add images first.")
    for image in order.images:
        if image.stored is None or image.state != "ready":
            raise ConflictError(f"{image.name} is not imported yet. Wait for it, or choose others.")
        info = image.stored.info
        for axis, wanted in (("z", order.z), ("t", order.t)):
            if wanted is not None and wanted >= info[f"size_{axis}"]:
                raise InvalidInputError(
                    f"{image.name} has {info[f'size_{axis}']} planes along {axis}; there is no number {wanted}."
                )
    if order.region is not None:
        _check_region(order.region, order.images)


def _check_region(region: BaseGeometry, images: Sequence[ProjectImage]) -> None:
    if len(images) != 1:
        raise InvalidInputError("A region belongs to one image; name just that one.")
    if region.geom_type not in {"Polygon", "MultiPolygon"} or not region.is_valid:
        raise InvalidInputError("The region must be a polygon that does not cross itself.")
    stored = images[0].stored
    assert stored is not None  # checked before
    image_box = shapely.box(0, 0, stored.info["width"], stored.info["height"])
    if not region.intersects(image_box) or region.area == 0:
        raise InvalidInputError("The region does not touch the image.")


def _payloads(
    image: ProjectImage, order: SegmentOrder, parameters: dict[str, Any], *, regions: bool
) -> list[dict[str, Any]]:
    assert image.stored is not None  # checked before
    info = image.stored.info
    downsample = downsample_between(info["pixel_width_um"], order.pixel_um, image.name)
    whole = analysis_box(info["width"], info["height"], downsample)
    box = whole
    if order.region is not None:
        x0, y0, x1, y1 = (value / downsample for value in order.region.bounds)
        box = Box(math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1))
    tiles = list(tiles_covering(box, whole))
    planes = [
        (z, t)
        for t in (range(info["size_t"]) if order.t is None else [order.t])
        for z in (range(info["size_z"]) if order.z is None else [order.z])
    ]
    base = {
        "image_id": image.id,
        "method": order.method,
        "parameters": parameters,
        "region": None if order.region is None else order.region.wkt,
        "term_id": order.term_id,
        "downsample": downsample,
    }
    found: list[dict[str, Any]] = []
    for z, t in planes:
        plane = {**base, "z": z, "t": t}
        if len(tiles) > 1 and order.foreground is not None:
            own = {"method": order.foreground, "parameters": {}}
            found.append({**plane, **own, "step": Step.FOREGROUND, "stage": Stage.FOREGROUND})
        found += [_tile_payload(plane, tile, whole, order.foreground, len(tiles)) for tile in tiles]
        if len(tiles) > 1:
            found.append(
                {
                    **plane,
                    "step": Step.STRIPS,
                    "stage": Stage.STRIPS,
                    "regions": regions,
                    "foreground": order.foreground,
                    "classifier": order.classifier,
                }
            )
    return found


def _tile_payload(plane: dict[str, Any], tile: Tile, whole: Box, foreground: str | None, count: int) -> dict[str, Any]:
    return {
        **plane,
        "step": Step.TILE,
        "stage": Stage.TILES,
        "core": tile.core.as_tuple(),
        "read": tile.read.as_tuple(),
        "whole": tile.read == whole,
        "alone": count == 1,
        "foreground": foreground if count > 1 else None,
    }
