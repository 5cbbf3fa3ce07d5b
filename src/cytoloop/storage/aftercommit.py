"""What is to be done once a write is durable."""

from collections.abc import Callable

from sqlalchemy import Connection

_ACTIONS = "cytoloop_after_commit"


def collecting(connection: Connection) -> list[Callable[[], None]]:
    """A new list, which ``after_commit`` fills from now on."""
    actions: list[Callable[[], None]] = []
    connection.info[_ACTIONS] = actions
    return actions


def after_commit(connection: Connection, action: Callable[[], None]) -> None:
    """Do something once the write that uses this connection is durable, and not if it fails.

    For telling others what changed: told earlier, they would read what was before.
    """
    connection.info[_ACTIONS].append(action)
