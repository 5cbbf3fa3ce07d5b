"""What every annotation file is made of: objects on one image, in full-resolution px."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shapely.geometry.base import BaseGeometry

from cytoloop.annotations.details import NOTHING, Details
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import Status


@dataclass(frozen=True, slots=True)
class ExchangeTerm:
    """A class by name, with its colour ``#rrggbb`` where the file says so."""

    name: str
    color: str | None = None


@dataclass(frozen=True, slots=True)
class ExchangeObject:
    """One object. ``properties`` are what the file knows beside (measurements, say), JSON-ready."""

    geometry: BaseGeometry
    kind: Kind
    term: ExchangeTerm | None = None
    status: Status = Status.ACCEPTED
    score: float | None = None
    z: int = 0
    t: int = 0
    id: int | None = None
    parent_id: int | None = None
    properties: Mapping[str, Any] = field(default_factory=dict[str, Any])
    details: Details = NOTHING
    locked: bool = False
    term_score: float | None = None
    """How sure a program is of the class (0..1); ``None`` where a person gave it."""


@dataclass(frozen=True, slots=True)
class ExchangeImage:
    """The image that the objects lie on. Sizes in px; ``pixel_width_um`` where known."""

    name: str
    width: int
    height: int
    size_z: int = 1
    size_t: int = 1
    pixel_width_um: float | None = None
    pixel_height_um: float | None = None


@dataclass(frozen=True, slots=True)
class ReadObjects:
    """What a file held, and in ``warnings`` what of it could not be taken over and why."""

    objects: Sequence[ExchangeObject]
    warnings: Sequence[str] = ()
