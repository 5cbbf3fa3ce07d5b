"""Housekeeping: what was kept for a while and is not wanted any more."""

import logging
import threading

from cytoloop.annotations.layers import delete_layer
from cytoloop.annotations.wholelayers import forgotten_layers
from cytoloop.core.errors import UnavailableError
from cytoloop.storage.database import Database
from cytoloop.workflows.images.custody import Custody
from cytoloop.workflows.shelf import Shelf

from .leftovers import Leftovers

logger = logging.getLogger(__name__)

EVERY_S = 3600.0


def sweep(database: Database, shelf: Shelf, custody: Custody, leftovers: Leftovers) -> None:
    """Remove files of jobs that are a day old, layers that undo took away and no redo can bring back, lost images.

    And files of layers, jobs and projects that are gone.
    """
    shelf.sweep(database)
    leftovers.sweep()
    with database.read() as connection:
        layers = forgotten_layers(connection)
    for layer_id in layers:
        database.write(lambda connection, layer_id=layer_id: delete_layer(connection, layer_id))
    try:
        custody.sweep()
    except UnavailableError as error:
        logger.warning("Stored images are swept later: %s", error.message)


class Sweeper:
    """Sweeps when the server starts, and then every hour."""

    def __init__(
        self, database: Database, shelf: Shelf, custody: Custody, leftovers: Leftovers, every_s: float = EVERY_S
    ) -> None:
        self._leftovers = leftovers
        self._database = database
        self._shelf = shelf
        self._custody = custody
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def sweep(self) -> None:
        """Sweep now."""
        sweep(self._database, self._shelf, self._custody, self._leftovers)

    def start(self) -> None:
        """Begin, unless it has begun."""
        if not self._thread.is_alive():
            self._thread.start()

    def stop(self) -> None:
        """End; a sweep under way is finished first."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.sweep()
            except Exception:
                logger.exception("Sweeping met an error; it is tried again later")
            self._stopping.wait(self._every_s)
