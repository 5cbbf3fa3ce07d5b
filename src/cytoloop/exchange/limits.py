"""Limits of what is read from files that strangers made, and the errors that name them."""

import json
from pathlib import Path
from typing import Any

import orjson

from cytoloop.core.errors import InvalidInputError

MAX_TEXT_BYTES = 2**31
"""Size of JSON and CSV files."""


def text_bytes(path: Path) -> bytes:
    """The content of a text file, or ``InvalidInputError`` where it is empty or beyond the limit."""
    size = path.stat().st_size
    if size > MAX_TEXT_BYTES:
        raise InvalidInputError(
            f"{path.name} has {size:,} bytes; at most {MAX_TEXT_BYTES:,} are read. Split it into several files."
        )
    data = path.read_bytes()
    if not data.strip():
        raise InvalidInputError(f"{path.name} is empty. Export it again.")
    return data


def parsed_json(path: Path) -> Any:
    """The JSON in a file. NaN, which QuPath writes as a measurement, is allowed here."""
    data = text_bytes(path).removeprefix(b"\xef\xbb\xbf")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as strict:
        if b"NaN" not in data and b"Infinity" not in data:
            raise InvalidInputError(_not_json(path, str(strict))) from strict
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(_not_json(path, str(error))) from error


def _not_json(path: Path, reason: str) -> str:
    return f"{path.name} is no complete JSON ({reason[:200]}). Export or copy it again."
