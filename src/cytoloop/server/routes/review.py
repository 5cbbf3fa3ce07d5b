"""The review of proposals: accept, reject, and how far it is."""

from uuid import UUID

from fastapi import APIRouter

from cytoloop.annotations import history as history_store
from cytoloop.annotations import layers as layer_store
from cytoloop.projects.permissions import Permission
from cytoloop.server.access import Access
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep
from cytoloop.server.filtering import as_filter
from cytoloop.server.serialise import history_wire, review_counts_wire
from cytoloop.wire import objects as wire
from cytoloop.workflows.objects import curating

router = APIRouter(tags=["review"])


@router.post("/images/{image_id}/review")
def review(image_id: UUID, body: wire.ReviewRequest, write: WriteDep, services: ServicesDep) -> wire.ReviewResult:
    """Accept or reject objects of a layer, in one step.

    Accepted objects are copied, as they are now, into the image's review layer with their origin as parent.
    Rejecting an accepted object takes its copy away again.
    """

    def work(access: Access) -> wire.ReviewResult:
        image = access.image(image_id, Permission.ANNOTATE)
        layer = access.reviewable_layer(body.layer_id, image)
        connection, user_id = access.connection, access.actor.user_id
        answer = curating.decide_many(
            connection,
            as_filter(connection, body.filter, body.ids),
            body.decision,
            layer=layer,
            user_id=user_id,
            announcer=services.announcer,
            key=body.idempotency_key,
        )
        target = layer_store.find_review_layer(connection, image.id)
        return wire.ReviewResult(
            **answer,
            review_layer_id=None if target is None else target.uuid,
            counts=review_counts_wire(layer_store.state_counts(connection, [layer.id])[layer.id]),
            history=history_wire(history_store.history_state(connection, image_id=image.id, user_id=user_id)),
        )

    return write(work)


@router.get("/projects/{project_id}/review")
def read_progress(project_id: UUID, access: ReadDep) -> wire.ProjectReview:
    """How far the review of each image's run layers is."""
    project, _ = access.project(project_id, Permission.VIEW)
    progress = curating.review_progress(access.connection, project.id)
    return wire.ProjectReview(
        images=[
            wire.ImageReview(
                image_id=one.image.uuid,
                name=one.image.name,
                layers=one.layers,
                **review_counts_wire(one.counts).model_dump(),
            )
            for one in progress
        ],
        total=review_counts_wire(curating.summed(one.counts for one in progress)),
    )
