"""From trained weights to a model package: scores on held-out images, card, pictures, test tensors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cytoloop.exchange.report.overlays import enlarged, png, sheet, shown, with_errors, with_outlines
from cytoloop.learning.inference.session import OnnxNetwork
from cytoloop.learning.networkmethod import NetworkMethod, NetworkParameters
from cytoloop.learning.packages.checking import scaled
from cytoloop.learning.packages.model import Decoder, ModelPackage, ModelSpec, Task
from cytoloop.learning.packages.writing import NewPackage, write_package
from cytoloop.learning.training.configuration import STAR_RAYS, Configuration, Head
from cytoloop.learning.training.dataset import Example
from cytoloop.learning.training.scoring import Scored, TypeScore, by_type, pixels_of, score_method

from .cards import Card, card_markdown

_COVER_CELL = (256, 320)
_FAILURES = 8


@dataclass(frozen=True, slots=True)
class About:
    """What people read about a model."""

    title: str
    description: str
    data: str
    """One or two sentences on the data and its licence."""
    authors: tuple[str, ...] = ("Cytoloop",)
    licence: str = "CC0-1.0"
    notes: str = ""
    citations: tuple[tuple[str, str], ...] = (("Ronneberger et al. 2015: U-Net", "10.1007/978-3-319-24574-4_28"),)


@dataclass(frozen=True, slots=True)
class Judged:
    """Held-out examples with their types' names, to score a model on; empty for none."""

    examples: Sequence[Example] = ()
    types: Mapping[str, str] | None = None
    with_tta: bool = False


HALO_STRIDES = 6
"""Margin of a tile in strides of the network's coarsest stage: with ``nuclei`` the outlines in tiles are those of the
whole from here on (of 1,053 nuclei 96 % with 2, 99.3 % with 4 and all with 6)."""


def spec_of(configuration: Configuration, decoding: Mapping[str, float] | None = None) -> ModelSpec:
    """How a network of this configuration is run."""
    heads = set(configuration.heads)
    halo = HALO_STRIDES * configuration.network.coarsest_stride
    if Head.CLASSES in heads:
        names = ("background", *(f"class {number}" for number in range(1, configuration.classes)))
        return ModelSpec(Task.SEMANTIC, Decoder.COMPONENTS, names, None, halo=halo)
    names: tuple[str, ...] = ("foreground",)
    decoder = Decoder.COMPONENTS
    if Head.DISTANCE in heads:
        decoder, names = Decoder.WATERSHED, (*names, "distance")
    elif Head.STAR in heads:
        decoder, names = Decoder.STAR, (*names, *(f"ray_{number}" for number in range(STAR_RAYS)))
    elif Head.FLOWS in heads:
        decoder, names = Decoder.FLOWS, (*names, "flow_y", "flow_x")
    task = Task.SEMANTIC if decoder is Decoder.COMPONENTS else Task.INSTANCES
    return ModelSpec(task, decoder, names, configuration.diameter_px, dict(decoding or {}), halo=halo)


def package_model(
    folder: Path,
    weights: Path,
    record: Mapping[str, Any],
    about: About,
    *,
    sample: Example,
    judged: Judged | None = None,
    decoding: Mapping[str, float] | None = None,
    pictures: Mapping[str, bytes] | None = None,
    on_image: Callable[[Scored], None] = lambda _: None,
) -> ModelPackage:
    """Write the package of trained weights into ``folder``; its name becomes the model's.

    ``sample`` gives the test tensors and, without held-out examples or ``pictures``, the cover. A record that holds
    ``scores`` already keeps them.
    """
    spec = spec_of(Configuration.model_validate(record["configuration"]), decoding)
    method = NetworkMethod(unwritten_package(folder, weights, spec, about))
    judged = judged or Judged()
    scored = score_method(method, judged.examples, on_image=on_image)
    scores = _scores(scored, judged)
    tta: dict[str, TypeScore] = {}
    if judged.with_tta and judged.examples:
        tta = _scores(score_method(method, judged.examples, {"tta": True}, on_image), judged)
    training = {
        "scores": {name: one.as_json() for name, one in scores.items()},
        "scores_with_tta": {name: one.as_json() for name, one in tta.items()},
        **record,
    }
    drawn = dict(pictures) if pictures is not None else _pictures(method, sample, judged, scored)
    given, wanted = _test_tensors(weights, spec, sample)
    card = Card(about.title, about.description, about.data, about.licence, about.notes, spec, training)
    return write_package(
        folder,
        NewPackage(
            title=about.title,
            description=about.description,
            spec=spec,
            weights=weights,
            test_input=given,
            test_output=wanted,
            card=card_markdown(card, failures="failures.png" in drawn),
            pictures=drawn,
            training=training,
            licence=about.licence,
            authors=about.authors,
            citations=about.citations,
        ),
    )


