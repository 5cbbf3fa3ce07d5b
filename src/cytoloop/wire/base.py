"""What all wire models share."""

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")


class WireModel(BaseModel):
    """A model that refuses unknown fields, so that a misspelt one is an error, not silence."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Page(WireModel, Generic[Item]):
    """One page of a list; ``next`` is the cursor of the page after it, null on the last."""

    items: list[Item]
    next: str | None = None
    total: int | None = None


class Problem(BaseModel):
    """An error, ``application/problem+json`` (RFC 9457), with a stable ``code`` and extra facts."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
