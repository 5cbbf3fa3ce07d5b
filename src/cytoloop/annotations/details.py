"""What people write on an object: properties, tags and a description; kept as JSON in one column."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cytoloop.core.errors import InvalidInputError

PropertyValue = str | float | bool

MAX_PROPERTIES = 100
MAX_TAGS = 100
MAX_NAME_CHARACTERS = 100
"""Characters of a property's name and of a tag."""
MAX_VALUE_CHARACTERS = 1000
MAX_DESCRIPTION_CHARACTERS = 10_000


@dataclass(frozen=True, slots=True)
class Details:
    """Properties by name, tags in the order in which they were given, and plain text."""

    properties: Mapping[str, PropertyValue] = field(default_factory=dict[str, PropertyValue])
    tags: tuple[str, ...] = ()
    description: str = ""


NOTHING = Details()
FIELDS = ("properties", "tags", "description")


def checked_details(details: Details, where: str) -> Details:
    """The details without repeated tags, or ``InvalidInputError`` naming ``where`` and the limit."""
    tags = tuple(dict.fromkeys(details.tags))
    if len(details.properties) > MAX_PROPERTIES or len(tags) > MAX_TAGS:
        raise InvalidInputError(
            f"{where} has {len(details.properties)} properties and {len(tags)} tags; "
            f"at most {MAX_PROPERTIES} of each are kept. Leave some out."
        )
    for name in (*details.properties, *tags):
        if not name.strip() or len(name) > MAX_NAME_CHARACTERS:
            raise InvalidInputError(
                f"{where}: the name {name[:40]!r} must have 1 to {MAX_NAME_CHARACTERS} characters, not all blank."
            )
    for name, value in details.properties.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidInputError(f"{where}: the property {name!r} is no finite number. Leave it out.")
        if isinstance(value, str) and len(value) > MAX_VALUE_CHARACTERS:
            raise InvalidInputError(
                f"{where}: the property {name!r} is longer than {MAX_VALUE_CHARACTERS:,} characters. Shorten it."
            )
    if len(details.description) > MAX_DESCRIPTION_CHARACTERS:
        raise InvalidInputError(
            f"{where}: its description is longer than {MAX_DESCRIPTION_CHARACTERS:,} characters. Shorten it."
        )
    if any("\0" in text for text in _texts(details, tags)):
        raise InvalidInputError(f"{where} has a NUL character in its details, which cannot be stored. Remove it.")
    return Details(dict(details.properties), tags, details.description)


def _texts(details: Details, tags: Sequence[str]) -> list[str]:
    values = [value for value in details.properties.values() if isinstance(value, str)]
    return [*details.properties, *values, *tags, details.description]


def as_text(details: Details) -> str | None:
    """JSON for the column, ``None`` where there is nothing to keep."""
    facts: dict[str, Any] = {}
    if details.properties:
        facts["properties"] = dict(details.properties)
    if details.tags:
        facts["tags"] = list(details.tags)
    if details.description:
        facts["description"] = details.description
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":")) if facts else None


def from_text(text: str | None) -> Details:
    """What ``as_text`` made."""
    if text is None:
        return NOTHING
    facts: dict[str, Any] = json.loads(text)
    return Details(facts.get("properties", {}), tuple(facts.get("tags", ())), facts.get("description", ""))


def changed_details(details: Details, fields: Mapping[str, Any]) -> Details:
    """The details with those of ``fields`` that name one of them put in its place."""
    return Details(
        fields.get("properties", details.properties),
        tuple(fields.get("tags", details.tags)),
        fields.get("description", details.description),
    )
