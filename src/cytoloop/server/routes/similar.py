"""Objects that look like one."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from cytoloop.core.errors import InvalidInputError
from cytoloop.projects.images import stored_of
from cytoloop.projects.permissions import Permission
from cytoloop.server.access import Access, images_of
from cytoloop.server.dependencies import ServicesDep
from cytoloop.server.state import actor_of
from cytoloop.wire import similar as wire
from cytoloop.workflows.classification.labelled import AREAS, layers_to_learn_from
from cytoloop.workflows.similar.finding import neighbours, object_count, similar_objects, vector_of
from cytoloop.workflows.similar.vectors import layer_vectors

router = APIRouter(tags=["annotations"])


@router.get("/annotations/{annotation_id}/similar")
def list_similar(
    annotation_id: int,
    request: Request,
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 24,
) -> wire.SimilarObjects:
    """Objects of the project that look like this one, and the class that the nearest of them suggest.

    Among those that a job of the kind "index-objects" looked at; the object itself may be new.
    """
    with services.database.read() as connection:
        access = Access(connection, actor_of(request))
        one, own, image = access.annotation(annotation_id, Permission.VIEW)
        if one.kind not in AREAS:
            raise InvalidInputError("Only objects with an area can be compared; this is a point or a line.")
        project, _ = access.project_of(image, Permission.VIEW)
        images = {each.id: each.uuid for each in images_of(access, project, None)}
        layers = layers_to_learn_from(connection, images_of(access, project, None))
        total = object_count(connection, layers)
    vectors = [layer_vectors(services.classifiers, project.uuid, each.uuid) for each in layers]
    with services.library.pyramid(stored_of(image)) as pyramid:  # the connection is not held meanwhile
        query = vector_of(one, layer_vectors(services.classifiers, project.uuid, own.uuid), pyramid)
    near = neighbours(query, vectors, limit)
    with services.database.read() as connection:
        found = similar_objects(connection, near, layers, but=one.id, count=limit, total=total)
    return wire.SimilarObjects(
        objects=[
            wire.SimilarObject(
                image_id=images[each.layer.image_id],
                layer_id=each.layer.uuid,
                annotation_id=each.annotation.id,
                version=each.annotation.version,
                term_id=each.annotation.term_id,
                term_score=each.annotation.term_score,
                similarity=each.similarity,
            )
            for each in found.objects
        ],
        suggestions=[wire.SuggestedClass(term_id=each.term_id, share=each.share) for each in found.suggestions],
        compared=found.compared,
        total=found.total,
    )
