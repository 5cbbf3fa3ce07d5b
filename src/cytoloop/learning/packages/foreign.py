"""How to run a package that was not made here, as far as its description tells."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from cytoloop.core.errors import InvalidInputError

from .model import Decoder, ModelSpec, Task

_SPACE = {"y", "x"}
_PREPARED = {"ensure_dtype", "scale_range", "clip"}
"""Steps before the network that come to what is done here: percentiles to 0 and 1."""
_FINISHED = {"ensure_dtype", "clip", "binarize"}
"""Steps after the network that leave a probability, or only cut it."""
_LARGEST_SIDE = 4096
_LARGEST_HALO = 1024


def derived_spec(content: Mapping[str, Any], name: str) -> ModelSpec:
    """What the description of a model of the format 0.4 or 0.5 says about running it.

    Models that take one 2D picture of 1 or 3 channels and give one stack of probability maps are run; others are
    refused with the reason.
    """
    inputs, outputs = _tensors(content, "inputs", name), _tensors(content, "outputs", name)
    source, result = inputs[0], outputs[0]
    _check_axes(source, "input", name)
    _check_axes(result, "output", name)
    if len(inputs) != 1:
        raise InvalidInputError(f"{name} takes {len(inputs)} inputs; models of one input are run.")
    channels = _channel_count(source)
    if channels not in {None, 1, 3}:
        raise InvalidInputError(f"{name} takes {channels} channels; models of 1 or 3 channels are run.")
    _check_steps(source, "preprocessing", _PREPARED, name)
    _check_steps(result, "postprocessing", _FINISHED, name)
    found = _channel_count(result) or 1
    names = _channel_names(result, found)
    if len(names) > 1 and names[0].lower() in {"foreground", "fg", "boundary", "distance"}:
        raise InvalidInputError(
            f"{name} gives {', '.join(names[:6])}; models of one foreground map, or of classes of which the first is "
            "background, are run."
        )
    low, high = _percentiles(source, name)
    smallest, stride = _sizes(source, name)
    return ModelSpec(
        task=Task.INSTANCES,
        decoder=Decoder.COMPONENTS,
        outputs=tuple(names),
        diameter_px=None,
        channels=channels or 1,
        stride=stride,
        smallest=smallest,
        halo=_limited(_halo(result), 0, _LARGEST_HALO, "halo", name),
        low_percentile=low,
        high_percentile=high,
    )


def _tensors(content: Mapping[str, Any], key: str, name: str) -> list[Mapping[str, Any]]:
    found: Any = content.get(key)
    if not isinstance(found, list) or not found:
        raise InvalidInputError(f"{name}: the description tells no {key}.")
    tensors = [cast("Mapping[str, Any]", one) for one in cast("list[Any]", found) if isinstance(one, Mapping)]
    if not tensors:
        raise InvalidInputError(f"{name}: the description tells no {key}.")
    return tensors


def _axes(tensor: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Axes as (letter, facts): b, c, y, x, z, t; from the letters of 0.4 or the list of 0.5."""
    axes: Any = tensor.get("axes")
    if isinstance(axes, str):
        return [(letter, {}) for letter in axes]
    found: list[tuple[str, Mapping[str, Any]]] = []
    for entry in cast("list[Any]", axes) if isinstance(axes, list) else []:
        one = cast("Mapping[str, Any]", entry) if isinstance(entry, Mapping) else {}
        kind = str(one.get("type", ""))
        letter = {"batch": "b", "channel": "c"}.get(kind, str(one.get("id", "")))
        found.append((letter, one))
    return found


def _check_axes(tensor: Mapping[str, Any], what: str, name: str) -> None:
    letters = "".join(letter for letter, _ in _axes(tensor))
    if letters != "bcyx":
        raise InvalidInputError(
            f"{name}: its {what} has the axes {letters or 'unknown'!r}; 2D models with b, c, y, x are run."
        )


