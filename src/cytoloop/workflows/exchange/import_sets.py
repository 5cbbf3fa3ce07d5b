"""Sets of annotation files into a project: each file to the image whose name it bears."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection

from cytoloop.core.errors import CytoloopError, InvalidInputError
from cytoloop.exchange.model import ExchangeImage, ReadObjects
from cytoloop.exchange.sets.reading import Part, files_in, parts_for, read_parts
from cytoloop.projects.images import ProjectImage
from cytoloop.workflows.announcing import Announcer

from .exchanging import Imported, exchange_image, import_objects


@dataclass(frozen=True, slots=True)
class FoundLayer:
    """What becomes one layer of an image."""

    image: ProjectImage
    name: str
    objects: ReadObjects


@dataclass(frozen=True, slots=True)
class FoundSet:
    """What a folder holds for a project's images, and what of it could not be read and why."""

    layers: Sequence[FoundLayer]
    warnings: Sequence[str] = field(default_factory=tuple[str, ...])


def read_set(folder: Path, images: Sequence[ProjectImage]) -> FoundSet:
    """Find and read the files for each image. Nothing is stored. Raises like ``read_files``."""
    ready = [one for one in images if one.stored is not None]
    layers, warnings = read_files(folder, [exchange_image(one) for one in ready], lambda _fraction, _text: None)
    return FoundSet([FoundLayer(ready[index], name, objects) for index, name, objects in layers], warnings)


def read_files(
    folder: Path, images: Sequence[ExchangeImage], progress: Callable[[float, str], None]
) -> tuple[list[tuple[int, str, ReadObjects]], list[str]]:
    """What becomes layers: the image's place in ``images``, a name, the objects; and what to warn of.

    Raises
    ------
    InvalidInputError
        The folder holds nothing that bears the name of one of the images.
    """
    files = files_in(folder)
    layers: list[tuple[int, str, ReadObjects]] = []
    warnings: list[str] = []
    for index, facts in enumerate(images):
        progress(index / len(images), f"Reading {facts.name}")
        for name, parts in _by_layer(parts_for(folder, facts, files)).items():
            try:
                found = read_parts(parts, facts)
            except CytoloopError as error:
                warnings.append(f"{facts.name}: {error}")
                continue
            warnings += [f"{facts.name}: {one}" for one in found.warnings]
            if found.objects:
                layers.append((index, name, ReadObjects(found.objects)))
    if not layers and not warnings:
        names = ", ".join(one.name for one in list(images)[:5]) or "none yet"
        raise InvalidInputError(
            f"No file of {folder.name} bears the name of one of the project's images ({names}). Name each file like "
            "its image, for example labelled_masks/IMAGE.tif."
        )
    return layers, warnings


def _by_layer(parts: Sequence[Part]) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = {}
    for part in parts:
        found.setdefault(part.layer, []).append(part)
    return found


def store_set(
    connection: Connection, found: FoundSet, *, user_id: int, announcer: Announcer, run_id: UUID | None = None
) -> list[Imported]:
    """Store what was read, each layer anew; all of it or nothing. ``run_id`` is the job's, where one does it."""
    if not found.layers:
        raise InvalidInputError("Nothing could be imported. " + " ".join(found.warnings))
    return [
        import_objects(
            connection,
            one.objects,
            image=one.image,
            name=one.name,
            user_id=user_id,
            announcer=announcer,
            run_id=run_id,
        )
        for one in found.layers
    ]
