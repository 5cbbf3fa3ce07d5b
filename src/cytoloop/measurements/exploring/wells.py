"""Wells of a plate and groups of images, read from the images' names."""

import re

_ENDINGS = (".ome", ".labels")
_LETTERS = re.compile(r"(?<![A-Za-z0-9])([A-P])[-_]?([0-9]{1,2})(?![0-9])")
_ROW_COLUMN = re.compile(r"(?<![A-Za-z0-9])r([0-9]{2})c([0-9]{2})(?![0-9])")
_MOST_ROWS, _MOST_COLUMNS = 16, 24
MOST_READ = 300
"""Characters of a name that are looked at."""


def stem_of(name: str) -> str:
    """A name without folders and endings."""
    stem = name[:MOST_READ].replace("\\", "/").rsplit("/", 1)[-1]
    base, dot, ending = stem.rpartition(".")
    stem = base if dot and base and len(ending) <= 6 and not ending.isdigit() else stem
    for one in _ENDINGS:
        stem = stem.removesuffix(one)
    return stem


def well_of(name: str) -> str | None:
    """The well of a 6- to 384-well plate that an image's name tells, as ``B03``; ``None`` where it tells none.

    Understood are a capital letter A to P and a number 1 to 24 that stand by themselves (``B3``, ``plate_B-03``), and
    row and column as Opera and Operetta write them (``r02c03f01``), which go first. Of several the first counts.
    """
    stem = stem_of(name)
    numbers = _ROW_COLUMN.search(stem)
    if numbers:
        row, column = int(numbers[1]), int(numbers[2])
        if 1 <= row <= _MOST_ROWS and 1 <= column <= _MOST_COLUMNS:
            return f"{chr(ord('A') + row - 1)}{column:02}"
    for found in _LETTERS.finditer(stem):
        if 1 <= int(found[2]) <= _MOST_COLUMNS:
            return f"{found[1]}{int(found[2]):02}"
    return None


def group_of(name: str) -> str:
    """What images of one series share in their names: ``drug_2`` of drug_2_07.tif, ``plate1`` of plate1_B03_s1.tif.

    That is the name without its ending, from its well on, and without the number at its end. A name that is nothing
    else is its own group.
    """
    stem = stem_of(name)
    for pattern in (_ROW_COLUMN, _LETTERS):
        found = pattern.search(stem)
        if found and found.start() == 0:
            return stem
        if found:
            stem = stem[: found.start()]
            break
    bare = re.sub(r"[\s_.,()-]*(?:(?:[sftzwc]|site|field|fov|img|image)?[0-9]+)[)\s]*$", "", stem, flags=re.IGNORECASE)
    return bare.strip(" _-.(") or stem
