"""Sets of files of a project's images: written to a folder, or packed for download."""

import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from cytoloop.annotations import layers as layer_store
from cytoloop.annotations.model import Layer, Status
from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Box
from cytoloop.exchange.model import ExchangeObject
from cytoloop.exchange.sets.model import SetImage, SetOptions
from cytoloop.exchange.sets.registry import set_named
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.rendering import ChannelStyle, render
from cytoloop.projects import ontologies
from cytoloop.projects.images import ProjectImage, StoredImage
from cytoloop.projects.store import project_by_id
from cytoloop.workflows.images.library import ImageLibrary

from .downloads import file_name
from .exchanging import exchange_image, objects_of_layer

MOST_IMAGES = 5000


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects go out: of which images, layers (by kind or name), classes and states; all unless told."""

    images: Sequence[ProjectImage] = field(default_factory=list[ProjectImage])
    layers: Sequence[str] = field(default_factory=list[str])
    classes: Sequence[str] = field(default_factory=list[str])
    with_predictions: bool = True


def write_set(
    connection: Connection,
    library: ImageLibrary,
    name: str,
    selection: Selection,
    folder: Path,
    *,
    downsample: float = 1.0,
    crop_px: int = 256,
) -> list[Path]:
    """Write a set into ``folder``, which must be new or empty.

    Nothing is left there if it fails half-way.

    Raises
    ------
    InvalidInputError
        There is no such set or nothing to write, or masks would be too large.
    """
    chosen = set_named(name)
    if not 0.05 <= downsample <= 1024:
        raise InvalidInputError(f"The downsample is {downsample:g}; it may be from 0.05 to 1024.")
    if len(selection.images) > MOST_IMAGES:
        raise InvalidInputError(f"At most {MOST_IMAGES:,} images are written at once. Choose fewer.")
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise InvalidInputError(f"{folder} is not empty. Choose a new folder, so that nothing is overwritten.")
    with ExitStack() as stack:
        images = list(_images(connection, library, selection, stack))
        if not images:
            raise InvalidInputError("There is nothing to export: the chosen images have no such objects yet.")
        options = SetOptions(downsample, _classes(connection, selection), crop_px)
        try:
            return chosen.write(images, folder, options)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def packed(folder: Path, paths: Sequence[Path], target: Path) -> Path:
    """A zip of a set's files, their places kept."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in paths:
            archive.write(path, path.relative_to(folder).as_posix())
    return target


def _images(
    connection: Connection, library: ImageLibrary, selection: Selection, stack: ExitStack
) -> Iterator[SetImage]:
    taken: set[str] = set()
    for image in selection.images:
        if image.stored is None:
            continue
        layers = [one for one in layer_store.layers_of_image(connection, image.id) if is_chosen(one, selection)]
        objects = [
            one for layer in layers for one in objects_of_layer(connection, layer, image) if _goes_out(one, selection)
        ]
        if not objects:
            continue
        stem = new_stem(image, taken)
        pyramid = stack.enter_context(library.pyramid(image.stored))
        yield SetImage(stem, exchange_image(image), objects, _Look(pyramid, image.stored))


def new_stem(image: ProjectImage, taken: set[str]) -> str:
    """What the image's files are called; no two images share it."""
    stem = file_name(Path(image.name).stem, "")
    if stem in taken:
        stem = f"{stem}-{image.id}"
    taken.add(stem)
    return stem


def is_chosen(layer: Layer, selection: Selection) -> bool:
    """Whether the layer's objects go out."""
    return not selection.layers or layer.name in selection.layers or layer.kind in selection.layers


def _goes_out(one: ExchangeObject, selection: Selection) -> bool:
    if one.status is Status.REJECTED or (one.status is Status.PREDICTED and not selection.with_predictions):
        return False
    name = "unclassified" if one.term is None else one.term.name
    return not selection.classes or name in selection.classes


def _classes(connection: Connection, selection: Selection) -> list[str]:
    ontology_id = project_by_id(connection, selection.images[0].project_id).ontology_id
    names = [one.name for one in ontologies.terms_of(connection, ontology_id)]
    return [name for name in names if not selection.classes or name in selection.classes]


class _Look:
    """An image as it is first shown."""

    def __init__(self, pyramid: Pyramid, stored: StoredImage) -> None:
        self._pyramid = pyramid
        self._channels = stored.display.get("channels", [])

    def __call__(self, box: Box, downsample: float, z: int, t: int) -> NDArray[np.uint8]:
        return seen_as_first_shown(self._pyramid, self._channels, box, downsample, z, t)


def seen_as_first_shown(
    pyramid: Pyramid, channels: Sequence[dict[str, Any]], box: Box, downsample: float, z: int, t: int
) -> NDArray[np.uint8]:
    """A box of an image, ``(h, w, 3)``, its channels in the colours and ranges in which it opens."""

    def read(channel: int) -> NDArray[np.generic]:
        return pyramid.region(box, downsample, c=channel, z=z, t=t)

    if pyramid.info.rgb:
        return np.ascontiguousarray(read(0)).view(np.uint8)
    styles = tuple(
        ChannelStyle(index, one["color"], one["low"], one["high"], 1.0) for index, one in enumerate(channels)
    )
    seen = render([read(one.channel) for one in styles], styles)
    return seen if seen.ndim == 3 else np.repeat(seen[..., None], 3, axis=2)
