"""Which files the tasks of a slide exchange, and what follows from what they wrote."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from cytoloop.annotations import store
from cytoloop.core.geometry import Box
from cytoloop.jobs import ledger
from cytoloop.jobs.model import Task
from cytoloop.learning.slides import grid
from cytoloop.learning.slides.merging import not_taken

from .outlines import read_strips
from .segmenting import Stage, Step
from .slide_worker import foreground_step, part_path
from .wanted import read_foreground


def output(scratch: Path, task: Task) -> Path:
    """Where a task writes; another try writes elsewhere."""
    return scratch / f"{task.index}.{task.epoch}.parquet"


def strips_path(scratch: Path, task: Task) -> Path:
    """Where a tile writes what a neighbour sees too; it stays there until the job ends."""
    return scratch / f"{task.index}.{task.epoch}.strips.parquet"


def foreground_path(scratch: Path, payload: dict[str, Any]) -> Path:
    """Where the foreground of a plane of an image lies."""
    return scratch / f"foreground.{payload['image_id']}.{payload['z']}.{payload['t']}.png"


def foreground_call(scratch: Path, payload: dict[str, Any], width: int, height: int) -> dict[str, Any]:
    """What ``wanted_in`` needs to read it. Of an image of ``width`` x ``height`` px."""
    return {"path": str(foreground_path(scratch, payload)), "step": foreground_step(width, height)}


def _of_same_plane(payload: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(payload[key] == other[key] for key in ("image_id", "z", "t"))


def tiles_without_foreground(connection: Connection, task: Task, scratch: Path, step: float) -> list[int]:
    """Indices of the tiles of the task's plane that show none of its foreground."""
    foreground = read_foreground(foreground_path(scratch, task.payload), step)
    return [
        index
        for index, payload in enumerate(ledger.payloads(connection, task.job_id))
        if payload["step"] == Step.TILE
        and _of_same_plane(payload, task.payload)
        and not foreground.touches(Box(*payload["core"]).scaled(payload["downsample"]))
    ]


def strips_call(connection: Connection, task: Task, scratch: Path) -> dict[str, Any]:
    """The rows of strips for ``join_strips``: of the tiles that were done, from the top."""
    rows: dict[float, dict[str, Any]] = {}
    for tile in ledger.done_tasks(connection, task.job_id, stage=Stage.TILES):
        payload = tile.payload
        if not _of_same_plane(payload, task.payload):
            continue
        bottom = payload["core"][3] - (0 if task.payload["regions"] else grid.MARGIN_PX)
        row = rows.setdefault(payload["core"][1], {"reach": bottom * payload["downsample"], "files": []})
        row["files"].append(str(strips_path(scratch, tile)))
    return {"rows": [rows[top] for top in sorted(rows)], "output": str(output(scratch, task).with_suffix(""))}


def store_payloads(task: Task, parts: int, scratch: Path) -> list[dict[str, Any]]:
    """A task for each part of the joined strips."""
    kept = {key: task.payload[key] for key in ("image_id", "z", "t", "term_id", "method", "parameters")}
    beginning = str(output(scratch, task).with_suffix(""))
    return [
        {**kept, "step": Step.STORE, "stage": Stage.STORING, "path": str(part_path(beginning, number))}
        for number in range(parts)
    ]


def strips_are_joined(connection: Connection, task: Task) -> bool:
    """Whether the strips of a tile's plane were joined without it: it is tried again after the others' end."""
    joined = ledger.done_tasks(connection, task.job_id, stage=Stage.STRIPS)
    return any(_of_same_plane(one.payload, task.payload) for one in joined)


def late_objects(connection: Connection, layer_id: int, task: Task, path: Path) -> Iterator[tuple[BaseGeometry, float]]:
    """Objects in the shared strips of a tile that are its own and not yet in the layer."""
    strips = read_strips(path, 0)
    strips = strips.at(strips.own)
    if not len(strips):
        return
    x0, y0, x1, y1 = shapely.total_bounds(strips.polygons).tolist()
    window, plane = Box(x0, y0, x1, y1), task.payload
    query = store.select_objects(connection, layer_id, window=window, z=plane["z"], t=plane["t"])
    _, there = store.geometries(connection, query)
    free: NDArray[np.bool_] = not_taken(strips.polygons, there)
    yield from zip(strips.polygons[free].tolist(), strips.scores[free].tolist(), strict=True)
