"""The one error base and its kinds.

Every error is also a builtin exception, carries a stable ``code`` for programs, and a message for
people that says what went wrong, where, and what to do. ``server`` turns the kind into an HTTP
status in one place; ``cli`` prints the message and exits with ``exit_code``.
"""

import errno
from typing import Any


class CytoloopError(Exception):
    """Base of every error that Cytoloop raises on purpose.

    Parameters
    ----------
    message
        What, where and what to do, in one or two plain sentences.
    details
        JSON-ready facts for programs, such as the current version of a stale object.
    """

    code = "error"
    exit_code = 1

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep ``details`` when an error crosses a process border."""
        return (_rebuild, (type(self), self.message, self.details))


def _rebuild(kind: type[CytoloopError], message: str, details: dict[str, Any]) -> CytoloopError:
    return kind(message, **details)


class InvalidInputError(CytoloopError, ValueError):
    """The caller sent something that cannot be used."""

    code = "invalid_input"
    exit_code = 2


class InvalidGeometryError(InvalidInputError):
    """A geometry is not valid: NaN, outside the image, self-crossing or empty."""

    code = "invalid_geometry"


class UnreadableImageError(InvalidInputError):
    """A file is no image, is damaged, or is of a kind that no format reads."""

    code = "unreadable_image"


class NotFoundError(CytoloopError, LookupError):
    """There is no such thing, or the caller may not know that there is."""

    code = "not_found"


class PermissionDeniedError(CytoloopError, PermissionError):
    """The caller is known and may not do this."""

    code = "permission_denied"


class NotSignedInError(PermissionDeniedError):
    """The caller is not known."""

    code = "not_signed_in"


class StaleVersionError(CytoloopError, RuntimeError):
    """The object was changed since the caller read it; ``details['current']`` holds it as it is now."""

    code = "stale_version"


class ConflictError(CytoloopError, RuntimeError):
    """The request contradicts the present state."""

    code = "conflict"


class TooLargeError(CytoloopError, ValueError):
    """A request or file is beyond a limit, which the message names."""

    code = "too_large"


class QuotaExceededError(TooLargeError):
    """There is not enough room left."""

    code = "quota_exceeded"


class CancelledError(CytoloopError, RuntimeError):
    """The work was cancelled by its owner."""

    code = "cancelled"


class UnavailableError(CytoloopError, ConnectionError):
    """Something that the server depends on does not answer now; the same request may work later."""

    code = "unavailable"


class StorageFullError(UnavailableError):
    """The disk of the database or of the files has no room left; nothing of this request was kept."""

    code = "storage_full"


DISK_FULL = "The disk is full. Free some space and try again: what was done before stays done."


def is_disk_full(error: BaseException) -> bool:
    """Whether a file could not be written because the disk, or the user's share of it, is full."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def is_outage(error: BaseException) -> bool:
    """Whether something that is needed does not answer now, so that waiting helps. Room on a disk comes by people."""
    return isinstance(error, UnavailableError) and not isinstance(error, StorageFullError)
