"""Fine-tuning of segmentation models on corrected objects."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from .base import WireModel


class TuningPlan(WireModel):
    """How to train. ``unmarked``: what pixels without annotation are; ``unknown`` where objects may be missing.

    ``rounds`` are trainings in a row, each of which adds objects that the last one found and was sure of; ``steps``
    are those of one round.
    """

    unmarked: Literal["background", "unknown"] = "unknown"
    rounds: int = Field(default=2, ge=1, le=10)
    steps: int = Field(default=300, ge=1, le=20_000)
    batch: int = Field(default=8, ge=1, le=64)
    learning_rate: float = Field(default=1e-3, gt=0, le=0.1)
    seed: int = Field(default=0, ge=0, lt=2**31)


class FineTuneRequest(WireModel):
    """Go on training the model ``start`` with the accepted outlines of these images (all where null).

    ``test_image_ids`` are held out to compare before and after; some are chosen where there are none. ``term_ids``:
    learn from these classes only. Areas of the class ``complete_term_id`` are no objects: all in them is annotated.
    ``name`` is the new model's.
    """

    kind: Literal["fine-tune"] = "fine-tune"
    start: str = Field(max_length=100)
    name: str = Field(min_length=1, max_length=60)
    image_ids: list[UUID] | None = Field(default=None, max_length=5000)
    test_image_ids: list[UUID] = Field(default_factory=list[UUID], max_length=5000)
    term_ids: list[int] | None = Field(default=None, max_length=1000)
    complete_term_id: int | None = None
    channel: str = Field(default="auto", max_length=200)
    plan: TuningPlan = Field(default_factory=TuningPlan)


class StartModel(WireModel):
    """A model from which training can go on."""

    name: str
    title: str


class CorrectedImage(WireModel):
    """Outlines of an image by what people said of them; ``open`` ones were not looked at yet."""

    image_id: UUID
    name: str
    accepted: int
    open: int
    rejected: int


class Corrections(WireModel):
    """What there is to learn from. ``can_train`` is false where the server lacks torch."""

    can_train: bool
    models: list[StartModel]
    images: list[CorrectedImage]


class TuningScores(WireModel):
    """On the held-out pictures: mean DSB score, mean F1 at IoU 0.5, mean Dice of the foreground; errors are counted."""

    dsb: float
    f1: float
    dice: float
    missed: int
    extra: int
    split: int
    merged: int


class TuningRound(WireModel):
    """A training: annotated objects, and those that the model before it added."""

    number: int
    annotated: int
    added: int


class TuningPoint(WireModel):
    """A point of the curves; the loss on held-out pictures is taken now and then."""

    round: int
    step: int
    loss: float
    validation_loss: float | None = None


class TuningPicture(WireModel):
    """A held-out picture, its DSB score before and after."""

    name: str
    before: float
    after: float


class TuningResult(WireModel):
    """What fine-tuning did. ``kept_as`` is the method's name where the model is kept. Scores: null without held-out."""

    job_id: UUID
    start: str
    name: str
    unmarked: Literal["background", "unknown"]
    pictures_learnt: int
    held_out: int
    before: TuningScores | None
    after: TuningScores | None
    rounds: list[TuningRound]
    curve: list[TuningPoint]
    seconds: float
    pictures: list[TuningPicture]
    kept_as: str | None


class KeepModel(WireModel):
    """The name under which methods will list the model: small letters, digits, ``-``, ``_``, ``.``."""

    name: str = Field(min_length=1, max_length=60)
