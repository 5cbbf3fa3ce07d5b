"""What a segmentation method is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from cytoloop.core.errors import InvalidInputError


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
    details: tuple["Pixels", ...] = ()
    """Where the array is a reduced view of a large image: windows of it at full resolution."""
    origin: tuple[int, int] = (0, 0)
    """Column and row at which the array begins in the picture of which it may be a part."""


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


def finds_regions(method: Method) -> bool:
    """Whether what the method gives are regions of any size (tissue, semantic classes), not objects to be counted.

    A method says so by an attribute ``regions``; without it, it finds objects.
    """
    return bool(getattr(method, "regions", False))


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
