"""Properties, tags and descriptions as files spell them; beyond the limits they are cut, never refused."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from cytoloop.annotations.details import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_PROPERTIES,
    MAX_TAGS,
    MAX_VALUE_CHARACTERS,
    Details,
    PropertyValue,
)

from .naming import mapping_or_empty, number_or_none


def details_facts(details: Details) -> dict[str, Any]:
    """JSON-ready facts of what there is."""
    facts = {"properties": dict(details.properties), "tags": list(details.tags), "description": details.description}
    return {name: value for name, value in facts.items() if value}


def details_of(own: Mapping[str, Any], other: Mapping[str, Any]) -> Details:
    """Details that this program wrote (``own``), and plain values that another one did."""
    listed: object = own.get("tags")
    tags = cast("list[object]", listed) if isinstance(listed, list) else []
    description = own.get("description")
    return Details(
        _properties([*mapping_or_empty(own.get("properties")).items(), *other.items()]),
        tuple(dict.fromkeys(one for one in tags if isinstance(one, str) and _is_name(one)))[:MAX_TAGS],
        _plain(description)[:MAX_DESCRIPTION_CHARACTERS] if isinstance(description, str) else "",
    )


def _properties(pairs: Iterable[tuple[str, Any]]) -> dict[str, PropertyValue]:
    kept: dict[str, PropertyValue] = {}
    for name, value in pairs:
        known = _value(value)
        if known is not None and _is_name(name) and len(kept) < MAX_PROPERTIES:
            kept.setdefault(name, known)
    return kept


def _value(value: object) -> PropertyValue | None:
    if isinstance(value, str):
        return _plain(value)[:MAX_VALUE_CHARACTERS]
    return value if isinstance(value, bool) else number_or_none(value)


def _is_name(name: str) -> bool:
    return bool(name.strip()) and len(name) <= MAX_NAME_CHARACTERS and "\0" not in name


def _plain(text: str) -> str:
    return text.replace("\0", "")
