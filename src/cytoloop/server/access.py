"""From an id in a URL to the thing itself, if the caller may: every route comes through here."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from cytoloop.annotations import layers as layer_store
from cytoloop.annotations import store
from cytoloop.annotations.model import Annotation, Layer
from cytoloop.core.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from cytoloop.jobs import ledger
from cytoloop.jobs.model import Job
from cytoloop.projects import images as image_records
from cytoloop.projects import ontologies, uploads
from cytoloop.projects.images import ProjectImage
from cytoloop.projects.ontologies import Term
from cytoloop.projects.permissions import (
    Actor,
    Permission,
    Role,
    authorize,
    role_allows,
    role_of,
)
from cytoloop.projects.store import Project, project_by_id, project_by_uuid
from cytoloop.projects.uploads import Upload


@dataclass(frozen=True, slots=True)
class Access:
    """What a caller may reach over one connection."""

    connection: Connection
    actor: Actor

    def project(self, uuid: UUID, permission: Permission) -> tuple[Project, Role]:
        """The project, if the caller's role allows this."""
        project = project_by_uuid(self.connection, uuid)
        return project, authorize(self.connection, self.actor, project.id, permission)

    def project_of(self, image: ProjectImage, permission: Permission) -> tuple[Project, Role]:
        """The project of an image, if the caller's role allows this."""
        return project_by_id(self.connection, image.project_id), self._authorize(image.project_id, permission, "image")

    def image(self, uuid: UUID, permission: Permission) -> ProjectImage:
        """The image, if the caller's role in its project allows this."""
        image = image_records.project_image_by_uuid(self.connection, uuid)
        self._authorize(image.project_id, permission, "image")
        return image

    def layer(self, uuid: UUID, permission: Permission) -> tuple[Layer, ProjectImage]:
        """The layer and its image, if the caller's role in the project allows this."""
        layer = layer_store.layer_by_uuid(self.connection, uuid)
        image = image_records.project_image_by_id(self.connection, layer.image_id)
        self._authorize(image.project_id, permission, "layer")
        return layer, image

    def annotation(self, number: int, permission: Permission) -> tuple[Annotation, Layer, ProjectImage]:
        """The object, its layer and image, if the caller's role in the project allows this."""
        try:
            found = store.annotation_by_id(self.connection, number)
            layer, image = self.layer(layer_store.layer_by_id(self.connection, found.layer_id).uuid, permission)
        except NotFoundError:
            raise NotFoundError(f"There is no object {number}; it may have been deleted.") from None
        return found, layer, image

    def editable_layer(self, uuid: UUID) -> tuple[Layer, ProjectImage]:
        """The layer, if the caller may change its objects."""
        layer, image = self.layer(uuid, Permission.ANNOTATE)
        if not self.may_edit(layer, image.project_id):
            raise PermissionDeniedError(
                f"The layer {layer.name!r} belongs to someone else. Draw on a layer of your own."
            )
        return layer, image

    def reviewable_layer(self, uuid: UUID, image: ProjectImage) -> Layer:
        """The image's layer, if the caller may decide on its objects: reviewers also on others' own layers."""
        layer, found = self.layer(uuid, Permission.ANNOTATE)
        if found.id != image.id:
            raise InvalidInputError(f"The layer {layer.name!r} is of another image. Choose one of {image.name}.")
        reviews = role_of(self.connection, self.actor, image.project_id) is Role.REVIEWER
        if not reviews and not self.may_edit(layer, image.project_id):
            raise PermissionDeniedError(
                f"The layer {layer.name!r} belongs to someone else. A reviewer of the project may decide on it."
            )
        return layer

    def may_edit(self, layer: Layer, project_id: int) -> bool:
        """One's own layers, and those that jobs and imports made; managers edit all."""
        role = role_of(self.connection, self.actor, project_id)
        if role is None or self.actor.read_only or not role_allows(role, Permission.ANNOTATE):
            return False
        own = layer.creator_id == self.actor.user_id
        return own or layer.kind != "user" or role_allows(role, Permission.MANAGE)

    def job(self, uuid: UUID, permission: Permission) -> Job:
        """The job, if the caller's role in its project allows this."""
        job = ledger.job_by_uuid(self.connection, uuid)
        self._authorize(job.project_id, permission, "job")
        return job

    def term(self, term_id: int, permission: Permission) -> Term:
        """The class, if the caller's role in a project with its ontology allows this."""
        term = ontologies.term_by_id(self.connection, term_id)
        denied: PermissionDeniedError | None = None
        for project_id in ontologies.projects_with(self.connection, term.ontology_id):
            try:
                authorize(self.connection, self.actor, project_id, permission)
            except PermissionDeniedError as error:
                denied = error
            except NotFoundError:
                continue
            else:
                return term
        if denied is not None:
            raise denied
        raise NotFoundError(f"There is no class {term_id}.")

    def upload(self, upload_id: str, *, held: bool = False) -> Upload:
        """The caller's own upload."""
        upload = uploads.upload_by_id(self.connection, upload_id, held=held)
        self._authorize(upload.project_id, Permission.MANAGE, "upload")
        if upload.user_id != self.actor.user_id:
            raise NotFoundError("There is no such upload; it may have been cancelled.")
        return upload

    def _authorize(self, project_id: int, permission: Permission, what: str) -> Role:
        """Authorize in the words of what was asked for, so that an outsider learns nothing."""
        try:
            return authorize(self.connection, self.actor, project_id, permission)
        except NotFoundError:
            raise NotFoundError(f"There is no such {what}, or you are not a member of its project.") from None

    def member(self, project_id: int) -> Role:
        """The caller's role in a project that is known to exist, or ``NotFoundError``."""
        return self._authorize(project_id, Permission.VIEW, "project")


def images_of(access: Access, project: Project, ids: list[UUID] | None) -> list[ProjectImage]:
    """The images that are named, else all that are ready."""
    if ids is not None:
        return image_records.images_by_uuid(access.connection, project.id, ids)
    every = image_records.project_images(access.connection, project.id, limit=100_000)
    return [one for one in every if one.state == "ready"]
