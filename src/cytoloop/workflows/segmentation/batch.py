"""Many image files segmented without a server or database."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cytoloop.annotations.geometry import kind_of
from cytoloop.annotations.model import Status
from cytoloop.core.errors import CytoloopError, InvalidInputError
from cytoloop.core.geometry import Plane
from cytoloop.exchange.formats import write_objects
from cytoloop.exchange.model import ExchangeImage, ExchangeObject
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.registry import open_image, series_names
from cytoloop.images.source import ImageInfo
from cytoloop.learning.inference.voting import VotedMethod
from cytoloop.learning.method import Method, finds_regions, parse_parameters
from cytoloop.learning.networkmethod import NetworkMethod
from cytoloop.learning.refinement import RefinedMethod
from cytoloop.learning.registry import MethodRegistry
from cytoloop.learning.slides import grid
from cytoloop.learning.slides.grid import tiles_covering
from cytoloop.learning.slides.merging import Strips, all_of, merged_rows
from cytoloop.workflows.images.analysis import analysis_box, calibrate, downsample_for, projection_in, read_pixels

from .outlines import Found, object_outlines, region_outlines
from .slide_worker import foreground_of
from .wanted import Foreground, Wanted

_ENDINGS = (".labels", ".ome")
"""Second endings, before ``.tif`` or ``.zarr``, that are no part of a name."""


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """What to do with every file. ``z``/``t`` ``None`` means every plane."""

    method: str
    parameters: dict[str, Any]
    folder: Path
    formats: tuple[str, ...] = ("labels",)
    z: int | None = 0
    t: int | None = 0
    models: Path | None = None
    """Folder of imported and trained models."""
    pixels: Path | None = None
    """Folder of pixel classifiers, by number."""
    tta: bool = False
    """Look eight times: a model's own way, or a vote of the objects for methods that have none."""
    refine: str | None = None
    """Model whose foreground the outlines follow."""
    pixel_um: float | None = None
    """Size of a pixel at which to look: coarser than the image's own, or ``None`` for its own."""
    foreground: str | None = None
    """Method that says on a reduced view of images that are looked at in tiles where to look at all."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: what was written, or the ``error``."""

    path: Path
    objects: int = 0
    files: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str | None = None


def image_stem(path: Path) -> str:
    """A file's name without its endings: ``a`` for a.png, a.ome.tif and a.labels.tif."""
    stem = path.stem
    for ending in _ENDINGS:
        stem = stem.removesuffix(ending)
    return stem


