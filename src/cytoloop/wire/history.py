"""What was done on an image."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from .base import WireModel


class HistoryEntry(WireModel):
    """One step of work on an image.

    ``undoable``: the caller's own undo will come to it. ``objects``: how many were made, changed or deleted.
    ``layer`` is null where the layer was deleted since.
    """

    id: int
    at: datetime
    who: str
    label: str
    layer_id: UUID | None
    layer: str | None
    objects: int
    state: Literal["done", "undone"]
    own: bool
    undoable: bool
