"""Log lines for people or for programs: plain text, or one JSON object a line."""

import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

import orjson

REQUEST: ContextVar[str | None] = ContextVar("request", default=None)
"""The id of the request that is being answered."""

Format = Literal["text", "json"]


class JsonLines(logging.Formatter):
    """A record as one line of JSON; ``extra={"facts": {...}}`` adds fields of its own."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        request = REQUEST.get()
        if request is not None:
            fields["request"] = request
        fields.update(getattr(record, "facts", {}))
        if record.exc_info is not None and record.exc_info[0] is not None:
            fields["error"] = "".join(traceback.format_exception(*record.exc_info))
        return orjson.dumps(fields, default=str).decode()


def configure_logging(form: Format) -> None:
    """Log to stderr: warnings as text, or everything from the level info on, each request too, as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    root = logging.getLogger()
    if form == "json":
        handler.setFormatter(JsonLines())
        logging.getLogger("cytoloop").setLevel(logging.INFO)
    else:
        handler.setFormatter(logging.Formatter("%(levelname)s:%(name)s:%(message)s"))
    root.setLevel(logging.WARNING)
    root.handlers[:] = [handler]
