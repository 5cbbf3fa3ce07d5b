"""The user's models: what there is, import, export, removal."""

import shutil
import tempfile
import zipfile
from pathlib import Path

from cytoloop.core.errors import ConflictError, InvalidInputError, NotFoundError
from cytoloop.learning.networkmethod import NetworkMethod
from cytoloop.learning.packages.isolation import require_runnable
from cytoloop.learning.packages.model import ModelPackage
from cytoloop.learning.packages.reading import DESCRIPTIONS, checked_name, read_package
from cytoloop.learning.registry import MethodRegistry

from .archives import ArchiveLimits, unpack

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
