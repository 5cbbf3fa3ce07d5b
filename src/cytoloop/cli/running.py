"""Start the server in the foreground, tell its address, open a browser where there is a display."""

import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable

import typer
import uvicorn

from cytoloop.core.errors import ConflictError, InvalidInputError
from cytoloop.core.logs import configure_logging
from cytoloop.projects import users
from cytoloop.runtime.assembly import Services, assemble
from cytoloop.runtime.settings import Settings
from cytoloop.server.app import create_app
from cytoloop.storage.database import Database
from cytoloop.storage.migrate import migrate

from .processes import Supervisor


def run_server(
    settings: Settings,
    *,
    open_browser: bool,
    prepare: Callable[[Services], str] | None = None,
    serve: bool = True,
) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    prepare
        Runs before the server, with the services started; returns the path of the page to open.
    serve
        False to end after ``prepare``.
    """
    configure_logging(settings.log_format)
    listening = _listen(settings.host, settings.port)
    if settings.processes > 1:
        _run_processes(settings, listening, open_browser=open_browser)
        return
    services = assemble(settings)
    path = "/"
    if prepare is not None:
        services.start()
        try:
            path = prepare(services)
        except BaseException:
            services.stop()
            raise
    if not serve:
        services.stop()
        return
    _greet(settings, services.database, listening, path=path, open_browser=open_browser)
    Server(server_config(services), services).run(sockets=[listening])


def _run_processes(settings: Settings, listening: socket.socket, *, open_browser: bool) -> None:
    """Serve by several processes; this one brings the database up to date and sees to them."""
    settings.home.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url)
    try:
        if database.is_sqlite:
            raise InvalidInputError(
                f"{settings.processes} processes cannot share an SQLite database. "
                "Name a PostgreSQL one with --database, or leave --processes out."
            )
        migrate(database)
        _greet(settings, database, listening, path="/", open_browser=open_browser)
    finally:
        database.close()
    Supervisor(settings, listening).run()


def server_config(services: Services) -> uvicorn.Config:
    """How uvicorn runs the application."""
    app = create_app(services)
    return uvicorn.Config(app, log_config=None, log_level="warning", timeout_graceful_shutdown=3, access_log=False)


class Server(uvicorn.Server):
    """Ends the event streams first: they would hold up the end otherwise."""

    def __init__(self, config: uvicorn.Config, services: Services) -> None:
        super().__init__(config)
        self._services = services

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._services.bus.close()
        await super().shutdown(sockets)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise ConflictError(
            f"Cannot listen on {host}:{port} ({error.strerror}). Choose another with --port."
        ) from error
    return listening


def _greet(settings: Settings, database: Database, listening: socket.socket, *, path: str, open_browser: bool) -> None:
    port = listening.getsockname()[1]
    shown = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104
    url = f"http://{shown}:{port}{path}"
    typer.echo(f"Cytoloop is at {url}")
    typer.echo(f"Data is in {settings.home}. Press Ctrl+C to stop.")
    if not settings.single_user:
        with database.read() as connection:
            if users.account_count(connection) == 0:
                typer.echo(f"There are no accounts yet. Add one: cytoloop user add NAME --admin --home {settings.home}")
    sys.stdout.flush()
    if open_browser and has_display():
        threading.Timer(1.0, webbrowser.open, [url]).start()


def has_display() -> bool:
    """Whether a browser could be shown here."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
