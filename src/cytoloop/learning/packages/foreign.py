"""How to run a package that was not made here, as far as its description tells."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from cytoloop.core.errors import InvalidInputError

from .model import Decoder, ModelSpec, Task

_SPACE = {"y", "x"}


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
    found = _channel_count(result) or 1
    low, high = _percentiles(source)
    smallest, stride = _sizes(source)
    return ModelSpec(
        task=Task.INSTANCES,
        decoder=Decoder.COMPONENTS,
        outputs=tuple(_channel_names(result, found)),
        diameter_px=None,
        channels=channels or 1,
        stride=stride,
        smallest=smallest,
        halo=_halo(result),
        low_percentile=low,
        high_percentile=high,
    )


def _tensors(content: Mapping[str, Any], key: str, name: str) -> list[Mapping[str, Any]]:
    found: Any = content.get(key)
    if not isinstance(found, list) or not found:
        raise InvalidInputError(f"{name}: the description tells no {key}.")
    return [cast("Mapping[str, Any]", one) for one in cast("list[Any]", found)]


def _axes(tensor: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Axes as (letter, facts): b, c, y, x, z, t; from the letters of 0.4 or the list of 0.5."""
    axes: Any = tensor.get("axes")
    if isinstance(axes, str):
        return [(letter, {}) for letter in axes]
    found: list[tuple[str, Mapping[str, Any]]] = []
    for one in cast("list[Mapping[str, Any]]", axes) if isinstance(axes, list) else []:
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


def _percentiles(tensor: Mapping[str, Any]) -> tuple[float, float]:
    steps: Any = tensor.get("preprocessing")
    for step in cast("list[Mapping[str, Any]]", steps) if isinstance(steps, list) else []:
        if step.get("name", step.get("id")) == "scale_range":
            values = cast("Mapping[str, Any]", step.get("kwargs") or {})
            return float(values.get("min_percentile", 0)), float(values.get("max_percentile", 100))
    return 1.0, 99.8


def _sizes(tensor: Mapping[str, Any]) -> tuple[int, int]:
    """Shortest side and step of the sides."""
    for letter, facts in _axes(tensor):
        size: Any = facts.get("size")
        if letter in _SPACE and isinstance(size, Mapping):
            values = cast("Mapping[str, Any]", size)
            return int(values.get("min", 64)), max(1, int(values.get("step", 16)))
        if letter in _SPACE and isinstance(size, int):
            return size, size
    shape: Any = tensor.get("shape")
    if isinstance(shape, Mapping):
        values = cast("Mapping[str, Any]", shape)
        return int(values["min"][-1]), max(1, int(values["step"][-1]))
    return (int(shape[-1]), int(shape[-1])) if isinstance(shape, list) else (64, 16)


def _halo(tensor: Mapping[str, Any]) -> int:
    halo: Any = tensor.get("halo")
    if isinstance(halo, list) and halo:
        return int(cast("list[Any]", halo)[-1])
    return max([int(facts.get("halo") or 0) for _, facts in _axes(tensor)], default=0) or 32
