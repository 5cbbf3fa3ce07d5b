"""Whether a package does what it says: its files, its network, its test tensors."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError

from .model import ModelPackage
from .reading import read_description

_LARGEST_TENSOR = 64 << 20
_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and how it stands."""

    name: str
    passed: bool
    told: str


@dataclass(frozen=True, slots=True)
class PackageReport:
    """All checks of a package."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(one.passed for one in self.checks)


def check_package(package: ModelPackage) -> PackageReport:
    """Check hashes, network, sizes and test tensors; each result is told, none raises."""
    checks: list[Check] = []
    for name, check in (
        ("files", _check_files),
        ("network", _check_network),
        ("sizes", _check_sizes),
        ("test tensors", _check_tensors),
    ):
        try:
            checks.append(Check(name, passed=True, told=check(package)))
        except InvalidInputError as error:
            checks.append(Check(name, passed=False, told=error.message))
    return PackageReport(tuple(checks))


def _check_files(package: ModelPackage) -> str:
    count = 0
    for source, digest in _named_files(read_description(package.folder)):
        path = package.folder / source
        if not path.is_file() or path.is_symlink():
            raise InvalidInputError(f"{package.name}: the file {source!r} is missing.")
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest.lower():
            raise InvalidInputError(f"{package.name}: the file {source!r} is not the one described (checksum differs).")
        count += 1
    return f"{count} files with the right checksum"


def _named_files(content: Any) -> list[tuple[str, str]]:
    """Every ``source`` with a ``sha256`` in the description that is a file of the package."""
    found: list[tuple[str, str]] = []
    if isinstance(content, Mapping):
        values = cast("Mapping[str, Any]", content)
        source, digest = values.get("source"), values.get("sha256")
        if isinstance(source, str) and isinstance(digest, str) and "://" not in source and ".." not in source:
            found.append((source, digest))
        for value in values.values():
            found += _named_files(value)
    elif isinstance(content, list):
        for value in cast("list[Any]", content):
            found += _named_files(value)
    return found


def _session(package: ModelPackage) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(package.weights), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime has no public base of its errors
        raise InvalidInputError(
            f"{package.name}: {package.weights.name} is no network that ONNX Runtime can load; "
            "it may be cut short or damaged."
        ) from error


def _check_network(package: ModelPackage) -> str:
    session = _session(package)
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1:
        raise InvalidInputError(f"{package.name}: the network takes {len(inputs)} inputs; one is expected.")
    if not outputs:
        raise InvalidInputError(f"{package.name}: the network gives nothing.")
    source, result = inputs[0], outputs[0]
    if source.type != "tensor(float)" or len(source.shape) != 4:
        raise InvalidInputError(
            f"{package.name}: the network's input is {source.type} of {len(source.shape)} axes; "
            "float32 with four axes (batch, channel, y, x) is expected."
        )
    if result.type != "tensor(float)" or len(result.shape) not in {0, 4}:
        raise InvalidInputError(
            f"{package.name}: the network's output is {result.type} of {len(result.shape)} axes; "
            "float32 with four axes (batch, channel, y, x) is expected."
        )
    wanted = package.spec.channels
    if isinstance(source.shape[1], int) and source.shape[1] != wanted:
        raise InvalidInputError(
            f"{package.name}: the network takes {source.shape[1]} channels, its description says {wanted}."
        )
    if result.shape and isinstance(result.shape[1], int) and result.shape[1] != len(package.spec.outputs):
        raise InvalidInputError(
            f"{package.name}: the network gives {result.shape[1]} maps, its description names "
            f"{len(package.spec.outputs)} ({', '.join(package.spec.outputs)})."
        )
    return f"input {source.shape}, output {result.shape}"


def _check_sizes(package: ModelPackage) -> str:
    session, spec = _session(package), package.spec
    sides = [(spec.smallest, spec.smallest), (spec.smallest + spec.stride, spec.smallest)]
    for height, width in sides:
        picture = np.zeros((1, spec.channels, height, width), np.float32)
        found = _run(package, session, picture)
        if found.shape != (1, len(spec.outputs), height, width):
            raise InvalidInputError(
                f"{package.name}: for {width} x {height} px the network gives {found.shape}; "
                f"(1, {len(spec.outputs)}, {height}, {width}) is expected."
            )
        if not np.isfinite(found).all():
            raise InvalidInputError(f"{package.name}: the network gives values that are not finite.")
    return " and ".join(f"{width} x {height} px" for height, width in sides)


def _run(
    package: ModelPackage, session: onnxruntime.InferenceSession, picture: NDArray[np.float32]
) -> NDArray[np.float32]:
    try:
        return np.asarray(session.run(None, {session.get_inputs()[0].name: picture})[0])
    except Exception as error:
        height, width = picture.shape[2:]
        raise InvalidInputError(
            f"{package.name}: the network fails on a picture of {width} x {height} px, which it should take."
        ) from error


def _check_tensors(package: ModelPackage) -> str:
    content = read_description(package.folder)
    wanted = _tensor(package, content, "outputs")
    given = _tensor(package, content, "inputs")
    if wanted is None or given is None:
        return "none in the package"
    if given.ndim != 4 or given.shape[1] != package.spec.channels:
        raise InvalidInputError(
            f"{package.name}: the test input is {given.shape}; (1, {package.spec.channels}, y, x) is expected."
        )
    session = _session(package)
    picture = scaled(given, package.spec.low_percentile, package.spec.high_percentile)
    found = _run(package, session, picture)
    if found.shape != wanted.shape:
        raise InvalidInputError(f"{package.name}: the test output is {wanted.shape}, the network gives {found.shape}.")
    off = float(np.abs(found - wanted).max())
    if not off <= _TOLERANCE:
        raise InvalidInputError(f"{package.name}: the network's output differs from the test output by {off:.2g}.")
    return f"reproduced, largest difference {off:.1e}"


def scaled(tensor: NDArray[np.float32], low_percentile: float, high_percentile: float) -> NDArray[np.float32]:
    """The step ``scale_range`` of bioimage.io over channel, y and x together."""
    low, high = np.percentile(tensor.astype(np.float32), [low_percentile, high_percentile])
    return ((tensor - np.float32(low)) / np.float32(high - low + 1e-6)).astype(np.float32)


def _test_file(content: Mapping[str, Any], key: str) -> Any:
    """``inputs[0].test_tensor`` of the format 0.5, ``test_inputs[0]`` of 0.4."""
    for tensors, inner in ((content.get(key), "test_tensor"), (content.get(f"test_{key}"), None)):
        first: Any = cast("list[Any]", tensors)[0] if isinstance(tensors, list) and tensors else None
        if inner is None:
            return first
        if isinstance(first, Mapping) and inner in first:
            return cast("Mapping[str, Any]", first)[inner]
    return None


def _tensor(package: ModelPackage, content: Mapping[str, Any], key: str) -> NDArray[np.float32] | None:
    source: Any = _test_file(content, key)
    if isinstance(source, Mapping):
        source = cast("Mapping[str, Any]", source).get("source")
    if not isinstance(source, str):
        return None
    path: Path = package.folder / source
    if ".." in Path(source).parts or Path(source).is_absolute() or not path.is_file():
        raise InvalidInputError(f"{package.name}: the test tensor {source!r} is not in the package.")
    if path.stat().st_size > _LARGEST_TENSOR:
        raise InvalidInputError(f"{package.name}: the test tensor {source!r} is larger than 64 MiB.")
    try:
        # mapped: a header that promises more than the file holds is an error, not memory
        return np.load(path, allow_pickle=False, mmap_mode="r").astype(np.float32)
    except (ValueError, TypeError, AttributeError, OSError, EOFError) as error:
        raise InvalidInputError(f"{package.name}: the test tensor {source!r} is no NumPy array.") from error
