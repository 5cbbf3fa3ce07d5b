"""Zip files from outside: unpacked with limits, and searched for images."""

import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cytoloop.core.errors import InvalidInputError, TooLargeError

CHUNK_BYTES = 1 << 20
JUNK_NAMES = {".DS_Store", "Thumbs.db", "desktop.ini"}
JUNK_FOLDERS = {"__MACOSX"}


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How much may come out of one archive. ``max_ratio`` is unpacked to packed size."""

    max_bytes: int = 200 << 30
    max_files: int = 200_000
    max_ratio: float = 200.0


def is_zip(path: Path) -> bool:
    """Whether the content is a zip archive."""
    return path.is_file() and zipfile.is_zipfile(path)


def looks_like_zip(name: str) -> bool:
    """Whether the name says zip, so that a broken one is told as a broken zip."""
    return name.lower().endswith(".zip")


def unpack(archive: Path, target: Path, limits: ArchiveLimits) -> list[Path]:
    """Unpack into ``target`` and return the files.

    Raises
    ------
    InvalidInputError
        Not a zip, truncated or damaged; a name that leads out of the folder; a link; a password.
    TooLargeError
        More or larger files than the limits allow. The caller removes ``target``.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [one for one in opened.infolist() if not one.is_dir()]
            _check(members, archive.stat().st_size, limits)
            return _extract_all(opened, members, target, limits)
    except (zipfile.BadZipFile, EOFError, zipfile.LargeZipFile, NotImplementedError) as error:
        raise InvalidInputError(
            f"{archive.name} is not a complete zip file ({error}). Make or upload it again."
        ) from error
    except RuntimeError as error:
        raise InvalidInputError(f"{archive.name} cannot be unpacked ({error}). Make it without a password.") from error


def _check(members: list[zipfile.ZipInfo], packed_bytes: int, limits: ArchiveLimits) -> None:
    if len(members) > limits.max_files:
        raise TooLargeError(
            f"The zip holds {len(members):,} files; at most {limits.max_files:,} are allowed. Split it."
        )
    unpacked = sum(one.file_size for one in members)
    if unpacked > limits.max_bytes or unpacked > limits.max_ratio * max(packed_bytes, 4096):
        raise TooLargeError(
            f"The zip would unpack to {unpacked / 1e9:.1f} GB from {packed_bytes / 1e6:.1f} MB, "
            "which is more than is allowed. Upload the files one by one."
        )
    for one in members:
        safe_relative_path(one.filename)
        if stat.S_ISLNK(one.external_attr >> 16):
            raise InvalidInputError(f"The zip holds a link, {one.filename!r}. Put the file itself into it.")


def safe_relative_path(name: str) -> PurePosixPath:
    """A name from outside as a path below some folder, or ``InvalidInputError`` if it leads elsewhere."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name[:3] or not path.parts or "\0" in name:
        raise InvalidInputError(f"The name {name!r} leads out of its folder. Rename it and try again.")
    return path


def _extract_all(
    opened: zipfile.ZipFile, members: list[zipfile.ZipInfo], target: Path, limits: ArchiveLimits
) -> list[Path]:
    files: list[Path] = []
    room = limits.max_bytes
    for member in members:
        relative = safe_relative_path(member.filename)
        if relative.name in JUNK_NAMES or JUNK_FOLDERS & set(relative.parts):
            continue
        path = target.joinpath(*relative.parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        with opened.open(member) as source, path.open("wb") as file:
            while chunk := source.read(CHUNK_BYTES):
                room -= len(chunk)
                if room < 0:
                    raise TooLargeError("The zip unpacks to more than its directory says.")
                file.write(chunk)
        files.append(path)
    return files


def images_in(folder: Path) -> list[Path]:
    """The images below a folder, by the shape of its tree; each a file, or a folder that is one image.

    A folder with ``.zattrs`` or ``zarr.json`` is an OME-Zarr, one with ``.dcm`` files a DICOM series, and the
    data folder beside an ``.mrxs`` file belongs to that file.
    """
    if any((folder / name).is_file() for name in (".zattrs", "zarr.json")):
        return [folder]
    entries = sorted(folder.iterdir())
    dicom = [one for one in entries if one.suffix.lower() == ".dcm"]
    belongs = {folder / one.stem for one in entries if one.suffix.lower() == ".mrxs"}
    found: list[Path] = [folder] if dicom else []
    for entry in entries:
        if entry.name in JUNK_NAMES or entry.name in JUNK_FOLDERS or entry.name.startswith("."):
            continue
        if entry.is_dir():
            found += [] if entry in belongs else images_in(entry)
        elif entry not in dicom:
            found.append(entry)
    return found
