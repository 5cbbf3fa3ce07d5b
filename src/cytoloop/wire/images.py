"""Images, their tiles and pixels, uploads and files on the server."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from .base import WireModel


class ImageChannel(WireModel):
    """A channel and how it is shown at first: colour, and the range of values from dark to bright."""

    name: str
    color: str
    low: float
    high: float


class TileLevel(WireModel):
    """One resolution of the tile grid. ``downsample`` is relative to full resolution."""

    width: int
    height: int
    downsample: float
    tile_width: int
    tile_height: int


class Image(WireModel):
    """An image of a project.

    ``levels`` run from full resolution (index 0) to the smallest. ``rgb`` images have no ``channels``;
    for the others ``channels[i]`` describes channel ``i``. ``content_version`` goes into tile URLs. ``term_id`` is the
    class of the whole image; ``term_score`` the probability that a classifier gave, null where a person gave it.
    """

    id: UUID
    project_id: UUID
    name: str
    state: Literal["importing", "ready", "failed"]
    error: str | None
    format: str | None
    width: int | None
    height: int | None
    size_z: int
    size_c: int
    size_t: int
    dtype: str | None
    rgb: bool
    levels: list[TileLevel]
    channels: list[ImageChannel]
    pixel_width_um: float | None
    pixel_height_um: float | None
    z_spacing_um: float | None
    frame_interval_s: float | None
    magnification: float | None
    vendor: str | None
    associated: list[str]
    metadata: dict[str, str]
    content_version: str | None
    sha256: str | None
    size_bytes: int
    annotation_count: int
    position: int
    term_id: int | None
    term_score: float | None


class ImageUpdate(WireModel):
    name: str | None = Field(default=None, min_length=1, max_length=300)


class ImageRegister(WireModel):
    """Register files in place: paths below one of the folders that the server's settings allow."""

    paths: list[str] = Field(min_length=1, max_length=10_000)


class Arrival(WireModel):
    """Whether an image's files are on the server's disk (``here``), or how much of them has come.

    ``size_bytes`` is 0 while it is not known; ``error`` tells why they do not come.
    """

    here: bool
    fetched_bytes: int
    size_bytes: int
    error: str | None = None


class ServerEntry(WireModel):
    name: str
    path: str
    kind: Literal["folder", "file"]
    size_bytes: int | None


class ChannelHistogram(WireModel):
    """Counts of values in equal bins from ``minimum`` to ``maximum``; ``low``/``high``: the automatic range."""

    channel: int
    minimum: float
    maximum: float
    low: float
    high: float
    counts: list[int]


class PixelValue(WireModel):
    """The values at one pixel: red, green, blue for RGB images, else one a channel."""

    x: int
    y: int
    values: list[float]


class Upload(WireModel):
    """A resumable upload (tus 1.0.0); ``state`` tells what became of the file after its last byte."""

    id: str
    filename: str
    size_bytes: int
    offset: int
    state: Literal["receiving", "received", "importing", "done", "failed"]
    error: str | None
    image_ids: list[UUID]


class UploadsImport(WireModel):
    """Complete uploads that were held back, to be imported together as the folder they came from."""

    upload_ids: list[str] = Field(min_length=1, max_length=20_000)
