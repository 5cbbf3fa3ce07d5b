"""Every segmentation method there is: shipped models, classical methods, plug-ins, and the user's own models."""

import logging
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, cast

from cytoloop.core.errors import NotFoundError

from .method import Method
from .networkmethod import network_methods_in
from .pixels.method import pixel_methods_in
from .preprocessing import pipelines_in

_LOG = logging.getLogger(__name__)
GROUP = "cytoloop.segmenters"
SHIPPED = Path(__file__).parent / "models"
"""Folder of the models that come with the program."""
_OFFERED_FIRST = ("nuclei", "nuclei-histology", "threshold", "log")


class MethodRegistry:
    """The methods of this process.

    ``models`` is the folder of imported and trained models, if there is one; ``pixels`` that of one project's pixel
    classifiers, which no other project has.

    A model that is added to or removed from the folder is seen at the next look.
    """

    def __init__(self, models: Path | None = None, pixels: Path | None = None) -> None:
        self.models = models
        self._pixels = pixels

    @staticmethod
    def of_call(call: Mapping[str, Any]) -> "MethodRegistry":
        """What ``as_call`` told."""
        models, pixels = call["models"], call.get("pixels")
        return MethodRegistry(Path(models) if models else None, Path(pixels) if pixels else None)

    def as_call(self) -> dict[str, str | None]:
        """JSON-ready, for worker processes."""
        folders = {"models": self.models, "pixels": self._pixels}
        return {name: None if folder is None else str(folder) for name, folder in folders.items()}

    def with_pixels(self, folder: Path) -> "MethodRegistry":
        """These methods, and the pixel classifiers of a project in a folder."""
        return MethodRegistry(self.models, folder)

    def all(self) -> dict[str, Method]:
        """Every method by name: the most generally useful at the head, then the others by title."""
        found = {**_plugins(), **_network_methods(SHIPPED), **_network_methods(self.models)}
        found = {**_pipelines(self.models, found), **found}
        ordered = {one.name: one for one in sorted(found.values(), key=_rank)}
        return ordered if self._pixels is None else {**ordered, **pixel_methods_in(self._pixels)}

    def by_name(self, name: str) -> Method:
        """The method, or ``NotFoundError`` that lists those there are."""
        found = self.all()
        if name not in found:
            raise NotFoundError(f"There is no segmentation method {name!r}. There are: {', '.join(found)}.")
        return found[name]


def _rank(one: Method) -> tuple[int, str]:
    return (_OFFERED_FIRST.index(one.name) if one.name in _OFFERED_FIRST else len(_OFFERED_FIRST), one.title)


@cache
def _plugins() -> dict[str, Method]:
    """Announced methods. One that cannot be imported is left out with a warning and does not take the others away.

    A method with a false ``available`` needs a package that is not installed; it is left out silently.
    """
    found: dict[str, Method] = {}
    for entry in entry_points(group=GROUP):
        try:
            method = cast("Method", entry.load())
        except Exception as error:  # another project's module may fail in any way
            _LOG.warning("The segmentation method %r (%s) was left out: %s", entry.name, entry.value, error)
            continue
        if getattr(method, "available", True):
            found[method.name] = method
    return found


def _network_methods(folder: Path | None) -> dict[str, Method]:
    return {} if folder is None else network_methods_in(folder, shipped=folder == SHIPPED)


def _pipelines(folder: Path | None, others: dict[str, Method]) -> dict[str, Method]:
    return {} if folder is None else pipelines_in(folder, others.get)
