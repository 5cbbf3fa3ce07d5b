"""The user's models: what there is, import, export, removal."""

import math
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import orjson

from cytoloop.core.errors import ConflictError, InvalidInputError, NotFoundError
from cytoloop.learning import classical
from cytoloop.learning.method import Method
from cytoloop.learning.networkmethod import NetworkMethod
from cytoloop.learning.packages.isolation import require_runnable
from cytoloop.learning.packages.model import ModelPackage
from cytoloop.learning.packages.reading import DESCRIPTIONS, checked_name, read_package
from cytoloop.learning.registry import MethodRegistry
from cytoloop.workflows.images.archives import ArchiveLimits, unpack

MethodGroup = Literal["models", "classical", "own", "plugins"]
_CLASSICAL = classical.__name__
_PLUGINS = "cytoloop.learning.plugins"
_ERRORS = ("missed", "extra", "split", "merged")
_LARGEST_CARD = 200_000
LIMITS = ArchiveLimits(max_bytes=4 << 30, max_files=1000, max_ratio=200.0)


def models(registry: MethodRegistry) -> list[ModelPackage]:
    """Every model, shipped ones first."""
    return [one.package for one in registry.all().values() if isinstance(one, NetworkMethod)]


def model_named(registry: MethodRegistry, name: str) -> ModelPackage:
    """The model, or ``NotFoundError`` that lists those there are."""
    known = {one.name: one for one in models(registry)}
    if name not in known:
        raise NotFoundError(f"There is no model {name!r}. There are: {', '.join(known) or 'none'}.")
    return known[name]


def group_of(method: Method) -> MethodGroup:
    """Under which heading a method is offered."""
    if isinstance(method, NetworkMethod):
        return "models" if method.package.shipped else "own"
    module = type(method).__module__
    if module.startswith(f"{_CLASSICAL}."):
        return "classical"
    # a pipeline is built of other methods and saved by the user
    return "plugins" if module.startswith(_PLUGINS) or not module.startswith("cytoloop.") else "own"


def import_model(registry: MethodRegistry, source: Path, name: str | None = None) -> ModelPackage:
    """Take in a package, a zip file or a folder. It is checked first; nothing is left of one that does not pass.

    Raises
    ------
    NotFoundError, InvalidInputError, TooLargeError
        The source is missing, no package, cannot be run, or would leave its folder.
    ConflictError
        The name is taken.
    """
    if registry.models is None:
        raise InvalidInputError("There is no folder for models; set one by the home folder.")
    if not source.exists():
        raise NotFoundError(f"There is no file or folder {source}.")
    chosen = checked_name(name or _name_from(source))
    if chosen in registry.all():
        raise ConflictError(f"There is a method {chosen!r} already. Import the model under another name.")
    registry.models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".import-", dir=registry.models) as staging:
        # named before it is read: messages tell the name
        folder = _unpacked(source, Path(staging)).rename(Path(staging) / chosen)
        read_package(folder)
        require_runnable(folder)
        target = registry.models / chosen
        try:
            folder.rename(target)
        except OSError as error:
            raise ConflictError(f"There is a folder {chosen!r} among the models already. Use another name.") from error
    return read_package(target)


def _name_from(source: Path) -> str:
    stem = source.name.removesuffix(".zip").removesuffix(".bioimageio").lower()
    cleaned = "".join(one if (one.isascii() and one.isalnum()) or one in "._-" else "-" for one in stem)
    return cleaned[:80].strip("._-") or "model"


def _unpacked(source: Path, staging: Path) -> Path:
    """The package's folder, inside the staging folder."""
    inside = staging / ".unpacked"
    if source.is_dir():
        if any(path.is_symlink() for path in source.rglob("*")):
            raise InvalidInputError(f"{source} holds links. Put the files themselves into it.")
        shutil.copytree(source, inside)
    else:
        inside.mkdir()
        unpack(source, inside, LIMITS)
    if any((inside / name).is_file() for name in DESCRIPTIONS):
        return inside
    below = [one for one in inside.iterdir() if one.is_dir()]
    return below[0] if len(below) == 1 else inside


def export_model(package: ModelPackage, target: Path) -> Path:
    """Write the package as one zip file; a file that is there is replaced once all is written."""
    target = target if target.suffix == ".zip" else target.with_name(target.name + ".zip")
    if not target.parent.is_dir():
        raise NotFoundError(f"There is no folder {target.parent}.")
    partial = target.with_name(f".{target.name}.part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(package.folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                archive.write(path, path.relative_to(package.folder))
    partial.replace(target)
    return target


def remove_model(registry: MethodRegistry, name: str) -> None:
    """Remove one of the user's models; shipped ones stay."""
    package = model_named(registry, name)
    if package.shipped:
        raise ConflictError(f"{name} came with the program and cannot be removed.")
    doomed = package.folder.with_name(f".{name}.removed")
    package.folder.rename(doomed)
    shutil.rmtree(doomed)


@dataclass(frozen=True, slots=True)
class TypeScore:
    """Scores on held-out images of one type, as the training record tells them."""

    images: str
    count: int
    dsb: float
    f1: float
    errors: Mapping[str, int] = field(default_factory=dict[str, int])
    """Objects missed, extra, split and merged, where they were counted."""


def scores_of(package: ModelPackage) -> list[TypeScore]:
    """The model's scores by image type; none where its record tells none, or not in this form."""
    scores: Any = package.training.get("scores")
    found: list[TypeScore] = []
    for name, value in cast("Mapping[str, Any]", scores).items() if isinstance(scores, Mapping) else []:
        one = cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
        numbers = [one.get(key) for key in ("images", "dsb", "f1")]
        if all(isinstance(number, int | float) and math.isfinite(number) for number in numbers):
            errors = {key: int(one[key]) for key in _ERRORS if isinstance(one.get(key), int | float)}
            count, dsb, f1 = (float(cast("float", number)) for number in numbers)
            found.append(TypeScore(str(name)[:100], int(count), dsb, f1, errors))
    return found


def record_of(package: ModelPackage) -> dict[str, Any]:
    """The training record as plain JSON: dates as text, numbers that are none as null."""
    options = orjson.OPT_NON_STR_KEYS
    return orjson.loads(orjson.dumps(dict(package.training), option=options, default=str))


def card_of(package: ModelPackage) -> str:
    """The model card, Markdown; empty where there is none. A card that is no text is shown as far as it is."""
    if package.card is None:
        return ""
    return package.card.read_bytes()[:_LARGEST_CARD].decode("utf-8", errors="replace")
