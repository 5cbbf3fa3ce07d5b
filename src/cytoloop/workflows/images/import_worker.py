"""What a worker process does to import one image: open, check, hash, convert, describe, store.

No database here: files in, files out, facts in the receipt. What is stored before the receipt is recorded is a blob
that nobody refers to, which the sweeper removes if that never comes.
"""

import dataclasses
import hashlib
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
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
from cytoloop.storage.blobs.hashing import sha256_of
from cytoloop.storage.blobs.opening import blobs_at
from cytoloop.storage.blobs.place import Place

from .archives import ArchiveLimits, images_in, looks_like_zip, unpack
from .files import fetching
from .previews import PREVIEW, preview

ORIGINAL_FOLDER = "original"
PREPARED_FOLDER = "prepared"


def run(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Import one file, or unpack one archive.

    ``call``: ``source`` path, in the stored files ``blob`` unless that is null; ``name`` to show; ``series``;
    ``in_place``; ``staging`` folder for what is made; ``owned`` whether the source goes once it is stored; ``place``
    where to store.
    """
    staging = Path(call["staging"])
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    with _source(call, reporter) as source:
        if looks_like_zip(call["name"]) and source.is_file():
            return _unpacked(source, staging, reporter)
        receipt = _imported(call, source, staging, reporter)
    key = content_key(receipt["sha256"], "in-place" if call["in_place"] else "stored", call["source"], call["series"])
    _store(call, staging, key, reporter)
    return {**receipt, "key": key}


def content_key(sha256: str, place: str, source: str, series: int) -> str:
    """The blob's key: the content for stored files; for files in place also where they are."""
    if place == "stored" and series == 0:
        return sha256
    return hashlib.sha256(f"{sha256}|{place}|{source}|{series}".encode()).hexdigest()


@contextmanager
def _source(call: dict[str, Any], reporter: Reporter) -> Generator[Path]:
    """What to import; a file that is stored already stays here meanwhile."""
    if call["blob"] is None:
        yield Path(call["source"])
        return
    pin = blobs_at(Place.from_json(call["place"])).pin(call["blob"], fetching(reporter))
    try:
        yield pin.folder / call["source"]
    finally:
        pin.release()


def _store(call: dict[str, Any], staging: Path, key: str, reporter: Reporter) -> None:
    place = Place.from_json(call["place"])
    told = -1

    def tell(done: int, total: int) -> None:
        nonlocal told
        percent = 100 * done // max(total, 1)
        if percent != told:
            told = percent
            text = f"Sending to the object store, {percent} % of {total / 1e6:,.0f} MB"
            reporter.progress(0.9 + 0.1 * percent / 100, text)

    reporter.progress(0.9, "Storing")
    blobs_at(place).store(staging, key, tell)


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
        display = _display(opened, info)
        display |= {"levels": _levels(source, prepared, staging, call, display)}
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


def _levels(
    source: Path, prepared: str | None, staging: Path, call: dict[str, Any], display: dict[str, Any]
) -> list[dict[str, Any]]:
    """Every resolution that will be served, and a preview beside the files, so that lists need not open the image."""
    made = None if prepared is None else staging / prepared
    opened = open_prepared(source, made, series=call["series"])
    try:
        pyramid = Pyramid(opened)
        (staging / PREVIEW).write_bytes(preview(pyramid, display))
        return [dataclasses.asdict(level) for level in pyramid.levels]
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
        copy = _linked if call["owned"] else shutil.copyfile
        if one.is_dir():
            shutil.copytree(one, place, copy_function=copy)
        else:
            copy(one, place)
    return target.relative_to(staging).as_posix()


def _linked(source: str | Path, target: str | Path) -> None:
    """The same file under a second name where the disk can do that: if this try ends halfway, the source is there."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _size_of(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
