"""``cytoloop demo``."""

from pathlib import Path
from typing import Annotated

import typer

from cytoloop.projects import users
from cytoloop.runtime.assembly import Services
from cytoloop.runtime.settings import default_home
from cytoloop.samples import sample_paths
from cytoloop.workflows.samples import main_job, running_imports, sample_project, wait_for

from .options import HomeOption, settings_with
from .running import run_server


def demo(
    home: HomeOption = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 for any free one.")] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
    once: Annotated[bool, typer.Option("--once", help="Do the main job, tell its result and exit.")] = False,
) -> None:
    """Make a project of the bundled samples, find and measure nuclei, and open it in the browser."""
    folder: Path = home or default_home().with_name("cytoloop-demo")
    settings = settings_with(home=folder, port=port, mode="single_user")
    run_server(settings, open_browser=browser, prepare=_prepare, serve=not once)


def _prepare(services: Services) -> str:
    database = services.database
    user = database.write(users.local_user)
    project = database.write(lambda connection: sample_project(connection, sample_paths(), user_id=user.id))
    services.dispatcher.wake()
    importing = running_imports(database, project)
    if importing:
        typer.echo("Preparing the sample project ...")
        for job in importing:
            wait_for(database, job, typer.echo)
        main_job(database, services.methods, project, user_id=user.id, wake=services.dispatcher.wake, tell=typer.echo)
    return f"/p/{project.uuid}"
