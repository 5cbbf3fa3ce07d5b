"""What a worker process does for pixel classifiers: features of the pixels under scribbles, and the training."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import shapely

from cytoloop.core.errors import ConflictError
from cytoloop.core.geometry import Box, Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.jobs.worker import Reporter
from cytoloop.learning.classifiers.predictor import probabilities_of
from cytoloop.learning.packages.tabular import KnownClass
from cytoloop.learning.pixels.configuration import Filter, PixelConfiguration
from cytoloop.learning.pixels.filters import planes_of
from cytoloop.learning.pixels.package import NewPixelClassifier, PixelPackage, write_pixel_classifier
from cytoloop.learning.pixels.sampling import Scribbles, labelled_pixels, pixel_samples, sampled, with_width
from cytoloop.learning.pixels.specification import PixelSpec
from cytoloop.learning.pixels.training import PixelSamples, Tell, require_enough_pixels, train_pixels
from cytoloop.workflows.images.analysis import analysis_box, downsample_for, read_pixels
from cytoloop.workflows.images.files import ImageFiles, open_files

from .cards import pixel_card

EXAMPLE = 4


def spec_of_json(values: dict[str, Any]) -> PixelSpec:
    """A specification from what ``dataclasses.asdict`` made of it and JSON left."""
    given: dict[str, Any] = {
        **values,
        "sigmas_px": tuple(values["sigmas_px"]),
        "filters": tuple(Filter(one) for one in values["filters"]),
    }
    return PixelSpec(**given)


def run(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """One step; ``call["step"]`` says which."""
    return sample(call, reporter) if call["step"] == "sample" else train(call, reporter)


def sample(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Pixels under the scribbles of ``call["input"]`` (Parquet: id, z, t, wkb) into the file ``call["output"]``.

    ``call``: what ``ImageFiles.as_call`` told; ``classes`` of the scribbles and their ``count``; ``configuration``,
    ``spec``; ``name`` of the image.
    """
    configuration, spec = PixelConfiguration.model_validate(call["configuration"]), spec_of_json(call["spec"])
    table = pq.read_table(call["input"])
    outlines = shapely.from_wkb(table["wkb"].to_numpy(zero_copy_only=False))
    z, t, ids = (table[name].to_numpy() for name in ("z", "t", "id"))
    classes = np.array(call["classes"], np.int64)
    pyramid = open_files(ImageFiles.of_call(call), reporter)
    parts: list[PixelSamples] = []
    try:
        for plane in np.unique(np.stack([z, t], axis=1), axis=0).tolist():
            own = np.flatnonzero((z == plane[0]) & (t == plane[1]))
            scribbles = Scribbles(list(outlines[own]), classes[own], ids[own])
            parts.append(plane_samples(pyramid, Plane(*plane), scribbles, configuration, spec, call["count"]))
            reporter.progress(0.9, f"Looking at {call['name']}")
    finally:
        pyramid.source.close()
    write_samples(Path(call["output"]), joined_samples(parts))
    return {"pixels": sum(len(one.truth) for one in parts)}


def plane_samples(
    pyramid: Pyramid,
    plane: Plane,
    scribbles: Scribbles,
    configuration: PixelConfiguration,
    spec: PixelSpec,
    classes: int,
) -> PixelSamples:
    """Samples of one plane; outlines are in full-resolution px."""
    info = pyramid.info
    downsample = downsample_for(info, configuration.pixel_um, "the image")
    extent = analysis_box(info.width, info.height, downsample)
    wide = with_width(scribbles.outlines, configuration.line_px)
    wide = shapely.transform(wide, lambda points: points / downsample)
    pixels = labelled_pixels(Scribbles(list(wide), scribbles.classes, scribbles.ids), extent)
    chosen = sampled(pixels, configuration.samples_per_class, np.random.default_rng(configuration.seed))

    def read(box: Box) -> Any:
        seen = read_pixels(pyramid, box, plane, None, downsample)
        spec.require_fit(rgb=seen.rgb, channels=seen.array.shape[2], pixel_um=None, name="the image")
        return planes_of(seen, spec)

    return pixel_samples(pixels, chosen, read, extent, spec, classes)


def joined_samples(parts: list[PixelSamples]) -> PixelSamples:
    """Samples of several planes or images as one; there must be some."""
    if not parts:
        raise ConflictError("There is no scribble to learn from any more.")
    middles = [one.middles for one in parts if one.middles is not None]
    return PixelSamples(
        np.concatenate([one.features for one in parts]),
        np.concatenate([one.truth for one in parts]),
        np.concatenate([one.groups for one in parts]),
        parts[0].classes,
        np.concatenate(middles) if middles else None,
    )


def write_samples(path: Path, samples: PixelSamples) -> None:
    """Samples as arrays of one file, without pickle."""
    columns: dict[str, Any] = {name: getattr(samples, name) for name in ("features", "truth", "groups")}
    if samples.middles is not None:
        columns["middles"] = samples.middles
    with path.open("wb") as file:
        np.savez(file, classes=np.int64(samples.classes), **columns)


def read_samples(path: Path) -> PixelSamples:
    """What ``write_samples`` wrote."""
    with np.load(path, allow_pickle=False) as file:
        middles = file.get("middles")
        return PixelSamples(file["features"], file["truth"], file["groups"], int(file["classes"]), middles)


def train(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Train on the samples in ``call["inputs"]``; a package into ``output``."""
    samples = joined_samples([read_samples(Path(one)) for one in call["inputs"]])
    classes = tuple(KnownClass(**one) for one in call["classes"])
    package = write_trained_pixels(
        samples,
        PixelConfiguration.model_validate(call["configuration"]),
        spec_of_json(call["spec"]),
        classes,
        call["background"],
        output=Path(call["output"]),
        title=call["title"],
        facts={**call["facts"], "images": len(call["inputs"])},
        tell=reporter.progress,
    )
    record = package.record
    return {
        "pixels": sum(record["pixels"]),
        "macro_f1": record["scores"]["held_out"]["macro_f1"],
        "by_scribble": record["split"] == "scribble",
    }


def write_trained_pixels(
    samples: PixelSamples,
    configuration: PixelConfiguration,
    spec: PixelSpec,
    classes: tuple[KnownClass, ...],
    background: int | None,
    *,
    output: Path,
    title: str,
    facts: dict[str, Any],
    tell: Tell = lambda *_: None,
) -> PixelPackage:
    """Train, and write the package into the folder ``output``."""
    started = time.monotonic()
    require_enough_pixels(np.bincount(samples.truth, minlength=samples.classes))
    made = train_pixels(samples, configuration, tell)
    record = {
        **facts,
        "configuration": configuration.model_dump(mode="json"),
        "features": len(spec.names),
        "scribbles": [len(np.unique(samples.groups[samples.truth == one])) for one in range(samples.classes)],
        "pixels": list(made.counts),
        "folds": made.folds,
        "split": "scribble" if made.by_scribble else "pixel",
        "scores": {"held_out": made.held_out.as_json()},
        "seconds": round(time.monotonic() - started, 2),
    }
    example = samples.features[:EXAMPLE]
    outputs = len(classes) * (spec.patch_core_px**2 if spec.patch_px else 1)
    new = NewPixelClassifier(
        title=title,
        classes=classes,
        background=background,
        regions=configuration.regions,
        spec=spec,
        weights=made.weights,
        test_input=example,
        test_output=probabilities_of(made.weights, example, outputs),
        card=pixel_card(title, classes, background, record),
        record=record,
    )
    return write_pixel_classifier(output, new)
