"""Write the reference pages that follow from the code: settings, commands, measurements."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import shapely

from cytoloop.measurements.objects import measure_objects
from cytoloop.runtime.settings import Settings

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
COMMANDS = (
    *(
        "demo",
        "serve",
        "segment",
        "methods",
        "train",
        "landmarks train",
        "landmarks detect",
        "landmarks measure",
        "classify",
        "measure",
        "evaluate",
        "compare",
        "convert",
        "export",
        "import",
    ),
    *(f"spatial {name}" for name in ("regions", "distances")),
    *("backup", "restore", "blobs move", "blobs adopt"),
    *(f"cluster {name}" for name in ("certificates", "start", "script", "manifest", "show")),
    *(f"models {name}" for name in ("list", "show", "test", "import", "export", "tune", "remove")),
    *("user add", "user list", "user password", "token add"),
)


def settings() -> str:
    """Every setting with its variable, default and meaning."""
    rows = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = "computed" if field.default_factory else repr(field.default).strip("'")
        default = {"None": "none"}.get(default, default)
        rows.append(f"| `CYTOLOOP_{name.upper()}` | {default} | {field.description or 'Folder of all data.'} |")
    intro = "Each is an environment variable; several are options of `cytoloop serve` too, which win."
    return "# Settings\n\n" + intro + "\n\n" + "\n".join(rows) + "\n"


def commands() -> str:
    """Every command's help."""
    parts = ["# Commands", "Exit codes: 0 done, 1 something failed, 2 the request could not be used."]
    environment = {**os.environ, "COLUMNS": "110", "TERM": "dumb", "NO_COLOR": "1"}
    for name in COMMANDS:
        call = [sys.executable, "-m", "cytoloop.cli", *name.split(), "--help"]
        text = subprocess.run(call, capture_output=True, text=True, check=True, env=environment).stdout
        text = re.sub(r"^Usage: \S+( -m \S+)?( cytoloop)?", "Usage: cytoloop", text.strip(), flags=re.MULTILINE)
        parts.append(f"## cytoloop {name}\n\n```text\n{text}\n```")
    return "\n\n".join(parts) + "\n"


def measurements() -> str:
    """Every measured column."""
    table = measure_objects(
        [shapely.box(1, 1, 5, 5)],
        lambda box: np.ones((1, int(box.height), int(box.width)), np.uint8),
        extent=(8, 8),
        channels=["DAPI"],
        pixel_width_um=0.5,
        pixel_height_um=0.5,
    )
    rows = ["| key | name | unit |", "| --- | --- | --- |"]
    rows += [f"| `{one.key}` | {one.label} | {one.unit or '-'} |" for one in table.columns]
    intro = (
        "One row an object. Columns in micrometres are there where the pixel size is known; those of a channel end in its "
        "number from 0 (here channel 0, DAPI). Definitions and sources are in the docstrings of `cytoloop.measurements`."
    )
    return "# Measurements\n\n" + intro + "\n\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    for name, text in (("settings", settings()), ("commands", commands()), ("measurements", measurements())):
        (FOLDER / f"{name}.md").write_text(text)