def segment_files(
    paths: Sequence[Path],
    order: BatchOrder,
    *,
    workers: int = 1,
    on_done: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Segment every file; one that fails does not stop the others.

    Raises
    ------
    InvalidInputError
        Method, parameters or formats are wrong, or two files have the same stem: nothing was done then.
    """
    _parameters(order, _method(order))
    if order.foreground is not None:
        MethodRegistry(order.models).by_name(order.foreground)
    _check_stems(paths)
    order.folder.mkdir(parents=True, exist_ok=True)
    found: dict[Path, Outcome] = {}
    for outcome in _in_processes(paths, order, workers) if workers > 1 else _one_by_one(paths, order):
        found[outcome.path] = outcome
        on_done(outcome)
    return [found[path] for path in paths]


def _method(order: BatchOrder) -> Method:
    registry = MethodRegistry(order.models, order.pixels)
    method = registry.by_name(order.method)
    if order.tta and "tta" not in method.parameters.model_fields:
        method = VotedMethod(method)
    if order.refine is not None:
        model = registry.by_name(order.refine)
        if not isinstance(model, NetworkMethod):
            raise InvalidInputError(f"Outlines can follow a model, and {order.refine!r} is none; try nuclei.")
        method = RefinedMethod(method, model)
    return method


def _parameters(order: BatchOrder, method: Method) -> Any:
    own = {"tta": True} if order.tta and "tta" in method.parameters.model_fields else {}
    return parse_parameters(method, {**own, **order.parameters})


def _check_stems(paths: Sequence[Path]) -> None:
    seen: dict[str, Path] = {}
    for path in paths:
        stem = image_stem(path)
        if stem in seen:
            raise InvalidInputError(
                f"{seen[stem]} and {path} would both be written as {stem}. Rename one, or run them into "
                "different folders."
            )
        seen[stem] = path


def _one_by_one(paths: Sequence[Path], order: BatchOrder) -> Iterator[Outcome]:
    return (segment_file(path, order) for path in paths)


def _in_processes(paths: Sequence[Path], order: BatchOrder, workers: int) -> Iterator[Outcome]:
    """Side by side; if a process dies, the files in work then are tried again, each in a process of its own."""
    waiting = deque(paths)
    while waiting:
        suspects = yield from _until_broken(waiting, order, workers)
        for path in suspects:
            with _pool(1) as pool:
                try:
                    yield pool.submit(segment_file, path, order).result()
                except BrokenProcessPool:
                    yield Outcome(path, error=f"{path.name} ended its process; it may need more memory than there is.")


def _until_broken(waiting: deque[Path], order: BatchOrder, workers: int) -> Generator[Outcome, None, list[Path]]:
    """Work off the queue; returns the files that were in work when a process died, if one did."""
    in_work: dict[Future[Outcome], Path] = {}
    with _pool(workers) as pool:
        while waiting or in_work:
            while waiting and len(in_work) < workers:
                try:
                    in_work[pool.submit(segment_file, waiting[0], order)] = waiting[0]
                except BrokenProcessPool:
                    return list(in_work.values())
                waiting.popleft()
            for future in wait(in_work, return_when=FIRST_COMPLETED).done:
                if isinstance(future.exception(), BrokenProcessPool):
                    return list(in_work.values())
                del in_work[future]
                yield future.result()
    return []


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def segment_file(path: Path, order: BatchOrder) -> Outcome:
    """Segment one file and write the results; what goes wrong is in the outcome."""
    try:
        return _segment_file(path, order)
    except CytoloopError as error:
        return Outcome(path, error=error.message)
    except MemoryError:
        return Outcome(path, error=f"{path.name} needs more memory than there is.")
    except Exception as error:
        return Outcome(path, error=f"{path.name}: {type(error).__name__}: {str(error)[:300]}")


def _segment_file(path: Path, order: BatchOrder) -> Outcome:
    method = _method(order)
    parameters = _parameters(order, method)
    pyramid = Pyramid(open_image(path))
    try:
        info = pyramid.info
        planes = _planes(info, order, path)
        if projection_in(method) is not None:  # the planes of a stack become one
            planes = [Plane(0, t) for t in dict.fromkeys(one.t for one in planes)]
        look = _Look(method, parameters, pyramid, downsample_for(info, order.pixel_um, path.name), _foreground(order))
        objects = [one for plane in planes for one in _objects(look, plane)]
    finally:
        pyramid.source.close()
    objects = [replace(one, id=number) for number, one in enumerate(objects, start=1)]
    image = _exchange_image(path, info)
    files = [
        write_objects(name, *_for_format(name, objects, image, planes), order.folder, image_stem(path))
        for name in dict.fromkeys(("labels", *order.formats))
    ]
    return Outcome(path, len(objects), tuple(files), tuple(_remarks(path, info, order)))


def _planes(info: ImageInfo, order: BatchOrder, path: Path) -> list[Plane]:
    for axis, wanted, size in (("z", order.z, info.size_z), ("t", order.t, info.size_t)):
        if wanted is not None and not 0 <= wanted < size:
            raise InvalidInputError(
                f"{path.name} has {size} planes along {axis}, counted from 0; there is no {wanted}."
            )
    times = range(info.size_t) if order.t is None else [order.t]
    slices = range(info.size_z) if order.z is None else [order.z]
    return [Plane(z, t) for t in times for z in slices]


@dataclass(frozen=True, slots=True)
class _Look:
    """How an image is looked at. ``downsample``: full-resolution pixels per pixel of the analysis."""

    method: Method
    parameters: Any
    pyramid: Pyramid
    downsample: float
    foreground: Method | None


def _objects(look: _Look, plane: Plane) -> Iterator[ExchangeObject]:
    """The objects of one plane, tile by tile with one calibration, as the server's workers find them."""
    for polygons, scores in _outlines(look, plane):
        for polygon, score in zip(polygons.tolist(), scores.tolist(), strict=True):
            yield ExchangeObject(polygon, kind_of(polygon), status=Status.PREDICTED, score=score, z=plane.z, t=plane.t)


def _outlines(look: _Look, plane: Plane) -> Iterator[Found]:
    method, pyramid, downsample = look.method, look.pyramid, look.downsample
    whole = analysis_box(pyramid.info.width, pyramid.info.height, downsample)
    tiles = list(tiles_covering(whole, whole))
    wanted = Wanted(foreground=_found_foreground(look, plane) if len(tiles) > 1 else None)
    regions = finds_regions(method)
    traced = region_outlines if regions else object_outlines
    calibration = None
    rows: dict[float, list[Strips]] = {}
    for number, tile in enumerate(tiles):
        if not wanted.touches(tile.core.scaled(downsample)):
            continue
        pixels = read_pixels(pyramid, tile.read, plane, projection_in(method), downsample)
        if calibration is None:
            seen = pixels if tile.read == whole else None
            calibration = calibrate(method, look.parameters, pyramid, plane, seen, downsample)
        outlined = traced(method.segment(pixels, look.parameters, calibration), tile, wanted, downsample)
        rows.setdefault(tile.core.y1, []).append(outlined.strips.of_tile(number))
        yield outlined.polygons, outlined.scores
    reach = 0 if regions else grid.MARGIN_PX
    strips = (((y1 - reach) * downsample, all_of(row)) for y1, row in rows.items())
    for polygons, scores in merged_rows(strips, regions=regions):
        yield (polygons, scores) if regions else wanted.kept(polygons, scores)


def _foreground(order: BatchOrder) -> Method | None:
    return None if order.foreground is None else MethodRegistry(order.models).by_name(order.foreground)


def _found_foreground(look: _Look, plane: Plane) -> Foreground | None:
    if look.foreground is None:
        return None
    return foreground_of(look.pyramid, plane, look.foreground, parse_parameters(look.foreground, {}))


def _exchange_image(path: Path, info: ImageInfo) -> ExchangeImage:
    names = ("width", "height", "size_z", "size_t", "pixel_width_um", "pixel_height_um")
    return ExchangeImage(path.name, **{name: getattr(info, name) for name in names})


def _for_format(
    name: str, objects: list[ExchangeObject], image: ExchangeImage, planes: list[Plane]
) -> tuple[list[ExchangeObject], ExchangeImage]:
    """A label image holds the chosen planes only; other formats tell each object's plane."""
    if name != "labels":
        return objects, image
    z0, t0 = planes[0].z, planes[0].t
    size_z, size_t = planes[-1].z - z0 + 1, planes[-1].t - t0 + 1
    moved = [replace(one, z=one.z - z0, t=one.t - t0) for one in objects] if z0 or t0 else objects
    return moved, replace(image, size_z=size_z, size_t=size_t)


def _remarks(path: Path, info: ImageInfo, order: BatchOrder) -> Iterator[str]:
    for axis, wanted, size in (("z", order.z, info.size_z), ("t", order.t, info.size_t)):
        if size > 1 and wanted is not None:
            yield f"{path.name} has {size} planes along {axis}; number {wanted} was segmented (--{axis} all for all)."
    count = len(series_names(path))
    if count > 1:
        yield f"{path.name} holds {count} images; the first was segmented."
