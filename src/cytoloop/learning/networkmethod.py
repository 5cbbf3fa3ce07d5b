"""A model package as a segmentation method."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from cytoloop.core.errors import CytoloopError

from .classical.channels import AUTO, STAINS, channel_plane, chosen_channel, is_stained_section
from .classical.cleaning import kept_objects, no_instances
from .decoding import DecoderSettings
from .inference.instances import Predictor, SizedMaps
from .inference.session import network_of
from .inference.views import ALL, IDENTITY
from .method import Calibration, Instances, Method, Pixels
from .normalisation import Range, intensity_range, normalised
from .packages.model import ModelPackage, Task
from .packages.reading import read_package

_LOG = logging.getLogger(__name__)
_COMBINED = "+"
_LIGHT = 0.8
"""Mean of the normalised colours from which an object of a stained section is a gap."""


class NetworkParameters(BaseModel):
    """Parameters of every model. All have defaults that fit most images."""

    model_config = ConfigDict(extra="forbid")

    diameter_px: float | None = Field(
        None,
        title="Object diameter",
        ge=2,
        le=2_000,
        description="Typical diameter in the image; empty to estimate it.",
        json_schema_extra={"unit": "px"},
    )
    tta: bool = Field(
        False,
        title="Look eight times",
        description="Test-time augmentation: the mean over turned and mirrored views. Slower, a little more exact.",
    )
    channel: str = Field(
        AUTO,
        title="Channel",
        max_length=200,
        description=(
            "auto, a channel's name, or its number from 0; several joined by + are combined. Colour images: auto for "
            "the colours as they are, or gray, red, green, blue, haematoxylin, eosin or dab."
        ),
    )
    probability: float | None = Field(
        None,
        title="Probability",
        gt=0,
        lt=1,
        description="From which a pixel belongs to an object; lower makes objects larger. Empty for the model's own.",
        json_schema_extra={"advanced": True},
    )
    min_area_px2: float = Field(
        0.0,
        title="Smallest area",
        ge=0,
        description="Smaller objects are left out.",
        json_schema_extra={"unit": "px²", "advanced": True},
    )
    remove_border: bool = Field(
        False,
        title="Leave out objects at the border",
        description="Objects that the image's border cuts.",
        json_schema_extra={"advanced": True},
    )


@dataclass(frozen=True, slots=True)
class _Input:
    """One plane or picture to be normalised: ``(h, w)`` or ``(h, w, 3)``."""

    array: NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Maps of an image; ``stained`` is its picture ``(h, w, 3)`` if it is a section, where glass is no object."""

    maps: SizedMaps
    stained: NDArray[np.float32] | None


class NetworkMethod:
    """Segmentation by a network in a package."""

    parameters: type[BaseModel] = NetworkParameters

    def __init__(self, package: ModelPackage) -> None:
        self.package = package
        self.name = package.name
        self.title = package.title
        self.description = package.description
        self.regions = package.spec.task is Task.SEMANTIC

    @property
    def decoder_settings(self) -> DecoderSettings:
        """The numbers of the decoder: the usual ones, or those that the package tells."""
        return DecoderSettings().with_values(self.package.spec.decoding)

    def calibrate(self, overview: Pixels, parameters: NetworkParameters) -> Calibration:
        """Intensity range of each channel and the objects' diameter, from the image or windows of it."""
        if 0 in overview.array.shape:
            return Calibration()
        inputs = _inputs(overview, parameters.channel)
        values: dict[str, float] = {"stained": float(is_stained_section(overview))}
        for number, one in enumerate(inputs):
            found = self._range(one.array)
            values |= {f"low_{number}": found.low, f"high_{number}": found.high}
        diameter = parameters.diameter_px
        if diameter is None:
            windows = overview.details or (overview,)
            pictures = [self._picture(one, parameters.channel, values) for one in windows]
            diameter = self._predictor(parameters).diameter(pictures)
        return Calibration(values if diameter is None else values | {"diameter": diameter})

    def segment(self, pixels: Pixels, parameters: NetworkParameters, calibration: Calibration) -> Instances:
        """The objects, found at the model's own size and brought back to the image's."""
        shape = (pixels.array.shape[0], pixels.array.shape[1])
        return no_instances(shape) if 0 in shape else self.decide(self.see(pixels, parameters, calibration), parameters)

    def see(self, pixels: Pixels, parameters: NetworkParameters, calibration: Calibration) -> Seen:
        """What the network makes of an image that has pixels; which objects that gives is for ``decide``."""
        picture = self._picture(pixels, parameters.channel, calibration.values)
        diameter = parameters.diameter_px or calibration.values.get("diameter")
        maps = self._predictor(parameters).maps_at(picture, diameter, pixels.origin)
        return Seen(maps, picture if calibration.values.get("stained") else None)

    def decide(
        self, seen: Seen, parameters: NetworkParameters, decoding: Mapping[str, float] | None = None
    ) -> Instances:
        """The objects; ``decoding`` are numbers of the decoder in place of the model's."""
        found = self._predictor(parameters, decoding).objects(seen.maps)
        if seen.stained is not None:
            found = _without_bright(found, seen.stained)
        if parameters.min_area_px2 <= 0 and not parameters.remove_border:
            return found
        return _limited(found, parameters)

    def foreground(
        self, pixels: Pixels, parameters: NetworkParameters, calibration: Calibration
    ) -> NDArray[np.float32]:
        """The probability that a pixel belongs to an object, ``(h, w)``."""
        picture = self._picture(pixels, parameters.channel, calibration.values)
        diameter = parameters.diameter_px or calibration.values.get("diameter")
        return self._predictor(parameters).foreground(picture, diameter, pixels.origin)

    def _range(self, array: NDArray[Any]) -> Range:
        return intensity_range(array, self.package.spec.low_percentile, self.package.spec.high_percentile)

    def _picture(self, pixels: Pixels, wanted: str, values: Mapping[str, float]) -> NDArray[np.float32]:
        """``(h, w, 3) float32``; several channels are combined by the brightest."""
        planes: list[NDArray[np.float32]] = []
        for number, one in enumerate(_inputs(pixels, wanted)):
            known = f"low_{number}" in values
            limits = Range(values[f"low_{number}"], values[f"high_{number}"]) if known else self._range(one.array)
            planes.append(normalised(one.array, limits))
        if planes[0].ndim == 3:
            return planes[0]
        joined = planes[0] if len(planes) == 1 else np.max(np.stack(planes), axis=0)
        return np.repeat(joined[..., None], 3, axis=2)

    def _predictor(self, parameters: NetworkParameters, decoding: Mapping[str, float] | None = None) -> Predictor:
        settings = self.decoder_settings.with_values(decoding or {})
        if parameters.probability is not None:
            settings = settings.with_values({"foreground": parameters.probability})
        turns = ALL if parameters.tta else (IDENTITY,)
        return Predictor(network_of(self.package.weights), self.package.spec, settings, turns)


