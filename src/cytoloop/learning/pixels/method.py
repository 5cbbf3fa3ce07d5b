"""A trained pixel classifier as a segmentation method."""

import logging
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from cytoloop.core.errors import CytoloopError, InvalidInputError
from cytoloop.learning.classical.cleaning import no_instances
from cytoloop.learning.method import Calibration, Instances, Method, Pixels

from .filters import planes_of
from .objects import objects_of_probability, smoothed_probability
from .package import PixelPackage, known_pixel_classifier
from .predictor import predictor_of

_LOG = logging.getLogger(__name__)
PREFIX = "pixels:"
_VERSION = re.compile(r"v([1-9][0-9]{0,5})")
ANY = "any"


class PixelParameters(BaseModel):
    """Parameters of every pixel classifier."""

    model_config = ConfigDict(extra="forbid")

    found: str = Field(
        ANY, title="Objects of", max_length=100, description="A class by name, or any: all that is not background."
    )
    probability: float = Field(0.5, title="Probability", gt=0, lt=1, description="From which a pixel belongs to it.")
    smoothing_px: float = Field(
        1.0,
        title="Smoothing",
        ge=0,
        le=50,
        description="Sigma of the Gaussian filter on the probabilities; 0 for none.",
        json_schema_extra={"unit": "px"},
    )
    min_area_px2: float = Field(
        20.0, title="Smallest area", ge=0, description="Smaller ones are left out.", json_schema_extra={"unit": "px²"}
    )
    fill_holes: bool = Field(True, title="Fill holes", description="Fill holes inside.")
    split: bool = Field(True, title="Split touching objects", description="Cut objects apart at their necks.")
    diameter_px: float | None = Field(
        None,
        title="Object diameter",
        gt=0,
        le=10_000,
        description="Typical diameter, to place cuts; empty to estimate it.",
        json_schema_extra={"unit": "px", "advanced": True},
    )


class PixelMethod:
    """Segmentation by a pixel classifier. ``number``: its version."""

    parameters: type[BaseModel] = PixelParameters

    def __init__(self, package: PixelPackage, number: int) -> None:
        self.package = package
        self.name = f"{PREFIX}{number}"
        self.title = f"Pixel classifier v{number}"
        names = ", ".join(one.name for one in package.classes)
        self.description = f"Tells pixels apart, trained on scribbles: {names}. Objects come from the probabilities."
        self.regions = package.regions

    def calibrate(self, overview: Pixels, parameters: PixelParameters) -> Calibration:
        """Nothing is learnt from the whole image; the class and the image are checked."""
        self._places(parameters)
        self._require_fit(overview, with_size=False)
        return Calibration()

    def segment(self, pixels: Pixels, parameters: PixelParameters, calibration: Calibration) -> Instances:
        """Connected pieces of the wanted class."""
        self._require_fit(pixels, with_size=True)
        if 0 in pixels.array.shape:
            return no_instances(pixels.array.shape[:2])
        likely = predictor_of(self.package.folder).probabilities(planes_of(pixels, self.package.spec))
        probability = smoothed_probability(likely[self._places(parameters)].sum(axis=0), parameters.smoothing_px)
        return objects_of_probability(
            probability,
            threshold=parameters.probability,
            min_area_px2=parameters.min_area_px2,
            fill_holes=parameters.fill_holes,
            split=parameters.split and not self.regions,
            radius_px=None if parameters.diameter_px is None else parameters.diameter_px / 2,
        )

    def _places(self, parameters: PixelParameters) -> list[int]:
        """The wanted classes: one by name, or all but the background."""
        names = [one.name.casefold() for one in self.package.classes]
        wanted = parameters.found.casefold()
        if wanted in names:
            return [names.index(wanted)]
        if wanted != ANY:
            known = ", ".join(one.name for one in self.package.classes)
            raise InvalidInputError(f"{self.title} has no class {parameters.found!r}. There are: {known}, or any.")
        if self.package.background is None:
            raise InvalidInputError(f"{self.title} has no background. Name the class whose objects are wanted.")
        return [number for number in range(len(names)) if number != self.package.background]

    def _require_fit(self, pixels: Pixels, *, with_size: bool) -> None:
        size = pixels.pixel_size_um if with_size else None
        channels = pixels.array.shape[2]
        self.package.spec.require_fit(rgb=pixels.rgb, channels=channels, pixel_um=size, name="the image")


def pixel_methods_in(folder: Path) -> dict[str, Method]:
    """The pixel classifiers of a project's folder, newest first; one that cannot be used is left out, and logged."""
    found: dict[int, Any] = {}
    for path in folder.iterdir() if folder.is_dir() else ():
        match = _VERSION.fullmatch(path.name)
        if match is None:
            continue
        try:
            found[int(match[1])] = PixelMethod(known_pixel_classifier(path), int(match[1]))
        except CytoloopError as error:
            _LOG.warning("The pixel classifier %s is left out: %s", path, error.message)
    return {found[number].name: found[number] for number in sorted(found, reverse=True)}
