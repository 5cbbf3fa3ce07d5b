"""Reading a package: what the description says, checked against the files that are there."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cytoloop.core.errors import InvalidInputError, NotFoundError

from .foreign import derived_spec
from .model import Decoder, ModelPackage, ModelSpec, Task

DESCRIPTIONS = ("bioimageio.yaml", "rdf.yaml", "model.yaml", "rdf.yml")
_LARGEST_DESCRIPTION = 1 << 20
_NAME = re.compile(r"^[a-z0-9][a-z0-9._-]{0,79}$")


class OwnFacts(BaseModel):
    """What our own packages say about themselves under ``config: cytoloop``."""

    model_config = ConfigDict(extra="ignore")

    task: Task
    decoder: Decoder
    outputs: tuple[str, ...] = Field(max_length=500)
    diameter_px: float | None = Field(None, gt=0, le=2000)
    decoding: dict[str, float] = Field(default_factory=dict[str, float])
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
    covers = [_file(folder, one, "covers", needed=False) for one in _list(content.get("covers"))]
    authors = [str(one.get("name", "")) for one in _list(content.get("authors")) if isinstance(one, Mapping)]
    return ModelPackage(
        folder=folder,
        name=folder.name,
        title=str(content.get("name", folder.name))[:200],
        description=str(content.get("description", ""))[:2000],
        version=str(content.get("version", "")),
        licence=str(content.get("license", "")),
        authors=tuple(one for one in authors if one),
        spec=spec,
        weights=weights,
        torch_weights=None,
        card=card,
        pictures=tuple(one for one in covers if one is not None),
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
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError(f"{path.name} in {folder.name} is no valid YAML: {str(error)[:200]}") from error
    if not isinstance(content, dict) or cast("dict[str, Any]", content).get("type") != "model":
        raise InvalidInputError(f"{path.name} in {folder.name} does not describe a model (type: model).")
    return cast("dict[str, Any]", content)


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
    if path.is_symlink() or not path.is_file():
        if needed:
            raise InvalidInputError(f"{folder.name}: {what} names {source!r}, which is not in the package.")
        return None
    return path


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def checked_name(name: str) -> str:
    """A name for a model: small letters, digits, ``.``, ``_`` and ``-``."""
    if not _NAME.match(name):
        raise InvalidInputError(
            f"{name!r} cannot name a model. Use small letters, digits, points, _ and -, with a letter or digit first."
        )
    return name
