"""Typed steps of preprocessing, after OpSeF (Rasse et al. 2020, Front Cell Dev Biol 8:558880)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, assert_never

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.method import Calibration, Pixels
from cytoloop.learning.normalisation import intensity_range

from . import filters

Size = Literal[3, 5, 7, 9]


class _Step(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Median(_Step):
    """Median filter: takes out specks and keeps edges."""

    kind: Literal["median"] = "median"
    size_px: Size = 3


class Mean(_Step):
    """Mean filter."""

    kind: Literal["mean"] = "mean"
    size_px: Size = 3


class Background(_Step):
    """Background subtraction; the radius is larger than that of any object."""

    kind: Literal["background"] = "background"
    method: Literal["tophat", "rolling-ball"] = "tophat"
    radius_px: float = Field(default=25.0, ge=1, le=500)


class Clahe(_Step):
    """Adaptive histogram equalisation: dim and bright regions alike; ``clip`` limits how much noise is raised."""

    kind: Literal["clahe"] = "clahe"
    tile_px: int = Field(default=64, ge=8, le=2_000)
    clip: float = Field(default=0.01, gt=0, le=1)


class Sharpen(_Step):
    """Edge enhancement by an unsharp mask."""

    kind: Literal["sharpen"] = "sharpen"
    sigma_px: float = Field(default=2.0, gt=0, le=50)
    amount: float = Field(default=1.0, gt=0, le=10)


class Invert(_Step):
    """Bright becomes dark, within the image's own range."""

    kind: Literal["invert"] = "invert"


class Projection(_Step):
    """One plane out of a stack; ``z_from`` to ``z_to`` (both included), or all planes. Applied on reading."""

    kind: Literal["projection"] = "projection"
    how: Literal["sum", "max", "median"] = "max"
    z_from: int = Field(default=0, ge=0)
    z_to: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _check_range(self) -> "Projection":
        if self.z_to is not None and self.z_to < self.z_from:
            raise ValueError("the last plane comes before the first")
        return self


Step = Annotated[Median | Mean | Background | Clahe | Sharpen | Invert | Projection, Field(discriminator="kind")]
_STEP: TypeAdapter[Step] = TypeAdapter(Step)

PRESETS: Mapping[str, tuple[Step, ...]] = {
    "none": (),
    **{f"median{size}": (Median(size_px=size),) for size in (3, 5, 7, 9)},
    **{f"mean{size}": (Mean(size_px=size),) for size in (3, 5, 7, 9)},
    "background": (Background(),),
    "rolling-ball": (Background(method="rolling-ball"),),
    "clahe": (Clahe(),),
    "sharpen": (Sharpen(),),
    "invert": (Invert(),),
    "sum-z": (Projection(how="sum"),),
    "max-z": (Projection(how="max"),),
    "median-z": (Projection(how="median"),),
}
"""Steps by short names, for the command line; several are joined by +."""


def parse_steps(text: str) -> tuple[Step, ...]:
    """Steps from short names such as ``median3+clahe``. Raises ``InvalidInputError`` that lists the names."""
    found: list[Step] = []
    for name in (one.strip().lower() for one in text.split("+")):
        if name not in PRESETS:
            raise InvalidInputError(f"There is no preprocessing {name!r}. There are: {', '.join(PRESETS)}; join by +.")
        found += PRESETS[name]
    return checked_steps(found)


def checked_steps(values: Iterable[Any]) -> tuple[Step, ...]:
    """Steps from JSON-ready values. A projection comes first: it is done where pixels are read."""
    try:
        steps = tuple(_STEP.validate_python(one) for one in values)
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise InvalidInputError(f"The preprocessing cannot be used: {reasons}.") from error
    if any(isinstance(one, Projection) for one in steps[1:]):
        raise InvalidInputError("A projection must be the first step, and the only projection.")
    return steps


def projection_of(steps: Sequence[Step]) -> Projection | None:
    """The projection, if the steps begin with one."""
    return steps[0] if steps and isinstance(steps[0], Projection) else None


