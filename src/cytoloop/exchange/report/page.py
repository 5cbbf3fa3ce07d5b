"""A report's page, filled in and written whole."""

import base64
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

_TEMPLATES = Environment(
    loader=PackageLoader("cytoloop.exchange.report"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write_page(path: Path, template: str, **values: Any) -> Path:
    """Fill in a template of this package and write it to ``path``, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(_TEMPLATES.get_template(template).render(**values), encoding="utf-8")
    partial.replace(path)
    return path


def svg(markup: str) -> Markup:
    """A plot of ``plots.py``, which has escaped what it was given."""
    return Markup(markup)  # noqa: S704 - made by our own code from escaped text


def data_url(picture: bytes, kind: str = "jpeg") -> str:
    """A picture for the ``src`` of an image in the page itself."""
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
