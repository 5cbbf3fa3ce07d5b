"""Removing images and projects with everything that hangs on them."""

from collections.abc import Sequence

from sqlalchemy import Connection

from cytoloop.annotations import layers as layer_store
from cytoloop.projects import images as image_records
from cytoloop.projects import store as projects
from cytoloop.projects.images import StoredImage
from cytoloop.projects.store import Project

from .custody import Custody
from .library import ImageLibrary


def remove_image(connection: Connection, image_id: int) -> list[StoredImage]:
    """Remove an image from its project with its layers; returns files that nobody uses any more."""
    layer_store.delete_layers_of_image(connection, image_id)
    unused = image_records.remove_project_image(connection, image_id)
    return [] if unused is None else [unused]


def remove_project(connection: Connection, project: Project) -> list[StoredImage]:
    """Remove a project; returns files that nobody uses any more."""
    unused: list[StoredImage] = []
    for image in image_records.project_images(connection, project.id, limit=10_000_000):
        unused += remove_image(connection, image.id)
    projects.delete_project(connection, project)
    return unused


def delete_unused(unused: Sequence[StoredImage], library: ImageLibrary, custody: Custody) -> None:
    """Delete files once the records are gone for good. Files registered in place stay where they are."""
    for stored in unused:
        library.forget(stored)
    custody.delete([one.content_key for one in unused])
