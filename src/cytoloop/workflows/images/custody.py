"""Who may delete stored files: of servers that were pointed at the same files, only the one whose they are.

A copy of a database, a restored backup or a wrong setting must not make a server believe that nobody uses the files it
finds.
"""

import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from cytoloop.core.clock import utc_now
from cytoloop.core.errors import UnavailableError
from cytoloop.jobs.counting import any_unfinished
from cytoloop.projects import images as image_records
from cytoloop.projects.users import first_account_at
from cytoloop.storage.blobs.contract import ARRIVING, Blobs
from cytoloop.storage.database import Database

logger = logging.getLogger(__name__)


class Custody:
    """The files of one home and database.

    Parameters
    ----------
    home
        Keeps the number of this installation, which no backup holds.
    """

    def __init__(self, database: Database, blobs: Blobs, home: Path) -> None:
        self._database = database
        self._blobs = blobs
        self._path = home / "installation"
        self._is_ours = False
        self._asked = False

    def claim(self) -> None:
        """Claim the files when the first is about to come, unless that was tried."""
        if not self._asked:
            self._asked = True
            with suppress(UnavailableError):
                self.is_ours()

    def is_ours(self, removed: Collection[str] = ()) -> bool:
        """Whether the files are this installation's; claimed where nobody has, and its database knows some of them.

        ``removed``: keys of those that it knew until now.
        """
        if self._is_ours:
            return True
        name = self._name()
        if name is None:
            return False
        owner = self._blobs.owner()
        if owner is None and self._may_claim(removed):
            owner = self._blobs.owner(claimed_by=name)
        if owner != name:
            logger.warning(
                "Files in %s belong to another installation, so none is deleted. Give each a place of its own, or take "
                "them over with: cytoloop blobs adopt",
                self._blobs.place,
            )
        self._is_ours = owner == name
        return self._is_ours

    def adopt(self) -> None:
        """Take the files over from whoever had them."""
        name = self._name()
        if name is not None:
            self._blobs.disown()
            self._is_ours = self._blobs.owner(claimed_by=name) == name

    def delete(self, keys: Sequence[str]) -> None:
        """Delete files of images that were removed, unless an import that is under way may count on them.

        What stays is left to the sweeper, and so is everything while the files cannot be reached.
        """
        try:
            if keys and self.is_ours(keys):
                for key in keys:
                    self._blobs.remove(key, lambda key=key: self._is_unwanted(key))
        except UnavailableError as error:
            logger.warning("Files of removed images are deleted later: %s", error.message)

    def sweep(self, grace: timedelta = ARRIVING) -> int:
        """Delete files that no image has, and that were not stored just now; how many that were."""
        if not self.is_ours():
            return 0
        before: datetime = utc_now() - grace
        with self._database.read() as connection:
            known = image_records.content_keys(connection)
        unknown = [one.key for one in self._blobs.stored() if one.key not in known and one.modified < before]
        gone = sum(self._blobs.remove(key, lambda key=key: self._is_unwanted(key)) for key in unknown)
        return gone + self._blobs.sweep(before)

    def _is_unwanted(self, key: str) -> bool:
        """Whether no image has these files, and no import that is under way could be about to use them."""
        with self._database.read() as connection:
            known = image_records.stored_by_key(connection, key)
            return known is None and not any_unfinished(connection, "import")

    def _may_claim(self, removed: Collection[str]) -> bool:
        with self._database.read() as connection:
            known = image_records.content_keys(connection)
        stored = {one.key for one in self._blobs.stored()}
        return not stored or bool(stored & {*known, *removed})

    def _name(self) -> str | None:
        """The installation's number and when its database began; ``None`` while it has no account."""
        with self._database.read() as connection:
            began = first_account_at(connection)
        if began is None:
            return None
        if not self._path.exists():
            part = self._path.with_name(f"{self._path.name}.{uuid4().hex}")
            part.write_text(uuid4().hex)
            try:
                self._path.hardlink_to(part)
            except FileExistsError:
                pass  # another process was first
            finally:
                part.unlink()
        return f"{self._path.read_text()} {began.isoformat()}"
