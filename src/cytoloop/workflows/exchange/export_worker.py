"""What a worker process does to write a set of files and pack it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
import orjson
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Box
from cytoloop.exchange.model import ExchangeImage
from cytoloop.exchange.sets.model import SetImage, SetOptions
from cytoloop.exchange.sets.registry import set_named
from cytoloop.images.pyramid import Pyramid
from cytoloop.jobs.worker import Reporter
from cytoloop.workflows.images.files import ImageFiles, open_files

from .export_sets import packed, seen_as_first_shown
from .objectfile import read_groups

WRITTEN = 0.9
"""How much of the work is done when all files are written."""
PASSES = {"annotatorj": 7}
"""How often the images of a set are gone through; once, unless told."""


def run(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Write the set that ``call["order"]`` (JSON) describes; the zip goes to ``call["output"]``.

    ``objects``: a file of ``objectfile``, its groups the ids of the order's images.
    """
    order = orjson.loads(Path(call["order"]).read_bytes())
    objects = read_groups(Path(call["objects"]))
    if not objects:
        raise InvalidInputError("There is nothing to export: the chosen images have no such objects yet.")
    output = Path(call["output"])
    folder = output.with_suffix("")
    folder.mkdir()
    desk = _Desk(reporter)
    try:
        images = [_image(one, objects[one["id"]], desk) for one in order["images"]]
        options = SetOptions(order["downsample"], order["classes"], order["crop_px"])
        watched = Watched(images, PASSES.get(order["set"], 1), reporter)
        paths = set_named(order["set"]).write(watched, folder, options)
    finally:
        desk.close()
    reporter.progress(WRITTEN, "Packing")
    packed(folder, paths, output)
    return {"files": len(paths)}


def _image(one: dict[str, Any], objects: Sequence[Any], desk: "_Desk") -> SetImage:
    where = ImageFiles.of_call(one["files"])

    def look(box: Box, downsample: float, z: int, t: int) -> NDArray[np.uint8]:
        return seen_as_first_shown(desk.open(where), one["channels"], box, downsample, z, t)

    return SetImage(one["stem"], ExchangeImage(**one["facts"]), objects, look)


class _Desk:
    """Holds one image open: sets go through the images one after the other."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._files: ImageFiles | None = None
        self._pyramid: Pyramid | None = None

    def open(self, files: ImageFiles) -> Pyramid:
        if self._pyramid is None or files != self._files:
            self.close()
            self._pyramid, self._files = open_files(files, self._reporter), files
        return self._pyramid

    def close(self) -> None:
        if self._pyramid is not None:
            self._pyramid.source.close()
        self._pyramid = None


class Watched(Sequence[SetImage]):
    """Images that tell how far one has gone through them."""

    def __init__(self, images: Sequence[SetImage], passes: int, reporter: Reporter) -> None:
        self._images = images
        self._total = passes * len(images)
        self._seen = 0
        self._reporter = reporter

    def __len__(self) -> int:
        return len(self._images)

    @overload
    def __getitem__(self, index: int) -> SetImage: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[SetImage]: ...

    def __getitem__(self, index: int | slice) -> SetImage | Sequence[SetImage]:
        return self._images[index]

    def __iter__(self) -> Iterator[SetImage]:
        for image in self._images:
            self._reporter.progress(WRITTEN * min(1.0, self._seen / self._total), f"Writing {image.facts.name}")
            self._seen += 1
            yield image