def unwritten_package(folder: Path, weights: Path, spec: ModelSpec, about: About) -> ModelPackage:
    """The package as it will be, enough to run it."""
    return ModelPackage(
        folder, folder.name, about.title, about.description, "", about.licence, about.authors, spec, weights, None,
        None, (),
    )  # fmt: skip


def _scores(scored: Sequence[Scored], judged: Judged) -> dict[str, TypeScore]:
    if not scored:
        return {}
    types = judged.types or {one.name: "held out" for one in judged.examples}
    return by_type(scored, types)


def _test_tensors(weights: Path, spec: ModelSpec, sample: Example) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    side = min(128, *(size // spec.stride * spec.stride for size in sample.image.shape[:2]))
    side = max(side, spec.smallest)
    picture = shown(sample.image)[:side, :side]
    below, right = side - picture.shape[0], side - picture.shape[1]
    picture = np.pad(picture, ((0, below), (0, right), (0, 0)), mode="symmetric")
    given = picture.transpose(2, 0, 1)[None].astype(np.float32)
    wanted = OnnxNetwork(weights)(scaled(given, spec.low_percentile, spec.high_percentile))
    return given, wanted


def _pictures(method: NetworkMethod, sample: Example, judged: Judged, scored: Sequence[Scored]) -> dict[str, bytes]:
    """The cover: one image of each type with what was found; the worst results with their errors."""
    order = {one.name: one.scores.dsb for one in scored}
    chosen: list[Example] = []
    seen: set[str] = set()
    types = judged.types or {}
    for one in sorted(judged.examples, key=lambda one: -order.get(one.name, 0)):
        kind = types.get(one.name, "")
        if kind not in seen and one.labels.max(initial=0) > 4:
            seen.add(kind)
            chosen.append(one)
    cells = [_found(method, one) for one in (chosen or [sample])[:6]]
    cover = sheet(cells, min(3, len(cells)), _COVER_CELL)
    pictures = {"cover.png": png(cover if len(cells) > 1 else enlarged(cells[0], 320))}
    worst = sorted(judged.examples, key=lambda one: order.get(one.name, 1.0))[:_FAILURES]
    if worst:
        bad = [_errors(method, one) for one in worst]
        pictures["failures.png"] = png(sheet(bad, 4, _COVER_CELL))
    return pictures


def _labels(method: NetworkMethod, example: Example) -> NDArray[np.int32]:
    pixels, parameters = pixels_of(example), NetworkParameters.model_validate({})
    return method.segment(pixels, parameters, method.calibrate(pixels, parameters)).labels


def _found(method: NetworkMethod, example: Example) -> NDArray[np.uint8]:
    return with_outlines(enlarged(shown(example.image), 256), _enlarged_labels(_labels(method, example), 256))


def _errors(method: NetworkMethod, example: Example) -> NDArray[np.uint8]:
    labels = _labels(method, example)
    return with_errors(
        enlarged(shown(example.image), 256), _enlarged_labels(example.labels, 256), _enlarged_labels(labels, 256)
    )


def _enlarged_labels(labels: NDArray[np.int32], least_side: int) -> NDArray[np.int32]:
    factor = max(1, -(-least_side // max(labels.shape)))
    return labels.repeat(factor, axis=0).repeat(factor, axis=1)


def with_decoding(package: ModelPackage, decoding: Mapping[str, float]) -> ModelPackage:
    """The package with other numbers for its decoder, not written."""
    return replace(package, spec=replace(package.spec, decoding=dict(decoding)))
