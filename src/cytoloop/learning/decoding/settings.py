"""The numbers of the decoders."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class DecoderSettings:
    """Thresholds and limits, tuned on a fifth of the training part of DSB 2018.

    Areas are shares of the area of a disc of the expected diameter.
    """

    foreground: float = 0.53
    """Probability from which a pixel belongs to an object."""
    seed: float = 0.5
    """Normalised distance from which a pixel belongs to an object's middle (watershed)."""
    smallest_seed: float = 0.005
    """Area of the smallest seed."""
    smallest: float = 0.08
    """Area of the smallest object."""
    least_score: float = 0.78
    """Objects whose mean foreground probability is lower are left out."""
    overlap: float = 0.3
    """Share of intersection over union from which of two star-convex objects the less probable goes."""

    def with_values(self, values: Mapping[str, float]) -> Self:
        """A copy with the named values; names of other settings are left alone."""
        known = {field.name for field in fields(self)}
        return replace(self, **{name: value for name, value in values.items() if name in known})
