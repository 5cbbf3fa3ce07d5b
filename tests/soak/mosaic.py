"""A slide made of the bundled H&E section: its tiles side by side, turned and mirrored, as a pyramid of JPEG tiles."""

from pathlib import Path
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

import cytoloop
from cytoloop.core.geometry import Box
from cytoloop.images.reading import read_plane
from cytoloop.images.registry import open_image

SECTION = Path(cytoloop.__file__).parent / "samples/he-slide.svs"
PIXEL_UM = 0.499
PATCH_PX = 1000


def patches() -> list[NDArray[Any]]:
    """Square pieces of the section, each in eight positions."""
    source = open_image(SECTION)
    try:
        info = source.info()
        corners = [
            (x, y)
            for y in range(0, info.height - PATCH_PX + 1, PATCH_PX)
            for x in range(0, info.width - PATCH_PX + 1, PATCH_PX)
        ]
        pieces = [np.asarray(read_plane(source, Box(x, y, x + PATCH_PX, y + PATCH_PX))) for x, y in corners]
    finally:
        source.close()
    return [np.rot90(one, turns) for piece in pieces for one in (piece, piece[:, ::-1]) for turns in range(4)]


def write_mosaic(path: Path, side_px: int, *, seed: int = 0, quality: int = 85) -> None:
    """A square slide; the same seed gives the same pixels."""
    pieces = [pyvips.Image.new_from_array(np.ascontiguousarray(one)) for one in patches()]
    random = np.random.default_rng(seed)
    across = -(-side_px // PATCH_PX)
    chosen = [pieces[index] for index in random.integers(0, len(pieces), across * across)]
    image = pyvips.Image.arrayjoin(chosen, across=across).crop(0, 0, side_px, side_px)
    per_mm = 1000 / PIXEL_UM
    image.copy(xres=per_mm, yres=per_mm, interpretation="srgb").tiffsave(
        str(path), tile=True, tile_width=256, tile_height=256, pyramid=True, compression="jpeg", Q=quality, bigtiff=True
    )
