"""What a worker process does to read a zip of annotation files."""

from pathlib import Path
from typing import Any

import orjson

from cytoloop.core.errors import InvalidInputError
from cytoloop.exchange.model import ExchangeImage
from cytoloop.jobs.worker import Reporter
from cytoloop.workflows.images.archives import ArchiveLimits, unpack

from .downloads import file_name
from .import_sets import read_files
from .objectfile import ObjectWriter, rows_of

LIMITS = ArchiveLimits(max_bytes=20 << 30)
UNPACKED = 0.2
"""How much of the work is done when the zip is unpacked; the rest is reading."""


def run(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Read the zip ``call["packed"]`` for the images of ``call["order"]`` (JSON).

    Objects go to ``call["output"]``, a group a layer; what the layers are to the same name with ``.layers``.
    """
    order = orjson.loads(Path(call["order"]).read_bytes())
    output = Path(call["output"])
    # layers are called as the folder
    content = output.with_suffix("") / file_name(Path(order["name"]).stem, "")
    reporter.progress(0, "Unpacking")
    unpack(Path(call["packed"]), content, LIMITS)
    images = [ExchangeImage(**one["facts"]) for one in order["images"]]
    layers, warnings = read_files(
        content, images, lambda done, text: reporter.progress(UNPACKED + (1 - UNPACKED) * done, text)
    )
    if not layers:
        raise InvalidInputError("Nothing could be imported. " + " ".join(warnings))
    writer = ObjectWriter(output)
    try:
        for number, (_, _, found) in enumerate(layers):
            writer.write(rows_of(number, found.objects))
    finally:
        writer.close()
    made = [{"image_id": order["images"][index]["id"], "name": name} for index, name, _ in layers]
    output.with_suffix(".layers").write_bytes(orjson.dumps(made))
    return {"warnings": warnings}
