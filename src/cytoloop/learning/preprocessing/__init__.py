"""Steps that change pixels before a method sees them, and pipelines of such steps and a method.

May import ``core``, ``learning/method.py`` and ``learning/normalisation.py``.
"""

from .pipeline import Pipeline, PipelineMethod, pipelines_in, read_pipeline, write_pipeline
from .steps import PRESETS, Projection, Step, parse_steps, preprocessed, projection_of

__all__ = [
    "PRESETS",
    "Pipeline",
    "PipelineMethod",
    "Projection",
    "Step",
    "parse_steps",
    "pipelines_in",
    "preprocessed",
    "projection_of",
    "read_pipeline",
    "write_pipeline",
]
