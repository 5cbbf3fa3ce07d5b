"""A slide made of the bundled H&E section: its pieces side by side, turned and mirrored, in JPEG tiles."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

import cytoloop
from cytoloop.core.geometry import Box
from cytoloop.images.reading import read_plane
from cytoloop.images.registry import open_image

SECTION = Path(cytoloop.__file__).parent / "samples/he-slide.svs"
PIXEL_UM = 0.499
PATCH_PX = 1000
TILE_PX = 256


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
    """A square slide of one resolution; the same seed gives the same pixels. Memory holds two rows of pieces."""
    centimetre = 1e4 / PIXEL_UM
    tifffile.imwrite(
        path,
        _tiles(side_px, np.random.default_rng(seed)),
        shape=(side_px, side_px, 3),
        dtype=np.uint8,
        tile=(TILE_PX, TILE_PX),
        photometric="rgb",
        compression="jpeg",
        compressionargs={"level": quality},
        resolution=(centimetre, centimetre),
        resolutionunit="CENTIMETER",
        bigtiff=True,
    )


def _tiles(side_px: int, random: np.random.Generator) -> Iterator[NDArray[np.uint8]]:
    pieces = patches()
    across = -(-side_px // PATCH_PX)
    rows = [random.integers(0, len(pieces), across) for _ in range(across)]
    held: dict[int, NDArray[np.uint8]] = {}

    def row(number: int) -> NDArray[np.uint8]:
        if number not in held:
            held[number] = np.hstack([pieces[index] for index in rows[number]])[:, :side_px]
            held.pop(number - 2, None)
        return held[number]

    for top in range(0, side_px, TILE_PX):
        bottom = min(top + TILE_PX, side_px)
        numbers = range(top // PATCH_PX, (bottom - 1) // PATCH_PX + 1)
        start = numbers[0] * PATCH_PX
        band = np.vstack([row(number) for number in numbers])[top - start : bottom - start]
        for left in range(0, side_px, TILE_PX):
            tile = np.zeros((TILE_PX, TILE_PX, 3), np.uint8)
            part = band[:, left : left + TILE_PX]
            tile[: part.shape[0], : part.shape[1]] = part
            yield tile
