"""What a worker process does to import one image: open, check, hash, convert, describe.

No database here: files in, files out, facts in the receipt.
"""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

from cytoloop.core.errors import InvalidInputError
from cytoloop.images.conversion import convert, needs_conversion, open_prepared
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.registry import open_image, series_names
from cytoloop.images.rendering import default_style
from cytoloop.images.source import ImageInfo
from cytoloop.images.statistics import histogram
from cytoloop.jobs.worker import Reporter
from cytoloop.storage.blobs import sha256_of

from .archives import ArchiveLimits, images_in, looks_like_zip, unpack

ORIGINAL_FOLDER = "original"
PREPARED_FOLDER = "prepared"


def run(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Import one file, or unpack one archive.

    ``call``: ``source`` path; ``name`` to show; ``series``; ``in_place``; ``staging`` folder for what is made;
    ``owned`` whether the source may be moved.
    """
    source, staging = Path(call["source"]), Path(call["staging"])
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    if looks_like_zip(call["name"]) and source.is_file():
        return _unpacked(source, staging, reporter)
    return _imported(call, source, staging, reporter)


def _unpacked(source: Path, staging: Path, reporter: Reporter) -> dict[str, Any]:
    reporter.progress(0.05, "Unpacking")
    unpack(source, staging, ArchiveLimits())
    found = images_in(staging)
    if not found:
        raise InvalidInputError(f"{source.name} holds no files.")
    reporter.log(f"Unpacked {len(found)} files")
    return {"unpacked": [str(one) for one in found]}


def _imported(call: dict[str, Any], source: Path, staging: Path, reporter: Reporter) -> dict[str, Any]:
    reporter.progress(0.02, "Opening")
    opened = open_image(source, series=call["series"])
    try:
        info = opened.info()
        names = series_names(source)
        reporter.log(_summary(call["name"], info))
        reporter.progress(0.1, "Computing the checksum")
        checksum = sha256_of(source)
        prepared: str | None = None
        if needs_conversion(info):
            reporter.progress(0.2, "Making lower resolutions")
            target = staging / PREPARED_FOLDER / "levels"
            target.parent.mkdir(parents=True)
            made = convert(
                opened,
                target,
                lambda fraction: reporter.progress(0.2 + 0.6 * fraction, "Making lower resolutions"),
            )
            prepared = made.relative_to(staging).as_posix()
        reporter.progress(0.85, "Reading the range of values")
        display = _display(opened, info) | {"levels": _levels(source, prepared, staging, call)}
    finally:
        opened.close()
    return {
        "info": dataclasses.asdict(info),
        "series_names": names,
        "display": display,
        "sha256": checksum,
        "original": _keep_original(call, source, staging),
        "prepared": prepared,
        "size_bytes": _size_of(source if call["in_place"] else staging / ORIGINAL_FOLDER),
    }


def _summary(name: str, info: ImageInfo) -> str:
    size = f"{info.width} x {info.height} px"
    stack = f", {info.size_z} z, {info.size_c} channels, {info.size_t} t, {info.dtype}"
    return f"{name}: {info.format}, {size}{' RGB' if info.rgb else stack}"


def _display(source: Any, info: ImageInfo) -> dict[str, Any]:
    """How the image is shown at first: colour and range of each channel."""
    if info.rgb:
        return {"channels": []}
    # The lower levels may just have been made; the original alone serves for sampling.
    pyramid = Pyramid(source)
    z, t = info.size_z // 2, 0
    histograms = [histogram(pyramid, c, z, t) for c in range(info.size_c)]
    styles = default_style(info, histograms)
    return {
        "channels": [
            {"name": channel.name, "color": style.color, "low": style.low, "high": style.high}
            for channel, style in zip(info.channels, styles, strict=True)
        ]
    }


def _levels(source: Path, prepared: str | None, staging: Path, call: dict[str, Any]) -> list[dict[str, Any]]:
    """Every resolution that will be served, stored and computed, so that lists need not open the file."""
    made = None if prepared is None else staging / prepared
    opened = open_prepared(source, made, series=call["series"])
    try:
        return [dataclasses.asdict(level) for level in Pyramid(opened).levels]
    finally:
        opened.close()


def _keep_original(call: dict[str, Any], source: Path, staging: Path) -> str:
    if call["in_place"]:
        return str(source)
    folder = staging / ORIGINAL_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / source.name
    companions = [source.with_suffix("")] if source.suffix.lower() == ".mrxs" else []
    for one in [source, *(part for part in companions if part.is_dir())]:
        place = folder / one.name
        if call["owned"]:
            shutil.move(str(one), place)
        elif one.is_dir():
            shutil.copytree(one, place)
        else:
            shutil.copyfile(one, place)
    return target.relative_to(staging).as_posix()


def _size_of(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