def _inputs(pixels: Pixels, wanted: str) -> list[_Input]:
    """What is shown to the network before it is normalised: the colours, or the chosen channels one by one."""
    if pixels.rgb and wanted.strip().lower() == AUTO:
        return [_Input(pixels.array)]
    names = [one.strip() for one in wanted.split(_COMBINED)] if _COMBINED in wanted else [wanted]
    found: list[_Input] = []
    for name in names:
        channel = chosen_channel(pixels, name)
        if pixels.rgb:
            plane, _ = channel_plane(pixels, channel)
            found.append(_Input(plane if channel in STAINS else plane.astype(np.uint8)))
        else:
            found.append(_Input(pixels.array[..., int(channel)]))
    return found


def _without_bright(found: Instances, picture: NDArray[np.float32]) -> Instances:
    """Without objects as light as the glass: gaps in a stained section, which look like nuclei in fluorescence."""
    count = len(found.scores)
    areas = np.bincount(found.labels.ravel(), minlength=count + 1)[1:]
    light = np.bincount(found.labels.ravel(), picture.mean(axis=2).ravel(), minlength=count + 1)[1:]
    kept = light / np.maximum(areas, 1) < _LIGHT
    numbers = np.concatenate([[0], np.cumsum(kept) * kept]).astype(np.int32)
    return Instances(numbers[found.labels], found.scores[kept])


def _limited(found: Instances, parameters: NetworkParameters) -> Instances:
    labels = kept_objects(found.labels, min_area_px2=parameters.min_area_px2, remove_border=parameters.remove_border)
    count = int(labels.max(initial=0))
    scores = np.zeros(count)
    scores[labels[labels > 0] - 1] = found.scores[found.labels[labels > 0] - 1]
    return Instances(labels, scores)


def network_methods_in(folder: Path, *, shipped: bool) -> dict[str, Method]:
    """A method for every model package in the folder, by name; none where there is no such folder.

    A package that cannot be read is left out with a warning: one bad folder must not take the others away.
    """
    if not folder.is_dir():
        return {}
    found: dict[str, Method] = {}
    for one in sorted(folder.iterdir()):
        if not one.is_dir() or one.name.startswith((".", "_")):
            continue
        method = _method_of(one, _changed(one), shipped)
        if method is not None:
            found[method.name] = method
    return found


def _changed(folder: Path) -> int:
    return max((one.stat().st_mtime_ns for one in folder.iterdir()), default=0)


@lru_cache(maxsize=256)
def _method_of(folder: Path, changed_ns: int, shipped: bool) -> NetworkMethod | None:  # noqa: ARG001, FBT001 - the key
    try:
        return NetworkMethod(read_package(folder, shipped=shipped))
    except CytoloopError as error:
        _LOG.warning("The model in %s was left out: %s", folder, error.message)
        return None
