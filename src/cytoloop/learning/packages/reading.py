"""Reading a package: what the description says, checked against the files that are there."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from cytoloop.core.errors import InvalidInputError, NotFoundError

from .foreign import derived_spec
from .model import Decoder, ModelPackage, ModelSpec, Task
from .onnxfile import require_inside

DESCRIPTIONS = ("bioimageio.yaml", "rdf.yaml", "model.yaml", "rdf.yml")
_LARGEST_DESCRIPTION = 1 << 20
_MOST_VALUES = 200_000
_FORMATS = ("0.3.", "0.4.", "0.5.")
_PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp"}
_NAME = re.compile(r"^[a-z0-9][a-z0-9._-]{0,79}$")


class OwnFacts(BaseModel):
    """What our own packages say about themselves under ``config: cytoloop``."""

    model_config = ConfigDict(extra="ignore")

    task: Task
    decoder: Decoder
    outputs: tuple[str, ...] = Field(max_length=500)
    diameter_px: float | None = Field(None, gt=0, le=2000)
    decoding: dict[str, FiniteFloat] = Field(default_factory=dict[str, float])
    channels: int = Field(3, ge=1, le=3)
    stride: int = Field(16, ge=1, le=256)
    smallest: int = Field(64, ge=1, le=1024)
    halo: int = Field(32, ge=0, le=512)
    low_percentile: float = Field(1.0, ge=0, lt=50)
    high_percentile: float = Field(99.8, gt=50, le=100)
    training: dict[str, Any] = Field(default_factory=dict[str, Any])


def read_package(folder: Path, *, shipped: bool = False) -> ModelPackage:
    """The package in a folder.

    Raises
    ------
    NotFoundError
        There is no description in the folder.
    InvalidInputError
        The description or a file that it names is missing, damaged, or of a kind that cannot be run.
    """
    content = read_description(folder)
    weights = _weights(folder, content)
    facts = _own_facts(folder, content)
    spec = derived_spec(content, folder.name) if facts is None else _spec(facts)
    card = _file(folder, content.get("documentation"), "documentation", needed=False)
    authors = [str(one.get("name", "")) for one in _list(content.get("authors")) if isinstance(one, Mapping)]
    return ModelPackage(
        folder=folder,
        name=folder.name,
        title=_text(content, "name")[:200] or folder.name,
        description=_text(content, "description")[:2000],
        version=_text(content, "version"),
        licence=_text(content, "license"),
        authors=tuple(one for one in authors if one),
        spec=spec,
        weights=weights,
        torch_weights=None,
        card=card,
        pictures=_pictures(folder, content),
        training={} if facts is None else facts.training,
        shipped=shipped,
    )


def read_description(folder: Path) -> dict[str, Any]:
    """The description's content, a model's."""
    path = next((folder / name for name in DESCRIPTIONS if (folder / name).is_file()), None)
    if path is None:
        found = sorted(folder.glob("*.bioimageio.yaml")) if folder.is_dir() else []
        if not found:
            raise NotFoundError(f"{folder.name} is no model package: it has no rdf.yaml or bioimageio.yaml.")
        path = found[0]
    if path.stat().st_size > _LARGEST_DESCRIPTION:
        raise InvalidInputError(f"{path.name} in {folder.name} is larger than 1 MiB; that is no model description.")
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"{path.name} in {folder.name} is no valid YAML: {str(error)[:200]}") from error
    if not isinstance(content, dict) or cast("dict[str, Any]", content).get("type") != "model":
        raise InvalidInputError(f"{path.name} in {folder.name} does not describe a model (type: model).")
    found = cast("dict[str, Any]", content)
    _check_amount(found, f"{path.name} in {folder.name}")
    version = _text(found, "format_version")
    if not version.startswith(_FORMATS):
        raise InvalidInputError(
            f"{path.name} in {folder.name} is of the format {version or 'unknown'!r}; 0.3, 0.4 and 0.5 are read."
        )
    return found


def _check_amount(content: Any, where: str) -> None:
    """Refuse a description whose references, followed, make a huge or endless one of a small file."""
    waiting: list[Any] = [content]
    count = 0
    while waiting:
        one = waiting.pop()
        count += 1
        if count > _MOST_VALUES:
            raise InvalidInputError(f"{where} holds more than {_MOST_VALUES:,} values; that is no model description.")
        if isinstance(one, Mapping):
            waiting += cast("Mapping[Any, Any]", one).values()
        elif isinstance(one, list):
            waiting += cast("list[Any]", one)


def _text(content: Mapping[str, Any], key: str) -> str:
    value = content.get(key)
    return "" if value is None else str(value)


def _own_facts(folder: Path, content: Mapping[str, Any]) -> OwnFacts | None:
    config = content.get("config")
    own = cast("Mapping[str, Any]", config).get("cytoloop") if isinstance(config, Mapping) else None
    if own is None:
        return None
    try:
        return OwnFacts.model_validate(own)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInputError(f"{folder.name}: config.cytoloop.{where}: {first['msg']}.") from error


def _spec(facts: OwnFacts) -> ModelSpec:
    values = {name: getattr(facts, name) for name in OwnFacts.model_fields if name != "training"}
    return ModelSpec(**values)


def _weights(folder: Path, content: Mapping[str, Any]) -> Path:
    weights: Any = content.get("weights")
    kinds = cast("Mapping[str, Any]", weights) if isinstance(weights, Mapping) else {}
    onnx: Any = kinds.get("onnx")
    if not isinstance(onnx, Mapping):
        there = ", ".join(kinds) or "none"
        raise InvalidInputError(f"{folder.name} has no ONNX weights, the only kind that is run here (it has: {there}).")
    path = _file(folder, cast("Mapping[str, Any]", onnx).get("source"), "weights.onnx.source", needed=True)
    assert path is not None  # it was needed
    require_inside(path)
    return path


def _file(folder: Path, source: Any, what: str, *, needed: bool) -> Path | None:
    """A file that the description names, inside the folder."""
    if isinstance(source, Mapping):
        source = cast("Mapping[str, Any]", source).get("source")
    if not isinstance(source, str) or "://" in source:
        if needed:
            raise InvalidInputError(f"{folder.name}: {what} must name a file inside the package.")
        return None
    relative = PurePosixPath(source)
    if relative.is_absolute() or ".." in relative.parts or "\\" in source:
        raise InvalidInputError(f"{folder.name}: {what} leads out of the package ({source!r}).")
    path = folder.joinpath(*relative.parts)
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        if needed:
            raise InvalidInputError(f"{folder.name}: {what} names {source!r}, which is not in the package.")
        return None
    return path


def _pictures(folder: Path, content: Mapping[str, Any]) -> tuple[Path, ...]:
    """The covers, then the attached pictures."""
    attached: Any = content.get("attachments")
    if isinstance(attached, Mapping):  # format 0.4
        attached = cast("Mapping[str, Any]", attached).get("files")
    named = [*_list(content.get("covers")), *_list(attached)]
    files = [_file(folder, one, "covers", needed=False) for one in named]
    found = [one for one in files if one is not None and one.suffix.lower() in _PICTURES]
    return tuple(dict.fromkeys(found))


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def checked_name(name: str) -> str:
    """A name for a model: small letters, digits, ``.``, ``_`` and ``-``."""
    if not _NAME.match(name):
        raise InvalidInputError(
            f"{name!r} cannot name a model. Use small letters, digits, points, _ and -, with a letter or digit first."
        )
    return name
