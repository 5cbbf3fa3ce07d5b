"""``cytoloop user`` and ``cytoloop token``."""

from typing import Annotated, Literal

import typer

from cytoloop.projects import users
from cytoloop.storage.database import Database
from cytoloop.storage.migrate import migrate

from .options import DatabaseOption, HomeOption, settings_with

user_app = typer.Typer(help="Manage accounts.", no_args_is_help=True)
token_app = typer.Typer(help="Manage API tokens.", no_args_is_help=True)


def _database(home: HomeOption, database: DatabaseOption) -> Database:
    settings = settings_with(home=home, database=database)
    settings.home.mkdir(parents=True, exist_ok=True)
    opened = Database(settings.database_url)
    migrate(opened)
    return opened


@user_app.command("add")
def add_user(
    username: str,
    password: Annotated[
        str,
        typer.Option(prompt=True, confirmation_prompt=True, hide_input=True, help="Asked for unless given."),
    ],
    display_name: Annotated[str | None, typer.Option(help="Name to show.")] = None,
    admin: Annotated[bool, typer.Option("--admin", help="May manage everything.")] = False,
    home: HomeOption = None,
    database: DatabaseOption = None,
) -> None:
    """Add an account."""
    opened = _database(home, database)
    hashed = users.hash_password(password)
    opened.write(
        lambda connection: users.create_user(
            connection,
            username=username,
            display_name=display_name or username,
            password_hash=hashed,
            is_admin=admin,
        )
    )
    opened.close()
    typer.echo(f"Added {username}{' (administrator)' if admin else ''}.")


@user_app.command("list")
def list_users(home: HomeOption = None, database: DatabaseOption = None) -> None:
    """List accounts."""
    opened = _database(home, database)
    with opened.read() as connection:
        for one in users.users(connection):
            typer.echo(f"{one.id}\t{one.username}\t{one.display_name}{'  admin' if one.is_admin else ''}")
    opened.close()


@user_app.command("password")
def set_password(
    username: str,
    password: Annotated[
        str,
        typer.Option(prompt=True, confirmation_prompt=True, hide_input=True, help="Asked for unless given."),
    ],
    home: HomeOption = None,
    database: DatabaseOption = None,
) -> None:
    """Change a password; the user is signed out everywhere."""
    opened = _database(home, database)
    hashed = users.hash_password(password)
    opened.write(lambda connection: users.set_password(connection, users.user_by_name(connection, username).id, hashed))
    opened.close()
    typer.echo(f"Changed the password of {username}.")


@token_app.command("add")
def add_token(
    username: str,
    name: Annotated[str, typer.Option(help="What it is for.")],
    scope: Annotated[Literal["read", "write"], typer.Option(help="What it allows.")] = "write",
    home: HomeOption = None,
    database: DatabaseOption = None,
) -> None:
    """Make an API token and print its secret, which is not shown again."""
    opened = _database(home, database)
    _, secret = opened.write(
        lambda connection: users.create_token(
            connection,
            user_id=users.user_by_name(connection, username).id,
            name=name,
            scope=scope,
        )
    )
    opened.close()
    typer.echo(secret)
