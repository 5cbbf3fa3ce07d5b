"""Blobs by the place where they lie."""

from functools import lru_cache

from .contract import Blobs
from .folder import LocalBlobs
from .objects import ObjectBlobs
from .place import Place


def open_blobs(place: Place) -> Blobs:
    """The blobs of a place.

    Raises
    ------
    InvalidInputError
        They are in an object store, and the library for it is not installed.
    """
    return LocalBlobs(place.folder) if place.url is None else ObjectBlobs(place)


@lru_cache(maxsize=8)
def blobs_at(place: Place) -> Blobs:
    """The same for workers, which are told the place with each call: connections stay open between calls."""
    return open_blobs(place)
