"""Classifiers of objects: labels, versions, scores, and the queue of what to label next."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from .base import WireModel

LearnerName = Literal["extra-trees", "boosting", "svm", "linear"]
QueueName = Literal["uncertainty", "diversity", "disagreement"]


class ClassifierConfiguration(WireModel):
    """How to train; the defaults do for few labels. ``trees`` are those of extra trees, three a round of boosting."""

    learner: LearnerName = "extra-trees"
    trees: int = Field(default=300, ge=10, le=2000)
    balanced: bool = True
    regularisation: float = Field(default=1.0, gt=0, le=1e4)
    folds: int = Field(default=5, ge=2, le=20)
    seed: int = Field(default=0, ge=0, lt=2**31)


class CropAugmentation(WireModel):
    """How crops are changed while a network learns; 0 or false leaves them."""

    flips: bool = True
    rotation_degrees: float = Field(default=180.0, ge=0, le=180)
    scale: float = Field(default=0.15, ge=0, le=0.5)
    shift: float = Field(default=0.05, ge=0, le=0.5)
    intensity: float = Field(default=0.15, ge=0, le=1)
    noise: float = Field(default=0.03, ge=0, le=0.5)
    blur: float = Field(default=0.15, ge=0, le=1)


class NetworkConfiguration(WireModel):
    """How to train a network on crops: a small one from nothing, or the shipped encoder with a head.

    ``frozen``: only the head learns. ``side``: of a crop as the network sees it, px; ``context``: of a crop over the
    longer side of its object. ``learning_rate`` null: one that suits the optimiser.
    """

    learner: Literal["cnn", "encoder"]
    frozen: bool = True
    side: int = Field(default=64, ge=32, le=224, multiple_of=16)
    context: float = Field(default=1.5, ge=1, le=6)
    hidden: bool = False
    own_range: bool = True
    epochs: int = Field(default=60, ge=1, le=1000)
    patience: int = Field(default=15, ge=1, le=1000)
    batch: int = Field(default=32, ge=4, le=512)
    learning_rate: float | None = Field(default=None, gt=0, le=1)
    weight_decay: float = Field(default=0.01, ge=0, le=1)
    optimiser: Literal["adamw", "sgd"] = "adamw"
    loss: Literal["cross-entropy", "focal"] = "cross-entropy"
    label_smoothing: float = Field(default=0.05, ge=0, le=0.5)
    focal_gamma: float = Field(default=2.0, ge=0, le=10)
    balanced: bool = True
    dropout: float = Field(default=0.2, ge=0, le=0.9)
    averaging: float = Field(default=0.98, ge=0, lt=1)
    validation_share: float = Field(default=0.2, ge=0.05, le=0.5)
    augmentation: CropAugmentation = Field(default_factory=CropAugmentation)
    seed: int = Field(default=0, ge=0, lt=2**31)


AnyConfiguration = Annotated[ClassifierConfiguration | NetworkConfiguration, Field(discriminator="learner")]
SubjectName = Literal["objects", "images"]


class TrainClassifierRequest(WireModel):
    """Learn from the objects that people classified on these images (all where null).

    Those of ``test_image_ids`` are only scored. ``then_classify``: apply it at once to these images.
    ``continue_from``: the number of an earlier network of the same kind whose weights are the start.
    """

    kind: Literal["train-classifier"] = "train-classifier"
    image_ids: list[UUID] | None = Field(default=None, max_length=5000)
    test_image_ids: list[UUID] = Field(default_factory=list[UUID], max_length=5000)
    then_classify: list[UUID] = Field(default_factory=list[UUID], max_length=5000)
    configuration: AnyConfiguration = Field(default_factory=lambda: ClassifierConfiguration())
    continue_from: int | None = Field(default=None, ge=1, le=999_999)


class ClassifyRequest(WireModel):
    """Suggest classes for objects without one from a person: of these layers, else of these images, else of all.

    ``classifier`` is its number; the newest where null.
    """

    kind: Literal["classify"] = "classify"
    classifier: int | None = Field(default=None, ge=1, le=999_999)
    image_ids: list[UUID] | None = Field(default=None, max_length=5000)
    layer_ids: list[UUID] | None = Field(default=None, max_length=1000)


class TrainImageClassifierRequest(WireModel):
    """Learn from the classes that people gave whole images (of all where null).

    Those of ``test_image_ids`` are only scored. ``then_classify``: suggest classes for the other images at once.
    ``continue_from``: the number of an earlier network of the same kind whose weights are the start.
    """

    kind: Literal["train-image-classifier"] = "train-image-classifier"
    image_ids: list[UUID] | None = Field(default=None, max_length=5000)
    test_image_ids: list[UUID] = Field(default_factory=list[UUID], max_length=5000)
    then_classify: bool = True
    configuration: AnyConfiguration = Field(default_factory=lambda: ClassifierConfiguration())
    continue_from: int | None = Field(default=None, ge=1, le=999_999)


class ClassifyImagesRequest(WireModel):
    """Suggest classes for whole images without one from a person; ``classifier`` null is the newest."""

    kind: Literal["classify-images"] = "classify-images"
    classifier: int | None = Field(default=None, ge=1, le=999_999)
    image_ids: list[UUID] | None = Field(default=None, max_length=5000)


class ImageClass(WireModel):
    """The class of an image; null takes it away. With ``term_score`` a suggestion is put back, as by undo."""

    image_id: UUID
    term_id: int | None
    term_score: float | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _scored_class(self) -> Self:
        if self.term_score is not None and self.term_id is None:
            raise ValueError("A suggestion needs a class.")
        return self


class ImageClasses(WireModel):
    """Classes that a person gives images; of a suggested one, the same class agrees to it."""

    images: list[ImageClass] = Field(min_length=1, max_length=5000)


class ImageSuggestions(WireModel):
    """Agree to all suggested classes of images that are at least so probable, or take all suggestions away."""

    action: Literal["accept", "clear"]
    min_score: float = Field(default=0.0, ge=0, le=1)


class Changed(WireModel):
    changed: int


class CheckedImage(WireModel):
    """An image of one cell of the confusion matrix; ``score`` is the probability of the class it was taken for."""

    image_id: UUID
    score: float


class LabelledClass(WireModel):
    """Objects of a class: with a class from a person, and with a suggested one."""

    term_id: int | None
    labelled: int
    suggested: int


class LabelledImage(WireModel):
    image_id: UUID
    name: str
    classes: list[LabelledClass]


class Labels(WireModel):
    """Areas of a project by class; ``term_id`` null counts those without. Images without areas are left out.

    ``can_train_networks`` is false where the server lacks torch.
    """

    can_train_networks: bool

    images: list[LabelledImage]
    total: list[LabelledClass]


class ClassifierClass(WireModel):
    name: str
    color: str


class ClassScore(WireModel):
    """One class against all others; null where not defined. ``roc``: false and true positive rate, from (0, 0)."""

    support: int
    precision: float | None
    recall: float | None
    f1: float | None
    auc: float | None
    roc: list[tuple[float, float]]


class PartitionScores(WireModel):
    """``confusion[truth][predicted]`` counts objects. ``macro_f1`` is the mean over the classes that occur."""

    partition: Literal["held_out", "training", "test"]
    objects: int
    accuracy: float | None
    macro_f1: float | None
    log_loss: float | None
    confusion: list[list[int]]
    classes: list[ClassScore]


class TrainingPoint(WireModel):
    """A point of the curves of a network: after an epoch, on what it learns from and on what is held out.

    ``best``: whether these were the weights to keep so far.
    """

    epoch: int
    epochs: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    best: bool
    seconds: float


class Classifier(WireModel):
    """A version. ``labels`` are counts by class of what it learnt from; empty for one made elsewhere."""

    version: int
    title: str
    classes: list[ClassifierClass]
    learner: str | None
    labels: list[int]
    images: int | None
    macro_f1: float | None
    accuracy: float | None
    trained_at: datetime | None
    subject: SubjectName


class ClassifierDetails(Classifier):
    """``split`` says whether images or objects were held out together. ``curve`` and what follows are a network's."""

    card: str
    split: Literal["image", "object"] | None
    folds: int | None
    scores: list[PartitionScores]
    configuration: dict[str, Any]
    features: str
    curve: list[TrainingPoint]
    continued_from: int | None
    best_epoch: int | None
    ended_by: str | None


class QueuedObject(WireModel):
    """An object without a class from a person; ``value`` is what the queue is sorted by."""

    image_id: UUID
    layer_id: UUID
    annotation_id: int
    version: int
    term_id: int | None
    term_score: float | None
    value: float


class CheckedObject(WireModel):
    """A label of one cell of the confusion matrix; ``score`` is the probability of the class it was taken for."""

    image_id: UUID
    layer_id: UUID
    annotation_id: int
    version: int
    score: float
