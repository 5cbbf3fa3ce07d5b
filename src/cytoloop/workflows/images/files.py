"""Where the files of an image lie, told to workers, and how they are opened there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import UnreadableImageError
from cytoloop.images.conversion import open_prepared
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.source import ImageInfo, ImageSource
from cytoloop.jobs.worker import Reporter
from cytoloop.storage.blobs.contract import Blobs, Pin, Progress
from cytoloop.storage.blobs.opening import blobs_at
from cytoloop.storage.blobs.place import Place


def _untold(_done: int, _total: int) -> None: ...


@dataclass(frozen=True, slots=True)
class ImageFiles:
    """Where the files of an image lie. With a ``key``, paths that are not absolute are in that blob of ``place``."""

    original: Path
    prepared: Path | None
    series: int
    key: str | None = None
    place: Place | None = None

    def as_call(self) -> dict[str, Any]:
        """JSON-ready, for worker processes."""
        blob = None if self.place is None else {"key": self.key, "place": self.place.as_json()}
        return {
            "original": str(self.original),
            "prepared": None if self.prepared is None else str(self.prepared),
            "series": self.series,
            "blob": blob,
        }

    @staticmethod
    def of_call(call: dict[str, Any]) -> "ImageFiles":
        """What ``as_call`` told."""
        prepared, blob = call["prepared"], call.get("blob")
        return ImageFiles(
            Path(call["original"]),
            Path(prepared) if prepared else None,
            call["series"],
            None if blob is None else blob["key"],
            None if blob is None else Place.from_json(blob["place"]),
        )

    def pinned(self, on_progress: Progress = _untold, blobs: Blobs | None = None) -> tuple["ImageFiles", Pin | None]:
        """The files as they are on this machine, brought here by ``blobs`` if need be, and what keeps them here."""
        if self.place is None or self.key is None:
            return self, None
        pin = (blobs or blobs_at(self.place)).pin(self.key, on_progress)
        prepared = None if self.prepared is None else pin.folder / self.prepared
        return ImageFiles(pin.folder / self.original, prepared, self.series), pin

    def open(self) -> Pyramid:
        """Open files that are on this machine."""
        if not self.original.exists():
            raise UnreadableImageError(
                f"The file of this image, {self.original.name}, is not where it was. "
                "Put it back, or remove the image and add it again."
            )
        return Pyramid(open_prepared(self.original, self.prepared, series=self.series))


def open_pinned(
    files: ImageFiles, on_progress: Progress = _untold, blobs: Blobs | None = None
) -> tuple[Pyramid, Pin | None]:
    """Open an image, and what keeps its files here while it is read."""
    here, pin = files.pinned(on_progress, blobs)
    try:
        return here.open(), pin
    except BaseException:
        if pin is not None:
            pin.release()
        raise


def open_files(files: ImageFiles, reporter: Reporter | None = None) -> Pyramid:
    """Open an image for a worker; its files stay here until the pyramid's source is closed.

    Raises
    ------
    UnreadableImageError
        The files are gone or damaged.
    UnavailableError
        They are in an object store that cannot be reached now.
    """
    pyramid, pin = open_pinned(files, _untold if reporter is None else fetching(reporter))
    if pin is not None:
        pyramid.source = PinnedSource(pyramid.source, pin)
    return pyramid


def fetching(reporter: Reporter) -> Progress:
    """Lets a job tell how much of an image has arrived."""
    told = -1

    def tell(done: int, total: int) -> None:
        nonlocal told
        percent = 100 * done // max(total, 1)
        if percent != told:
            told = percent
            reporter.progress(0.0, f"Fetching the image from the object store, {percent} % of {total / 1e6:,.0f} MB")

    return tell


class PinnedSource:
    """An open image whose files are kept here until it is closed."""

    def __init__(self, source: ImageSource, pin: Pin) -> None:
        self._source, self._pin = source, pin

    def info(self) -> ImageInfo:
        return self._source.info()

    def read_region(
        self, level: int, x: int, y: int, w: int, h: int, *, c: int = 0, z: int = 0, t: int = 0
    ) -> NDArray[np.generic]:
        return self._source.read_region(level, x, y, w, h, c=c, z=z, t=t)

    def encoded_tile(self, level: int, column: int, row: int) -> tuple[bytes, str] | None:
        return self._source.encoded_tile(level, column, row)

    def associated(self, name: str) -> NDArray[np.uint8]:
        return self._source.associated(name)

    def close(self) -> None:
        self._source.close()
        self._pin.release()
