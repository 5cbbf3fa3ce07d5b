"""Projects and their ontologies."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from .accounts import RoleName
from .base import WireModel

Color = str


class Project(WireModel):
    """A project as the caller sees it; ``role`` is the caller's, ``cover_image_id`` a ready image's."""

    id: UUID
    name: str
    description: str
    role: RoleName
    image_count: int
    annotation_count: int
    cover_image_id: UUID | None
    created_at: datetime


class ProjectCreate(WireModel):
    name: str = Field(min_length=1, max_length=200)
    description: str = Field(default="", max_length=20_000)


class ProjectUpdate(WireModel):
    name: str | None = Field(default=None, min_length=1, max_length=200)
    description: str | None = Field(default=None, max_length=20_000)


class Term(WireModel):
    """A class of objects: name, ``#rrggbb`` and a one-character hotkey."""

    id: int
    name: str
    color: Color
    hotkey: str | None
    parent_id: int | None
    position: int


class Ontology(WireModel):
    id: int
    name: str
    terms: list[Term]


class TermCreate(WireModel):
    name: str = Field(min_length=1, max_length=100)
    color: Color | None = Field(default=None, pattern=r"^#[0-9a-fA-F]{6}$")
    hotkey: str | None = Field(default=None, min_length=1, max_length=1)
    parent_id: int | None = None


class TermUpdate(WireModel):
    name: str | None = Field(default=None, min_length=1, max_length=100)
    color: Color | None = Field(default=None, pattern=r"^#[0-9a-fA-F]{6}$")
    hotkey: str | None = Field(default=None, max_length=1)
    parent_id: int | None = None
