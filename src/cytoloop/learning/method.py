"""What a segmentation method is, and the registry of those installed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from cytoloop.core.errors import InvalidInputError, NotFoundError

GROUP = "cytoloop.segmenters"
_OFFERED_FIRST = ("threshold", "log")


@dataclass(frozen=True, slots=True)
class Pixels:
    """What a method sees.

    ``array`` is ``(h, w, 3) uint8`` where ``rgb``, else ``(h, w, c)`` of the image's own dtype and range.
    ``pixel_size_um`` is ``None`` where unknown. ``channel_names`` are empty for RGB.
    """

    array: NDArray[Any]
    rgb: bool
    pixel_size_um: float | None = None
    channel_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Instances:
    """Objects found: ``labels (h, w) int32`` with 0 = background and 1..n, ``scores (n,) float`` 0..1."""

    labels: NDArray[np.int32]
    scores: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a method learnt from the whole image, so that tiles of it are treated alike. JSON-ready."""

    values: Mapping[str, float] = field(default_factory=dict[str, float])


class Method(Protocol):
    """A segmentation method. Pure: the same pixels and parameters give the same objects."""

    name: str
    """Stable name for programs, as in ``cytoloop segment --model NAME``."""
    title: str
    description: str
    parameters: type[BaseModel]
    """Typed parameters with titles, descriptions, defaults and limits: forms are made from their JSON schema."""

    def calibrate(self, overview: Pixels, parameters: Any) -> Calibration:
        """Global values, from the image itself or a view of it reduced to about 2,000 px."""
        ...

    def segment(self, pixels: Pixels, parameters: Any, calibration: Calibration) -> Instances:
        """The objects in these pixels."""
        ...


@cache
def methods() -> dict[str, Method]:
    """Every installed method by name: our own first, the most generally useful at the head, then plug-ins by title."""
    found = [cast("Method", one.load()) for one in entry_points(group=GROUP)]

    def rank(one: Method) -> tuple[int, str]:
        return (_OFFERED_FIRST.index(one.name) if one.name in _OFFERED_FIRST else len(_OFFERED_FIRST), one.title)

    return {one.name: one for one in sorted(found, key=rank)}


def method_by_name(name: str) -> Method:
    """The method, or ``NotFoundError`` that lists those there are."""
    try:
        return methods()[name]
    except KeyError:
        known = ", ".join(methods())
        raise NotFoundError(f"There is no segmentation method {name!r}. There are: {known}.") from None


def parse_parameters(method: Method, values: Mapping[str, Any]) -> BaseModel:
    """Values checked against the method's parameters; missing ones get their defaults.

    Raises
    ------
    InvalidInputError
        A value is unknown or outside its limits; the message names it.
    """
    try:
        return method.parameters.model_validate(dict(values))
    except ValidationError as error:
        reasons = "; ".join(
            f"{'.'.join(str(part) for part in one['loc']) or 'parameters'}: {one['msg']}" for one in error.errors()
        )
        raise InvalidInputError(f"The parameters do not fit the method {method.name!r}: {reasons}.") from error
