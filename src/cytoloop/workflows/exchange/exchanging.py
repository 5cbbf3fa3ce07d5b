"""Annotation files of layers and images: written for download, and read into new layers."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy import Connection, select

from cytoloop.annotations import layers as layer_store
from cytoloop.annotations.geometry import check_geometries, outside_image
from cytoloop.annotations.model import ChangeSet, Layer, NewAnnotation
from cytoloop.annotations.rows import as_annotations
from cytoloop.annotations.store import apply_change
from cytoloop.annotations.tables import annotation
from cytoloop.core.errors import InvalidInputError
from cytoloop.exchange.formats import read_objects, write_objects
from cytoloop.exchange.model import ExchangeImage, ExchangeObject, ExchangeTerm, ReadObjects
from cytoloop.projects import ontologies
from cytoloop.projects.images import ProjectImage, stored_of
from cytoloop.projects.store import project_by_id
from cytoloop.workflows.announcing import Announcer
from cytoloop.workflows.objects.editing import extent_of

from .downloads import file_name

FormatName = Literal["geojson", "coco", "labels", "imagej", "csv"]
BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Imported:
    """A new layer from a file."""

    layer: Layer
    created: int
    warnings: list[str]


def exchange_image(image: ProjectImage) -> ExchangeImage:
    """The facts of an image that annotation files need."""
    info = stored_of(image).info
    names = ("width", "height", "size_z", "size_t", "pixel_width_um", "pixel_height_um")
    return ExchangeImage(name=image.name, **{name: info[name] for name in names})


def objects_of_layer(connection: Connection, layer: Layer, image: ProjectImage) -> list[ExchangeObject]:
    """Every object of a layer, by id."""
    ontology_id = project_by_id(connection, image.project_id).ontology_id
    terms = {one.id: ExchangeTerm(one.name, one.color) for one in ontologies.terms_of(connection, ontology_id)}
    rows = connection.execute(select(annotation).where(annotation.c.layer_id == layer.id).order_by(annotation.c.id))
    found = as_annotations(rows.all())
    return [
        ExchangeObject(
            geometry=one.geometry,
            kind=one.kind,
            term=None if one.term_id is None else terms.get(one.term_id),
            status=one.status,
            score=one.score,
            z=one.z,
            t=one.t,
            id=one.id,
            parent_id=one.parent_id,
            details=one.details,
            locked=one.locked,
            term_score=one.term_score,
        )
        for one in found
    ]


def export_layer(connection: Connection, layer: Layer, image: ProjectImage, format_name: str, folder: Path) -> Path:
    """Write a layer into ``folder``; the file's path."""
    objects = objects_of_layer(connection, layer, image)
    stem = f"{Path(image.name).stem} {layer.name}"
    return write_objects(format_name, objects, exchange_image(image), folder, file_name(stem, ""))


def export_image(connection: Connection, image: ProjectImage, format_name: str, folder: Path) -> Path:
    """Write every layer that holds objects; one file, or a zip of several."""
    paths: list[Path] = []
    for number, layer in enumerate(layer_store.layers_of_image(connection, image.id)):
        if not sum(layer_store.term_counts(connection, [layer.id])[layer.id].values()):
            continue
        part = folder / str(number)
        part.mkdir()
        paths.append(export_layer(connection, layer, image, format_name, part))
    if not paths:
        raise InvalidInputError("There is nothing to export: the image has no objects yet.")
    if len(paths) == 1:
        return paths[0]
    bundle = folder / file_name(f"{Path(image.name).stem} {format_name}", "zip")
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            archive.write(path, f"{path.parent.name}-{path.name}")
    return bundle


def read_file(path: Path, image: ProjectImage) -> ReadObjects:
    """What an annotation file holds for this image. Raises ``InvalidInputError`` with the reason."""
    return read_objects(path, exchange_image(image))


def import_objects(
    connection: Connection,
    found: ReadObjects,
    *,
    image: ProjectImage,
    name: str,
    user_id: int,
    announcer: Announcer,
    run_id: UUID | None = None,
) -> Imported:
    """Store objects as a new layer; classes that the ontology lacks are added.

    Objects that are not valid or reach outside the image are left out and told in the warnings.
    """
    usable, warnings = _usable(found, image)
    if not usable:
        reasons = " ".join(warnings) or "The file holds no objects."
        raise InvalidInputError(f"Nothing could be imported. {reasons}")
    terms = _terms(connection, usable, image.project_id, announcer)
    layer = layer_store.create_layer(
        connection, image_id=image.id, name=name[:200], kind="import", creator_id=user_id, run_id=run_id
    )
    for start in range(0, len(usable), BATCH):
        creates = [_new(one, terms) for one in usable[start : start + BATCH]]
        label = f"import {len(creates)} objects"
        apply_change(connection, ChangeSet(label, creates=creates), layer=layer, user_id=user_id, kind="run")
    layer = layer_store.layer_by_id(connection, layer.id)
    announcer.layer(connection, layer, layer.generation, None)
    return Imported(layer, len(usable), warnings)


def _new(one: ExchangeObject, terms: dict[str, int]) -> NewAnnotation:
    return NewAnnotation(
        geometry=one.geometry,
        kind=one.kind,
        term_id=None if one.term is None else terms[one.term.name],
        status=one.status,
        z=one.z,
        t=one.t,
        score=one.score,
        details=one.details,
        locked=one.locked,
        term_score=one.term_score,
    )


def _usable(found: ReadObjects, image: ProjectImage) -> tuple[list[ExchangeObject], list[str]]:
    objects, warnings = list(found.objects), list(found.warnings)
    if not objects:
        return objects, warnings
    extent = extent_of(image)
    geometries = np.empty(len(objects), dtype=object)
    geometries[:] = [one.geometry for one in objects]
    reasons = (
        ("cross themselves", ~shapely.is_valid(geometries)),
        ("reach outside the image", outside_image(shapely.bounds(geometries), extent)),
        ("are on a plane that the image does not have", _off_plane(objects, image)),
    )
    kept = np.ones(len(objects), bool)
    for reason, bad in reasons:
        fresh = bad & kept
        if fresh.any():
            warnings.append(f"{int(fresh.sum())} objects were left out because they {reason}.")
        kept &= ~bad
    usable = [one for one, keep in zip(objects, kept.tolist(), strict=True) if keep]
    check_geometries([one.geometry for one in usable], extent)
    return usable, warnings


def _off_plane(objects: list[ExchangeObject], image: ProjectImage) -> np.ndarray:
    facts = exchange_image(image)
    return np.array([one.z >= facts.size_z or one.t >= facts.size_t for one in objects])


def _terms(
    connection: Connection, objects: list[ExchangeObject], project_id: int, announcer: Announcer
) -> dict[str, int]:
    """Ids of the classes by name; missing ones are made."""
    ontology_id = project_by_id(connection, project_id).ontology_id
    present = {one.name: one.id for one in ontologies.terms_of(connection, ontology_id)}
    wanted = {one.term.name: one.term for one in objects if one.term is not None}
    for name, term in wanted.items():
        if name not in present:
            made = ontologies.create_term(connection, ontology_id, name=name[:100], color=term.color)
            present[name] = made.id
            announcer.ontology(connection, project_id)
    return present
