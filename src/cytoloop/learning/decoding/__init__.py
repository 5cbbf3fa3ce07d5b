"""From the maps that networks predict to single objects. Pure functions on arrays."""

from .decoders import decoded
from .settings import DecoderSettings

__all__ = ["DecoderSettings", "decoded"]
