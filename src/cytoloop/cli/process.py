"""One of several API processes: ``python -m cytoloop.cli.process SOCKET``, with the settings as JSON on stdin."""

import json
import os
import socket
import sys
import threading

from cytoloop.core.errors import CytoloopError
from cytoloop.core.logs import configure_logging
from cytoloop.runtime.assembly import assemble
from cytoloop.runtime.settings import Settings

from .running import Server, server_config


def main() -> None:
    """Serve on the socket until stdin ends."""
    settings = Settings(**json.loads(sys.stdin.readline()))
    configure_logging(settings.log_format)
    listening = socket.socket(fileno=int(sys.argv[1]))
    try:
        services = assemble(settings)
    except CytoloopError as error:
        sys.exit(f"Error: {error.message}")
    server = Server(server_config(services), services)
    threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    server.run(sockets=[listening])


def _end_with_parent(server: Server) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass  # nothing more is sent
    server.should_exit = True


if __name__ == "__main__":
    main()
