"""Placeholder until its reader is written; recognises nothing."""

from pathlib import Path

from cytoloop.core.errors import UnreadableImageError
from cytoloop.images.source import ImageSource


class PendingFormat:
    """Recognises nothing."""

    name = "nd2"
    priority = 95
    extensions: tuple[str, ...] = ()

    def recognises(self, path: Path, head: bytes) -> bool:
        """Never."""
        return False

    def open(self, path: Path) -> ImageSource:
        """Never called."""
        raise UnreadableImageError(f"{path.name} cannot be read yet.")


FORMAT = PendingFormat()
