"""What goes into another project's network, and what comes out of it."""

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.classical.channels import AUTO, channel_code, channel_of_code, channel_plane, chosen_channel
from cytoloop.learning.method import Calibration, Instances, Pixels
from cytoloop.learning.normalisation import Range, intensity_range, normalised

_COLOURS = -1.0
_SMALLEST_PX = 64


class PluginParameters(BaseModel):
    """Parameters of every plug-in."""

    model_config = ConfigDict(extra="forbid")

    weights: str = Field(
        "",
        title="Weights",
        max_length=1000,
        description="Path of weights on the computer that runs the job, or a name that the package knows.",
    )
    channel: str = Field(
        AUTO,
        title="Channel",
        max_length=200,
        description="auto, a channel's name, or its number from 0. Colour images: auto for the colours as they are.",
    )


@cache
def is_installed(package: str) -> bool:
    """Whether a package could be imported; it is not."""
    return find_spec(package) is not None


def calibrated(overview: Pixels, wanted: str) -> Calibration:
    """The channel, and the intensities that become 0 and 1, of the whole image."""
    if 0 in overview.array.shape:
        return Calibration()
    if overview.rgb and wanted.strip().lower() == AUTO:
        found = intensity_range(overview.array)
        return Calibration({"channel": _COLOURS, "low": found.low, "high": found.high})
    channel = chosen_channel(overview, wanted)
    found = intensity_range(channel_plane(overview, channel)[0])
    return Calibration({"channel": channel_code(channel), "low": found.low, "high": found.high})


def picture_of(pixels: Pixels, values: Mapping[str, float]) -> NDArray[np.float32]:
    """``(h, w, 3) float32`` of about 0..1; of one channel, three times that."""
    limits = Range(values["low"], values["high"])
    if values["channel"] == _COLOURS:
        return normalised(pixels.array, limits)
    plane = normalised(channel_plane(pixels, channel_of_code(pixels, values))[0], limits)
    return np.repeat(plane[..., None], 3, axis=2)


def enlarged(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """The picture, mirrored below and to the right where it is smaller than networks take."""
    missing = [max(0, _SMALLEST_PX - side) for side in picture.shape[:2]]
    return np.pad(picture, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="symmetric")


def instances_of(labels: NDArray[np.integer], scores: NDArray[np.floating], shape: tuple[int, int]) -> Instances:
    """Labels of any numbering as ours, cut to a shape; ``scores[n - 1]`` belongs to label n, cut to 0..1."""
    cut = labels[: shape[0], : shape[1]]
    numbers, places = np.unique(cut, return_inverse=True)
    offset = 0 if numbers.size and numbers[0] == 0 else 1
    found = numbers[numbers > 0].astype(np.int64)
    renumbered = (places.reshape(cut.shape) + offset).astype(np.int32)
    return Instances(renumbered, np.clip(scores[found - 1].astype(np.float64), 0, 1))


def mean_scores(labels: NDArray[np.integer], probability: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean probability of each label 1..n."""
    numbers = labels.ravel().astype(np.int64)
    sums = np.bincount(numbers, weights=probability.ravel().astype(np.float64))
    return (sums / np.maximum(np.bincount(numbers), 1))[1:]


def weights_path(given: str, package: str) -> Path | None:
    """The file or folder that was named; ``None`` where it is a name for the package to know.

    Raises
    ------
    InvalidInputError
        Nothing was given, or what looks like a path does not exist.
    """
    name = given.strip()
    if not name:
        raise InvalidInputError(f"{package} needs weights: give their path, or a name that {package} knows.")
    path = Path(name).expanduser()
    if path.exists():
        return path
    if path.suffix or "/" in name or "\\" in name:
        raise InvalidInputError(f"There are no weights for {package} at {name!r} on the computer that runs the job.")
    return None
