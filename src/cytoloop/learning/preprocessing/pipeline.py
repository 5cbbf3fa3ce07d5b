"""Preprocessing and a method under one name: a saved choice that is used like any other method."""

import logging
import re
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cytoloop.core.errors import CytoloopError, InvalidInputError
from cytoloop.learning.method import Calibration, Instances, Method, Pixels, finds_regions, parse_parameters

from .steps import Step, checked_steps, preprocessed, projection_of, ranges_of

logger = logging.getLogger(__name__)

ENDING = ".pipeline.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class Pipeline(BaseModel):
    """Steps, then a method with these parameters where the user gives no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str = Field(min_length=1, max_length=100)
    steps: tuple[Step, ...] = ()
    method: str = Field(min_length=1, max_length=100)
    parameters: dict[str, Any] = Field(default_factory=dict[str, Any])

    @field_validator("name")
    @classmethod
    def _check_name(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
            raise ValueError(
                "use small letters, digits, '-', '_' and '.', beginning with a letter or digit, 64 at most"
            )
        return value

    @field_validator("steps", mode="after")
    @classmethod
    def _check_steps(cls, value: tuple[Step, ...]) -> tuple[Step, ...]:
        return checked_steps(value)


class PipelineMethod:
    """A pipeline as a segmentation method. ``inner`` is the method that it names."""

    def __init__(self, pipeline: Pipeline, inner: Method) -> None:
        self.pipeline = pipeline
        self.projection = projection_of(pipeline.steps)
        self.name = pipeline.name
        self.title = pipeline.title
        steps = ", ".join(one.kind for one in pipeline.steps) or "no preprocessing"
        self.description = f"A saved pipeline: {steps}, then {inner.title}."
        self._inner = inner
        self.regions = finds_regions(inner)
        self.parameters = _with_defaults(inner, pipeline)

    def calibrate(self, overview: Pixels, parameters: Any) -> Calibration:
        """The inner method's values for the preprocessed image, and the ranges of the channels before."""
        if 0 in overview.array.shape:
            return Calibration()
        ranges = ranges_of(overview)
        found = self._inner.calibrate(preprocessed(overview, self.pipeline.steps, ranges), self._own(parameters))
        return Calibration({**found.values, **ranges.values})

    def segment(self, pixels: Pixels, parameters: Any, calibration: Calibration) -> Instances:
        """The inner method's objects in the preprocessed pixels."""
        ready = preprocessed(pixels, self.pipeline.steps, calibration)
        return self._inner.segment(ready, self._own(parameters), calibration)

    def _own(self, parameters: BaseModel) -> BaseModel:
        return parse_parameters(self._inner, parameters.model_dump())


def _with_defaults(inner: Method, pipeline: Pipeline) -> type[BaseModel]:
    """The inner method's parameters with the pipeline's values as defaults."""
    parse_parameters(inner, pipeline.parameters)
    fields: dict[str, Any] = {"__doc__": f"Parameters of the pipeline {pipeline.name!r}.", "__annotations__": {}}
    chosen = parse_parameters(inner, pipeline.parameters)
    for name, field in inner.parameters.model_fields.items():
        if name not in pipeline.parameters:
            continue
        changed = copy(field)
        changed.default = getattr(chosen, name)
        fields[name] = changed
        fields["__annotations__"][name] = field.annotation
    return type(f"{inner.parameters.__name__}With", (inner.parameters,), {"__module__": __name__, **fields})


def read_pipeline(path: Path) -> Pipeline:
    """A saved pipeline. Raises ``InvalidInputError`` that names the file."""
    try:
        return Pipeline.model_validate_json(path.read_bytes())
    except (OSError, ValidationError, InvalidInputError) as error:
        raise InvalidInputError(f"{path.name} is no pipeline that can be read: {str(error)[:300]}") from error


def write_pipeline(pipeline: Pipeline, folder: Path) -> Path:
    """Saved as ``NAME.pipeline.json``; one of the same name is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{pipeline.name}{ENDING}"
    part = path.with_suffix(".part")
    part.write_text(pipeline.model_dump_json(indent=2), encoding="utf-8")
    part.replace(path)
    return path


def pipelines_in(folder: Path, method_named: Callable[[str], Method | None]) -> dict[str, Method]:
    """The pipelines of a folder as methods; one that cannot be used is left out, and the log says why."""
    found: dict[str, Method] = {}
    for path in sorted(folder.glob(f"*{ENDING}")):
        try:
            pipeline = read_pipeline(path)
            inner = method_named(pipeline.method)
            if inner is None:
                logger.warning("The pipeline %s is left out: there is no method %r.", path.name, pipeline.method)
                continue
            found[pipeline.name] = PipelineMethod(pipeline, inner)
        except CytoloopError as error:
            logger.warning("The pipeline %s is left out: %s", path.name, error.message)
    return found
