"""Small real images that ship with the package; their sources and licences are in README.md."""

from pathlib import Path

FOLDER = Path(__file__).parent
NAMES = (
    "fluorescence-nuclei.png",
    "he-slide.svs",
    "hela-cells.tif",
    "membrane-timelapse.tif",
)


def sample_paths() -> list[Path]:
    """Every sample image, in the order in which the demo shows them."""
    return [FOLDER / name for name in NAMES]
