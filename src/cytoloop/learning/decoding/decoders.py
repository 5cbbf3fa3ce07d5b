"""Which decoder belongs to which maps."""

from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.method import Instances
from cytoloop.learning.packages.model import Decoder

from .components import component_objects
from .flows import flow_objects
from .settings import DecoderSettings
from .star import star_objects
from .watershed import watershed_objects


def decoded(
    decoder: Decoder, maps: NDArray[np.float32], diameter_px: float, settings: DecoderSettings | None = None
) -> Instances:
    """The objects in maps ``(c, h, w)`` of the decoder's channels, with mean foreground probability as score.

    ``diameter_px`` is the expected diameter in px of the maps: limits of area are relative to it.
    """
    chosen = settings or DecoderSettings()
    match decoder:
        case Decoder.WATERSHED:
            return watershed_objects(maps[0], maps[1], diameter_px, chosen)
        case Decoder.STAR:
            return star_objects(maps[0], maps[1:], diameter_px, chosen)
        case Decoder.FLOWS:
            return flow_objects(maps[0], maps[1:3], diameter_px, chosen)
        case Decoder.COMPONENTS:
            return component_objects(maps, diameter_px, chosen)
        case _:
            assert_never(decoder)
