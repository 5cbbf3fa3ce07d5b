"""From a request to a queued job, for every kind of job that people start by hand."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from cytoloop.annotations.geometry import parse_geojson
from cytoloop.annotations.model import Layer
from cytoloop.core.errors import NotFoundError
from cytoloop.jobs.model import Job as JobRecord
from cytoloop.learning.classifiers.configuration import configuration_of
from cytoloop.learning.landmarks.configuration import LandmarkConfiguration
from cytoloop.learning.pixels.configuration import PixelConfiguration
from cytoloop.learning.registry import MethodRegistry
from cytoloop.measurements.features.catalogue import Wanted
from cytoloop.projects import images as image_records
from cytoloop.projects.permissions import Permission
from cytoloop.projects.store import Project
from cytoloop.server.access import Access, images_of
from cytoloop.server.dependencies import Services
from cytoloop.wire import jobs as wire
from cytoloop.wire.classifiers import (
    ClassifyImagesRequest,
    ClassifyRequest,
    TrainClassifierRequest,
    TrainImageClassifierRequest,
)
from cytoloop.wire.exploring import ExploreRequest
from cytoloop.wire.landmarks import DetectLandmarksRequest, TrainLandmarksRequest
from cytoloop.wire.pixels import TrainPixelsRequest
from cytoloop.wire.similar import IndexObjectsRequest
from cytoloop.wire.tuning import FineTuneRequest
from cytoloop.workflows.classification import classifying
from cytoloop.workflows.classification import training as classifier_training
from cytoloop.workflows.classification.labelled import layers_to_learn_from
from cytoloop.workflows.classification.shelf import ClassifierShelf
from cytoloop.workflows.comparison import jobs as comparing_jobs
from cytoloop.workflows.exploration import exploring
from cytoloop.workflows.exploration.populations import like_layers
from cytoloop.workflows.finetuning import starting as finetuning
from cytoloop.workflows.finetuning.plan import TuningPlan
from cytoloop.workflows.imageclasses.applying import start_image_classification
from cytoloop.workflows.imageclasses.training import ImageTrainingOrder, start_image_training
from cytoloop.workflows.landmarks import detecting as landmark_detecting
from cytoloop.workflows.landmarks import training as landmark_training
from cytoloop.workflows.landmarks.shelf import LandmarkShelf
from cytoloop.workflows.measurements import measuring
from cytoloop.workflows.objects import editing
from cytoloop.workflows.pixels import training as pixel_training
from cytoloop.workflows.segmentation import segmenting
from cytoloop.workflows.similar.indexing import start_indexing

AnalysisRequest = wire.SegmentRequest | wire.MeasureRequest | ExploreRequest | wire.CompareRequest
ImagesRequest = TrainImageClassifierRequest | ClassifyImagesRequest
LearningRequest = TrainClassifierRequest | ClassifyRequest | FineTuneRequest | TrainPixelsRequest | IndexObjectsRequest
LandmarkRequest = TrainLandmarksRequest | DetectLandmarksRequest
JobRequest = Annotated[
    AnalysisRequest | LearningRequest | ImagesRequest | LandmarkRequest, wire.Field(discriminator="kind")
]


def started(access: Access, services: Services, project: Project, body: JobRequest) -> JobRecord:
    """Check the request and queue the job."""
    if isinstance(body, AnalysisRequest):
        return _analysis(access, services, project, body)
    if isinstance(body, LandmarkRequest):
        return _landmarks(access, services.landmarks, project, body)
    if isinstance(body, ImagesRequest):
        return _of_images(access, services.image_classifiers, project, body)
    return _learning(access, services, project, body)


def _analysis(access: Access, services: Services, project: Project, body: AnalysisRequest) -> JobRecord:
    match body:
        case wire.SegmentRequest():
            return _segment(access, services, project, body)
        case wire.MeasureRequest():
            return _measure(access, project, body)
        case ExploreRequest():
            return _explore(access, services, project, body)
        case wire.CompareRequest():
            return _compare(access, services.methods_of(project.uuid), project, body)


def _learning(access: Access, services: Services, project: Project, body: LearningRequest) -> JobRecord:
    match body:
        case TrainClassifierRequest():
            return _train_classifier(access, services.classifiers, project, body)
        case ClassifyRequest():
            return _classify(access, services.classifiers, project, body)
        case FineTuneRequest():
            return _fine_tune(access, services.methods, project, body)
        case TrainPixelsRequest():
            return _train_pixels(access, project, body)
        case IndexObjectsRequest():
            layers = layers_to_learn_from(access.connection, images_of(access, project, body.image_ids))
            return start_indexing(access.connection, layers, project=project, user_id=access.actor.user_id)


def _segment(access: Access, services: Services, project: Project, body: wire.SegmentRequest) -> JobRecord:
    if body.image_ids is None:
        every = image_records.project_images(access.connection, project.id, limit=100_000)
        images = [one for one in every if one.state == "ready"]
    else:
        images = image_records.images_by_uuid(access.connection, project.id, body.image_ids)
    region = None if body.region is None else parse_geojson(body.region, "The region")
    editing.check_terms(access.connection, project.id, [body.term_id])
    if body.classifier is not None:
        services.classifiers.version(project.uuid, body.classifier)  # else the end would tell that there is none
    order = segmenting.SegmentOrder(
        method=body.method,
        parameters=body.parameters,
        images=images,
        region=region,
        z=body.z,
        t=body.t,
        term_id=body.term_id,
        pixel_um=body.pixel_um,
        foreground=body.foreground,
        classifier=body.classifier,
    )
    return segmenting.start_segmentation(
        access.connection, services.methods_of(project.uuid), order, project_id=project.id, user_id=access.actor.user_id
    )


def _compare(access: Access, methods: MethodRegistry, project: Project, body: wire.CompareRequest) -> JobRecord:
    (image,) = image_records.images_by_uuid(access.connection, project.id, [body.image_id])
    order = comparing_jobs.CompareOrder(
        methods=body.methods,
        steps=body.steps,
        image=image,
        region=None if body.region is None else parse_geojson(body.region, "The region"),
        z=body.z,
        t=body.t,
    )
    return comparing_jobs.start_comparison(
        access.connection, methods, order, project_id=project.id, user_id=access.actor.user_id
    )


def _measure(access: Access, project: Project, body: wire.MeasureRequest) -> JobRecord:
    chosen: dict[int, Layer] = {}
    for uuid in body.layer_ids:
        layer, image = _layer_of(access, project, uuid)
        alike = like_layers(access.connection, layer, image) if body.everywhere else [(layer, image)]
        chosen |= {one.id: one for one, _ in alike}
    layers = list(chosen.values())
    wanted = Wanted(tuple(body.features), body.ring_px, body.neighbour_px, body.full_scale)
    return measuring.start_measurement(
        access.connection, layers, wanted, project_id=project.id, user_id=access.actor.user_id
    )


def _layer_of(access: Access, project: Project, uuid: UUID) -> tuple[Layer, image_records.ProjectImage]:
    layer, image = access.layer(uuid, Permission.RUN)
    if image.project_id != project.id:
        raise NotFoundError(f"There is no layer {uuid} in this project.")
    return layer, image


def _explore(access: Access, services: Services, project: Project, body: ExploreRequest) -> JobRecord:
    layer, image = _layer_of(access, project, body.layer_id)
    names = ("step", "method", "count", "smallest", "perplexity", "neighbours", "seed")
    features = None if body.features is None else tuple(body.features)
    order = exploring.Exploration(features=features, **{name: getattr(body, name) for name in names})
    return exploring.start_exploration(
        access.connection,
        layer,
        image,
        order,
        scope=body.scope,
        folder=services.measurements,
        user_id=access.actor.user_id,
    )


def _train_classifier(
    access: Access, shelf: ClassifierShelf, project: Project, body: TrainClassifierRequest
) -> JobRecord:
    order = classifier_training.TrainingOrder(
        images=images_of(access, project, body.image_ids),
        configuration=configuration_of(body.configuration.model_dump()),
        test_images=images_of(access, project, body.test_image_ids),
        then_classify=_own_layers(access, project, images_of(access, project, body.then_classify)),
        earlier=None if body.continue_from is None else shelf.version(project.uuid, body.continue_from),
    )
    return classifier_training.start_training(access.connection, order, project=project, user_id=access.actor.user_id)


def _classify(access: Access, shelf: ClassifierShelf, project: Project, body: ClassifyRequest) -> JobRecord:
    newest = shelf.newest(project.uuid) if body.classifier is None else None
    version = newest or shelf.version(project.uuid, body.classifier or 0)
    if body.layer_ids is None:
        layers = _own_layers(access, project, images_of(access, project, body.image_ids))
    else:
        found = [access.editable_layer(one) for one in body.layer_ids]
        if any(image.project_id != project.id for _, image in found):
            raise NotFoundError("One of the layers is not of this project.")
        layers = [layer for layer, _ in found]
    return classifying.start_classification(
        access.connection, version, layers, project=project, user_id=access.actor.user_id
    )


def _of_images(access: Access, shelf: ClassifierShelf, project: Project, body: ImagesRequest) -> JobRecord:
    images = images_of(access, project, body.image_ids)
    connection, user_id = access.connection, access.actor.user_id
    if isinstance(body, ClassifyImagesRequest):
        number = body.classifier
        version = shelf.newest(project.uuid) if number is None else shelf.version(project.uuid, number)
        return start_image_classification(connection, version, images, project=project, user_id=user_id)
    order = ImageTrainingOrder(
        images=images,
        configuration=configuration_of(body.configuration.model_dump()),
        test_images=images_of(access, project, body.test_image_ids),
        then_classify=body.then_classify,
        earlier=None if body.continue_from is None else shelf.version(project.uuid, body.continue_from),
    )
    return start_image_training(connection, order, project=project, user_id=user_id)


def _train_pixels(access: Access, project: Project, body: TrainPixelsRequest) -> JobRecord:
    order = pixel_training.PixelTrainingOrder(
        images=images_of(access, project, body.image_ids),
        configuration=PixelConfiguration.model_validate(body.configuration.model_dump()),
        background=body.background_term_id,
        automatic=body.automatic,
    )
    return pixel_training.start_pixel_training(access.connection, order, project=project, user_id=access.actor.user_id)


def _landmarks(access: Access, shelf: LandmarkShelf, project: Project, body: LandmarkRequest) -> JobRecord:
    images = images_of(access, project, body.image_ids)
    connection, user_id = access.connection, access.actor.user_id
    if isinstance(body, TrainLandmarksRequest):
        configuration = LandmarkConfiguration.model_validate(body.configuration.model_dump())
        learnt = landmark_training.LandmarkTrainingOrder(images, configuration, body.term_ids)
        return landmark_training.start_landmark_training(connection, learnt, project=project, user_id=user_id)
    newest = shelf.newest(project.uuid) if body.detector is None else None
    version = newest or shelf.version(project.uuid, body.detector or 0)
    wanted = landmark_detecting.DetectionOrder(images, version, body.z, body.t)
    return landmark_detecting.start_landmark_detection(connection, wanted, project=project, user_id=user_id)


def _own_layers(access: Access, project: Project, images: Sequence[image_records.ProjectImage]) -> list[Layer]:
    """The layers of these images whose objects the caller may change."""
    return [one for one in layers_to_learn_from(access.connection, images) if access.may_edit(one, project.id)]


def _fine_tune(access: Access, methods: MethodRegistry, project: Project, body: FineTuneRequest) -> JobRecord:
    terms = [*(body.term_ids or ()), body.complete_term_id]
    editing.check_terms(access.connection, project.id, terms)
    order = finetuning.TuningOrder(
        start=body.start,
        name=body.name,
        images=images_of(access, project, body.image_ids),
        plan=TuningPlan.model_validate(body.plan.model_dump()),
        test_images=images_of(access, project, body.test_image_ids),
        terms=body.term_ids,
        complete_term=body.complete_term_id,
        channel=body.channel,
    )
    return finetuning.start_tuning(
        access.connection, methods, order, project_id=project.id, user_id=access.actor.user_id
    )