def _channel_count(tensor: Mapping[str, Any]) -> int | None:
    for letter, facts in _axes(tensor):
        names: Any = facts.get("channel_names")
        if letter == "c" and isinstance(names, list):
            return len(cast("list[Any]", names))
    shape: Any = tensor.get("shape")
    if isinstance(shape, Mapping):
        shape = cast("Mapping[str, Any]", shape).get("min")
    values = cast("Sequence[Any]", shape) if isinstance(shape, list) else []
    return int(values[1]) if len(values) == 4 and isinstance(values[1], int) else None


def _channel_names(tensor: Mapping[str, Any], count: int) -> list[str]:
    for letter, facts in _axes(tensor):
        names: Any = facts.get("channel_names")
        if letter == "c" and isinstance(names, list):
            return [str(one) for one in cast("list[Any]", names)]
    return ["foreground"] if count == 1 else ["background", *(f"class {number}" for number in range(1, count))]


def _steps(tensor: Mapping[str, Any], key: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The steps before or after the network: name and settings."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    steps: Any = tensor.get(key)
    for one in cast("list[Any]", steps) if isinstance(steps, list) else []:
        if isinstance(one, Mapping):
            step = cast("Mapping[str, Any]", one)
            kwargs: Any = step.get("kwargs")
            name = str(step.get("name", step.get("id", "")))
            found.append((name, cast("Mapping[str, Any]", kwargs) if isinstance(kwargs, Mapping) else {}))
    return found


def _check_steps(tensor: Mapping[str, Any], key: str, known: set[str], name: str) -> None:
    for step, _ in _steps(tensor, key):
        if step not in known:
            raise InvalidInputError(
                f"{name} needs the {key} step {step!r}, which is not done here ({', '.join(sorted(known))} are)."
            )


def _percentiles(tensor: Mapping[str, Any], name: str) -> tuple[float, float]:
    for step, values in _steps(tensor, "preprocessing"):
        if step == "scale_range":
            low, high = values.get("min_percentile", 0), values.get("max_percentile", 100)
            if not all(isinstance(one, int | float) for one in (low, high)) or not 0 <= low < high <= 100:
                raise InvalidInputError(f"{name}: the percentiles of scale_range are {low!r} and {high!r}.")
            return float(low), float(high)
    return 1.0, 99.8


def _sizes(tensor: Mapping[str, Any], name: str) -> tuple[int, int]:
    """Shortest side and step of the sides; of a fixed size, both are that size."""
    least: Any
    step: Any
    least, step = 64, 16
    shape: Any = tensor.get("shape")
    if isinstance(shape, Mapping):
        values = cast("Mapping[str, Any]", shape)
        least, step = _last(values.get("min")), _last(values.get("step"))
    elif isinstance(shape, list):
        least = step = _last(cast("list[Any]", shape))
    for letter, facts in _axes(tensor):
        size: Any = facts.get("size")
        if letter in _SPACE and isinstance(size, Mapping):
            values = cast("Mapping[str, Any]", size)
            least, step = values.get("min", 64), values.get("step", 16)
        elif letter in _SPACE and isinstance(size, int):
            least = step = size
    return _limited(least, 1, _LARGEST_SIDE, "smallest side", name), _limited(step, 0, _LARGEST_SIDE, "step", name) or 1


def _last(values: Any) -> Any:
    return cast("list[Any]", values)[-1] if isinstance(values, list) and values else None


def _limited(value: Any, least: int, most: int, what: str, name: str) -> int:
    if not isinstance(value, int) or not least <= value <= most:
        raise InvalidInputError(f"{name}: the {what} is {value!r}; a whole number of {least} to {most} px is expected.")
    return value


def _halo(tensor: Mapping[str, Any]) -> Any:
    halo: Any = tensor.get("halo")
    if isinstance(halo, list) and halo:
        return _last(cast("list[Any]", halo))
    return max((one for _, facts in _axes(tensor) if isinstance(one := facts.get("halo"), int)), default=0) or 32
