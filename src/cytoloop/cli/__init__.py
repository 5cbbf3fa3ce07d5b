"""The command line: thin commands over workflows and the server."""

from .main import main

__all__ = ["main"]