def projected(planes: Sequence[NDArray[Any]], how: Literal["sum", "max", "median"]) -> NDArray[Any]:
    """Planes of one shape and dtype made one, of the same dtype; a sum of whole numbers that has no room is float32."""
    stack = np.stack(planes)
    match how:
        case "max":
            return stack.max(axis=0)
        case "median":
            found = np.median(stack, axis=0)
        case "sum":
            found = stack.sum(axis=0, dtype=np.float64)
            if stack.dtype.kind in "iu" and np.abs(found).max(initial=0) > np.iinfo(stack.dtype).max:
                return found.astype(np.float32)
        case _:
            assert_never(how)
    return (np.rint(found) if stack.dtype.kind in "iu" else found).astype(stack.dtype)


def ranges_of(pixels: Pixels) -> Calibration:
    """The range of each channel, so that tiles of an image are equalised and inverted alike."""
    values: dict[str, float] = {}
    for number in range(pixels.array.shape[-1]):
        found = intensity_range(pixels.array[..., number])
        values |= {f"step_low_{number}": found.low, f"step_high_{number}": found.high}
    return Calibration(values)


def preprocessed(pixels: Pixels, steps: Sequence[Step], ranges: Calibration) -> Pixels:
    """The pixels after all steps but a projection, of the same shape and dtype.

    Pixels that are not finite stay as they are, and count as their channel's median for their neighbours.

    Parameters
    ----------
    ranges
        Of ``ranges_of`` the whole image.
    """
    work = [one for one in steps if not isinstance(one, Projection)]
    if not work or 0 in pixels.array.shape:
        return pixels
    channels = [
        _channel(pixels.array[..., number], work, _range(ranges, number)) for number in range(pixels.array.shape[-1])
    ]
    details = tuple(preprocessed(one, steps, ranges) for one in pixels.details)
    return replace(pixels, array=np.stack(channels, axis=-1), details=details)


def _range(ranges: Calibration, number: int) -> tuple[float, float]:
    return ranges.values[f"step_low_{number}"], ranges.values[f"step_high_{number}"]


def _channel(channel: NDArray[Any], steps: Sequence[Step], limits: tuple[float, float]) -> NDArray[Any]:
    plane = channel.astype(np.float32)
    valid = np.isfinite(plane)
    if not valid.all():
        plane = np.where(valid, plane, np.float32(np.median(plane[valid])) if valid.any() else np.float32(0))
    plane = np.ascontiguousarray(plane, np.float32)
    for one in steps:
        plane = _applied(one, plane, limits)
    if channel.dtype.kind in "iu":
        info = np.iinfo(channel.dtype)
        return np.clip(np.rint(plane.astype(np.float64)), info.min, info.max).astype(channel.dtype)
    return np.where(valid, plane, channel).astype(channel.dtype)


def _applied(step: Step, plane: NDArray[np.float32], limits: tuple[float, float]) -> NDArray[np.float32]:
    low, high = limits
    match step:
        case Median():
            return filters.median(plane, step.size_px)
        case Mean():
            return filters.mean(plane, step.size_px)
        case Background():
            remove = filters.without_background_tophat if step.method == "tophat" else filters.without_background_ball
            return remove(plane, step.radius_px)
        case Clahe():
            return filters.equalised(plane, low, high, step.tile_px, step.clip)
        case Sharpen():
            return filters.sharpened(plane, step.sigma_px, step.amount)
        case Invert():
            return np.float32(low + high) - plane
        case Projection():
            return plane
        case _:
            assert_never(step)


PRESET_TITLES: Mapping[str, str] = {
    "none": "No preprocessing",
    **{f"median{size}": f"Median filter, {size} px" for size in (3, 5, 7, 9)},
    **{f"mean{size}": f"Mean filter, {size} px" for size in (3, 5, 7, 9)},
    "background": "Background subtraction (top-hat)",
    "rolling-ball": "Background subtraction (rolling ball)",
    "clahe": "Local contrast (CLAHE)",
    "sharpen": "Sharper edges",
    "invert": "Inversion",
    "sum-z": "Sum of the stack",
    "max-z": "Brightest of the stack",
    "median-z": "Median of the stack",
}
"""What people read for ``PRESETS``."""
