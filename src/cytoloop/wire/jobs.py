"""Jobs, segmentation methods and events."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from .base import WireModel

MethodGroup = Literal["models", "classical", "own", "plugins"]
"""Shipped models; methods without learning; the user's models and pipelines; what other packages bring."""
JobState = Literal["queued", "running", "done", "failed", "cancelled"]


class MethodInfo(WireModel):
    """A segmentation method; ``parameters`` is a JSON schema from which a form can be made.

    Schema properties use ``title``, ``description``, ``default``, ``minimum``, ``maximum``, ``enum``, and
    the extensions ``unit`` and ``advanced`` (shown only on request).
    """

    name: str
    title: str
    description: str
    group: MethodGroup
    parameters: dict[str, Any]


class SegmentRequest(WireModel):
    """Segment images (all of the project where ``image_ids`` is null), or one ``region`` of one image.

    ``region`` is a GeoJSON Polygon or MultiPolygon in full-resolution pixels. ``z``/``t`` null means every plane.
    ``pixel_um`` is the size of a pixel (µm) at which to analyse, if coarser than the image's own; parameters in px then
    refer to it. ``foreground`` names a method, such as ``tissue``, that says where on a slide to look. ``classifier``:
    the number of the project's classifier that suggests a class for each object, once all are found.
    """

    kind: Literal["segment"] = "segment"
    method: str
    parameters: dict[str, Any] = Field(default_factory=dict[str, Any])
    image_ids: list[UUID] | None = None
    region: dict[str, Any] | None = None
    z: int | None = Field(default=0, ge=0)
    t: int | None = Field(default=0, ge=0)
    term_id: int | None = None
    pixel_um: float | None = Field(default=None, gt=0, le=1000)
    foreground: str | None = Field(default=None, max_length=100)
    classifier: int | None = Field(default=None, ge=1, le=999_999)


FeatureSetName = Literal["moments", "texture", "granularity", "radial", "colocalisation", "ring", "neighbours"]


class MeasureRequest(WireModel):
    """Measure every object of these layers: size, shape and intensities always, and the ``features`` that are named.

    ``ring_px`` is the width of the ring around objects, ``neighbour_px`` how near a neighbour's centre is, and
    ``full_scale`` the pixel value that counts as 1 for texture and what else needs a scale (None: the type's largest).
    ``everywhere``: also the layers like these in all other images of the project, that is, those of the same run, else
    of the same kind and name.
    """

    kind: Literal["measure"] = "measure"
    layer_ids: list[UUID] = Field(min_length=1, max_length=1000)
    features: list[FeatureSetName] = Field(default_factory=list[FeatureSetName], max_length=7)
    ring_px: int = Field(default=5, ge=1, le=100)
    neighbour_px: float = Field(default=50, gt=0, le=1000)
    full_scale: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    everywhere: bool = False


class CompareRequest(WireModel):
    """Compare methods, each with each preprocessing (short names), on a ``region`` of one plane of an image.

    Of a large region the middle is taken. ``region`` is as for segmentation.
    """

    kind: Literal["compare"] = "compare"
    methods: list[str] = Field(min_length=1, max_length=50)
    steps: list[str] = Field(default_factory=lambda: ["none"], min_length=1, max_length=50)
    image_id: UUID
    region: dict[str, Any] | None = None
    z: int = Field(default=0, ge=0)
    t: int = Field(default=0, ge=0)


class ExportRequest(WireModel):
    """Write a set of files of the project's images (all, or those named) as a zip, to be fetched when it is done.

    ``layers`` are names or kinds, ``classes`` names; all unless told. ``predictions``: with what nobody has accepted.
    """

    set: str = Field(max_length=40)
    image_ids: list[UUID] | None = Field(default=None, max_length=5000)
    layers: list[str] = Field(default_factory=list[str], max_length=100)
    classes: list[str] = Field(default_factory=list[str], max_length=1000)
    downsample: float = Field(default=1.0, ge=0.05, le=1024)
    crop_px: int = Field(default=256, ge=0, le=4096)
    predictions: bool = True


class JobFile(WireModel):
    """A file that a job offers for download, and until when."""

    name: str
    size_bytes: int
    until: datetime


class Job(WireModel):
    id: UUID
    project_id: UUID
    kind: Literal[
        "segment",
        "measure",
        "explore",
        "compare",
        "import",
        "export",
        "import-set",
        "train-classifier",
        "classify",
        "fine-tune",
        "train-pixels",
        "index-objects",
        "train-landmarks",
        "detect-landmarks",
        "train-image-classifier",
        "classify-images",
    ]
    title: str
    state: JobState
    progress: float
    message: str
    error: str | None
    tasks_total: int
    tasks_done: int
    tasks_failed: int
    creator: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    parameters: dict[str, Any]
    layer_ids: list[UUID]
    image_ids: list[UUID]
    file: JobFile | None = None


class LogLine(WireModel):
    id: int
    at: datetime
    level: Literal["info", "warning", "error"]
    text: str


class Event(WireModel):
    """One server-sent event: ``event:`` is ``kind``, ``data:`` the JSON of ``data``.

    Kinds: ``job`` (a ``Job``), ``job_log`` ({job_id, line: LogLine}), ``image`` (an ``Image``), ``image_removed``
    ({id}), ``layer`` (a ``LayerChanged`` plus image_id), ``layer_removed`` ({id, image_id}), ``ontology`` ({}),
    ``upload`` (an ``Upload``).
    """

    id: int
    kind: str
    data: dict[str, Any]
