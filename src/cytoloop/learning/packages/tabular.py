"""What packages have in common whose network takes rows of numbers: classifiers of objects and pixels, landmarks."""

import hashlib
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cytoloop.core.errors import InvalidInputError

from .onnxfile import require_inside
from .reading import read_description
from .writing import FORMAT_VERSION

OPSET = 17
DESCRIPTION = "bioimageio.yaml"
WEIGHTS = "weights.onnx"
_LARGEST_WEIGHTS = 512 << 20
TREES = {"text": "Geurts et al. 2006: Extremely randomized trees", "doi": "10.1007/s10994-006-6226-1"}
Package = TypeVar("Package")
Facts = TypeVar("Facts", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class KnownClass:
    """A class by name and colour ``#rrggbb``: numbers of classes differ from project to project."""

    name: str
    color: str


class ClassFacts(BaseModel):
    """A class as a description names it."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1, max_length=100)
    color: str = Field("#888888", pattern=r"^#[0-9a-fA-F]{6}$")

    def known(self) -> KnownClass:
        return KnownClass(self.name, self.color)


@dataclass(frozen=True, slots=True)
class NewFiles:
    """Files of a new package. ``test_input (n, f)`` and ``test_output (n, o)`` are an example of its work."""

    weights: bytes
    test_input: NDArray[np.float32]
    test_output: NDArray[np.float32]
    card: str
    """Markdown."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the description says for everybody; ``inputs`` and ``outputs`` are the names of the numbers."""

    title: str
    description: str
    tags: Sequence[str]
    inputs: Sequence[str]
    outputs: Sequence[str]
    output: str = "probabilities"
    licence: str = "CC0-1.0"
    cite: Sequence[Mapping[str, str]] = (TREES,)


class Remembered(Generic[Package]):
    """Packages that are read anew only when their files changed: versions are asked for often."""

    def __init__(self, read: Callable[[Path], Package]) -> None:
        self._read = read
        self._found = lru_cache(maxsize=200)(self._read_as_of)

    def __call__(self, folder: Path) -> Package:
        """The package in a folder, as ``read`` gives it."""
        try:
            changed = (folder / DESCRIPTION).stat().st_mtime_ns, (folder / WEIGHTS).stat().st_mtime_ns
        except FileNotFoundError:
            return self._read(folder)
        return self._found(folder, changed)

    def _read_as_of(self, folder: Path, changed: tuple[int, int]) -> Package:
        return self._read(folder)


def write_whole(
    folder: Path,
    files: NewFiles,
    describe: Callable[[Path], dict[str, Any]],
    read: Callable[[Path], Package],
    more: Mapping[str, bytes] | None = None,
) -> Package:
    """Write a package into a new folder and read it; nothing is left of one that could not be written whole."""
    partial = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    (partial / WEIGHTS).write_bytes(files.weights)
    for name, content in (more or {}).items():
        (partial / name).write_bytes(content)
    np.save(partial / "test_input.npy", files.test_input)
    np.save(partial / "test_output.npy", files.test_output)
    (partial / "README.md").write_text(files.card, encoding="utf-8")
    text = yaml.safe_dump(describe(partial), sort_keys=False, allow_unicode=True, width=110)
    (partial / DESCRIPTION).write_text(text, encoding="utf-8")
    read(partial)
    partial.rename(folder)
    return read(folder)


def description(folder: Path, told: Told, own: Mapping[str, Any], attachments: Sequence[str] = ()) -> dict[str, Any]:
    """A bioimage.io description; ``own`` goes under ``config: cytoloop``."""
    named = {"attachments": [file_entry(folder, name) for name in attachments]} if attachments else {}
    return {
        "type": "model",
        "format_version": FORMAT_VERSION,
        "name": plain_title(told.title),
        "description": told.description[:1000],
        "version": "1.0.0",
        "timestamp": datetime.now(UTC).replace(microsecond=0).isoformat(),
        "license": told.licence,
        "authors": [{"name": "Cytoloop"}],
        "cite": [dict(one) for one in told.cite],
        "tags": list(told.tags),
        "documentation": "README.md",
        "inputs": [tensor_entry(folder, "features", list(told.inputs), "test_input.npy")],
        "outputs": [tensor_entry(folder, told.output, list(told.outputs), "test_output.npy")],
        "weights": {"onnx": {**file_entry(folder, WEIGHTS), "opset_version": OPSET}},
        **named,
        "config": {"cytoloop": dict(own)},
    }


def own_facts(folder: Path, kind: type[Facts], task: str, refusal: str) -> tuple[Facts, str]:
    """What the description in a folder says of a package of ours for a task, checked, and its title.

    Raises
    ------
    NotFoundError
        There is no description in the folder.
    InvalidInputError
        It is of another kind (``refusal`` says so), or something in it is wrong.
    """
    content = read_description(folder)
    own: Any = (content.get("config") or {}).get("cytoloop") if isinstance(content.get("config"), dict) else None
    if not isinstance(own, dict) or own.get("task") != task:
        raise InvalidInputError(f"{folder.name} {refusal}")
    try:
        facts = kind.model_validate(own)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInputError(f"{folder.name}: config.cytoloop.{where}: {first['msg']}.") from error
    return facts, str(content.get("name") or folder.name)[:200]


def known_classes(folder: Path, classes: Sequence[ClassFacts], what: str = "class") -> tuple[KnownClass, ...]:
    """The classes, or ``InvalidInputError`` where a name comes twice."""
    if len({one.name for one in classes}) < len(classes):
        raise InvalidInputError(f"{folder.name} names a {what} twice. Give each another name.")
    return tuple(one.known() for one in classes)


def plain_title(title: str) -> str:
    """A title as the format wants it: at least five letters, digits, spaces and few signs."""
    cleaned = re.sub(r"[^A-Za-z0-9_+\- ()]", "-", title)[:120].strip()
    return cleaned if len(cleaned) >= 5 else f"{cleaned} classifier".strip()


def identifiers(classes: Sequence[KnownClass]) -> list[str]:
    """Names of the output's channels: small letters and digits, each another."""
    cleaned = (re.sub(r"\W", "_", one.name.lower(), flags=re.ASCII) for one in classes)
    return [f"class_{number}_{name}" for number, name in enumerate(cleaned)]


def tensor_entry(folder: Path, name: str, channels: list[str], example: str) -> dict[str, Any]:
    return {
        "id": name,
        "axes": [{"type": "batch"}, {"type": "channel", "channel_names": channels}],
        "data": {"type": "float32"},
        "test_tensor": file_entry(folder, example),
    }


def file_entry(folder: Path, name: str) -> dict[str, str]:
    return {"source": name, "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()}


def onnx_in(folder: Path, name: str) -> Path:
    """An ONNX file that lies in the folder itself and refers to nothing outside it."""
    path = folder / name
    if "/" in name or "\\" in name or path.suffix != ".onnx" or path.is_symlink() or not path.is_file():
        raise InvalidInputError(f"{folder.name} names the network {name!r}, which is not in the package.")
    if path.stat().st_size > _LARGEST_WEIGHTS:
        raise InvalidInputError(f"{name} of {folder.name} is larger than {_LARGEST_WEIGHTS >> 20} MiB.")
    require_inside(path)
    return path
