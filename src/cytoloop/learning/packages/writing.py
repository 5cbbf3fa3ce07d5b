"""Writing a package that bioimage.io's tools and this program can read."""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError

from .model import ModelPackage, ModelSpec
from .reading import DESCRIPTIONS, checked_name, read_package

FORMAT_VERSION = "0.5.4"
_OPSET = 17
_SHORTEST_TITLE = 5
"""What the format asks for."""


@dataclass(frozen=True, slots=True)
class NewPackage:
    """What goes into a package. ``test_input`` is ``(1, 3, h, w) float32`` before it is normalised."""

    title: str
    description: str
    spec: ModelSpec
    weights: Path
    test_input: NDArray[np.float32]
    test_output: NDArray[np.float32]
    card: str
    """Markdown."""
    pictures: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """PNG files by name; the first is the cover."""
    training: Mapping[str, Any] = field(default_factory=dict[str, Any])
    version: str = "1.0.0"
    licence: str = "CC0-1.0"
    authors: tuple[str, ...] = ("Cytoloop",)
    citations: tuple[tuple[str, str], ...] = (("Ronneberger et al. 2015: U-Net", "10.1007/978-3-319-24574-4_28"),)
    """Text and DOI of each."""
    tags: tuple[str, ...] = ("nuclei", "segmentation", "2d")


def write_package(folder: Path, new: NewPackage) -> ModelPackage:
    """Write the package into a folder of the model's name; one that is there is replaced once all is written."""
    checked_name(folder.name)
    partial = folder.with_name(f".{folder.name}.part")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    shutil.copyfile(new.weights, partial / "weights.onnx")
    np.save(partial / "test_input.npy", new.test_input)
    np.save(partial / "test_output.npy", new.test_output)
    (partial / "README.md").write_text(new.card, encoding="utf-8")
    for name, content in new.pictures.items():
        (partial / name).write_bytes(content)
    description = _description(partial, new)
    (partial / "bioimageio.yaml").write_text(
        yaml.safe_dump(description, sort_keys=False, allow_unicode=True, width=110), encoding="utf-8"
    )
    read_package(partial)
    if folder.exists():
        old = folder.with_name(f".{folder.name}.old")
        folder.rename(old)
        partial.rename(folder)
        shutil.rmtree(old)
    else:
        partial.rename(folder)
    return read_package(folder)


def with_decoding(folder: Path, values: Mapping[str, float], record: Mapping[str, Any]) -> ModelPackage:
    """Write other numbers of the decoder into a package of this program's, and ``record`` of how they were found.

    Raises
    ------
    InvalidInputError
        The package was written by another program, which knows no such numbers.
    """
    path = next(folder / name for name in DESCRIPTIONS if (folder / name).is_file())
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    own: Any = (content.get("config") or {}).get("cytoloop")
    if own is None:
        raise InvalidInputError(f"{folder.name} comes from another program and tells no numbers that can be tuned.")
    own["decoding"] = {**own.get("decoding", {}), **{name: round(float(one), 5) for name, one in values.items()}}
    own["training"] = {**own.get("training", {}), "tuned": dict(record)}
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110), encoding="utf-8")
    return read_package(folder)


def _description(folder: Path, new: NewPackage) -> dict[str, Any]:
    return {
        "type": "model",
        "format_version": FORMAT_VERSION,
        "name": new.title if len(new.title) >= _SHORTEST_TITLE else f"{new.title} model",
        "description": new.description,
        "version": new.version,
        "timestamp": datetime.now(UTC).replace(microsecond=0).isoformat(),
        "license": new.licence,
        "authors": [{"name": one} for one in new.authors],
        "cite": [{"text": text, "doi": doi} for text, doi in new.citations],
        "tags": list(new.tags),
        "documentation": "README.md",
        "covers": list(new.pictures)[:1],
        "inputs": [_input(folder, new.spec)],
        "outputs": [_output(folder, new.spec)],
        "weights": {"onnx": {**_file(folder, "weights.onnx"), "opset_version": _OPSET}},
        "attachments": [_file(folder, name) for name in list(new.pictures)[1:]],
        "config": {"cytoloop": {**_facts(new.spec), "training": dict(new.training)}},
    }


def _facts(spec: ModelSpec) -> dict[str, Any]:
    return {
        "task": spec.task.value,
        "decoder": spec.decoder.value,
        "outputs": list(spec.outputs),
        "diameter_px": spec.diameter_px,
        "decoding": dict(spec.decoding),
        "channels": spec.channels,
        "stride": spec.stride,
        "smallest": spec.smallest,
        "halo": spec.halo,
        "low_percentile": spec.low_percentile,
        "high_percentile": spec.high_percentile,
    }


def _input(folder: Path, spec: ModelSpec) -> dict[str, Any]:
    names = ["red", "green", "blue"] if spec.channels == 3 else ["gray"]
    size = {"min": spec.smallest, "step": spec.stride}
    percentiles = {"min_percentile": spec.low_percentile, "max_percentile": spec.high_percentile}
    return {
        "id": "image",
        "axes": [
            {"type": "batch"},
            {"type": "channel", "channel_names": names},
            {"type": "space", "id": "y", "size": dict(size)},
            {"type": "space", "id": "x", "size": dict(size)},
        ],
        "data": {"type": "float32"},
        "test_tensor": _file(folder, "test_input.npy"),
        "preprocessing": [
            {"id": "ensure_dtype", "kwargs": {"dtype": "float32"}},
            {"id": "scale_range", "kwargs": {"axes": ["channel", "y", "x"], **percentiles}},
            {"id": "ensure_dtype", "kwargs": {"dtype": "float32"}},
        ],
    }


def _output(folder: Path, spec: ModelSpec) -> dict[str, Any]:
    return {
        "id": "maps",
        "axes": [
            {"type": "batch"},
            {"type": "channel", "channel_names": list(spec.outputs)},
            *(
                {
                    "type": "space",
                    "id": axis,
                    "size": {"tensor_id": "image", "axis_id": axis},
                    "halo": 16,
                }
                for axis in ("y", "x")
            ),
        ],
        "data": {"type": "float32"},
        "test_tensor": _file(folder, "test_output.npy"),
    }


def _file(folder: Path, name: str) -> dict[str, str]:
    return {"source": name, "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()}
