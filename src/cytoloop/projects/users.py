"""Users, their sessions and API tokens."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from cytoloop.core.clock import utc_now
from cytoloop.core.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    NotSignedInError,
)
from cytoloop.core.ids import new_secret, secret_digest
from cytoloop.storage.locks import Held, hold

from .permissions import Actor
from .tables import api_token, session, user

SESSION_DAYS = 30
MIN_PASSWORD_LENGTH = 10
LOCAL_USERNAME = "local"
TOKEN_PREFIX = "cyt_"  # noqa: S105 - a mark by which people recognise a token, not a secret

_hasher: Final = PasswordHasher()
# Each hash takes much time and memory, by design: a flood of sign-ins must not take the machine.
_hashing: Final = threading.BoundedSemaphore(2)


@cache
def _decoy_hash() -> str:
    """What is verified when a name is unknown, so that the time tells nothing about which names exist."""
    return _hasher.hash("a password that nobody has")


@dataclass(frozen=True, slots=True)
class User:
    """A person with an account."""

    id: int
    username: str
    display_name: str
    is_admin: bool


@dataclass(frozen=True, slots=True)
class Token:
    """An API token; its secret is not kept."""

    id: int
    name: str
    scope: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A signed-in browser."""

    user: User
    csrf_token: str


def _user(row: RowMapping) -> User:
    return User(row["id"], row["username"], row["display_name"], row["is_admin"])


def hash_password(password: str) -> str:
    """An argon2id hash. Slow by design: not inside a transaction."""
    if len(password) < MIN_PASSWORD_LENGTH:
        raise InvalidInputError(f"A password needs at least {MIN_PASSWORD_LENGTH} characters.")
    with _hashing:
        return _hasher.hash(password)


def create_user(
    connection: Connection,
    *,
    username: str,
    display_name: str,
    password_hash: str | None,
    is_admin: bool,
) -> User:
    """Add a user. Raises ``ConflictError`` when the name is taken."""
    try:
        row = (
            connection.execute(
                insert(user)
                .values(
                    username=username,
                    display_name=display_name,
                    password_hash=password_hash,
                    is_admin=is_admin,
                    created_at=utc_now(),
                )
                .returning(user)
            )
            .mappings()
            .one()
        )
    except IntegrityError as error:
        raise ConflictError(f"There is a user named {username!r} already.") from error
    return _user(row)


def local_user(connection: Connection) -> User:
    """The one user of a laptop without accounts, made on first use."""
    query = select(user).where(user.c.username == LOCAL_USERNAME)
    row = connection.execute(query).mappings().first()
    if row is None:
        hold(connection, Held.ACCOUNTS, 0)
        row = connection.execute(query).mappings().first()  # made while we waited?
    if row is not None:
        return _user(row)
    return create_user(
        connection,
        username=LOCAL_USERNAME,
        display_name="Me",
        password_hash=None,
        is_admin=True,
    )


def users(connection: Connection) -> list[User]:
    """Everyone, by name."""
    return [_user(row) for row in connection.execute(select(user).order_by(user.c.username)).mappings()]


def user_by_id(connection: Connection, user_id: int) -> User:
    row = connection.execute(select(user).where(user.c.id == user_id)).mappings().first()
    if row is None:
        raise NotFoundError(f"There is no user {user_id}.")
    return _user(row)


def user_by_name(connection: Connection, username: str) -> User:
    row = connection.execute(select(user).where(user.c.username == username)).mappings().first()
    if row is None:
        raise NotFoundError(f"There is no user named {username!r}.")
    return _user(row)


def display_names(connection: Connection) -> dict[int, str]:
    """Names to show, by user id."""
    return {row.id: row.display_name for row in connection.execute(select(user))}


def account_count(connection: Connection) -> int:
    """How many users can sign in with a password."""
    return int(
        connection.execute(select(func.count()).select_from(user).where(user.c.password_hash.is_not(None))).scalar_one()
    )


def first_account_at(connection: Connection) -> datetime | None:
    """When the first account was made. Accounts are never deleted, so it tells one database from another."""
    return connection.execute(select(user.c.created_at).order_by(user.c.id).limit(1)).scalar_one_or_none()


def set_password(connection: Connection, user_id: int, password_hash: str) -> None:
    """Change a password and end every session of the user."""
    connection.execute(update(user).where(user.c.id == user_id).values(password_hash=password_hash))
    connection.execute(delete(session).where(session.c.user_id == user_id))


def verified_user(connection: Connection, username: str, password: str) -> User:
    """The user with this name and password, or ``NotSignedInError`` that tells not which was wrong."""
    row = connection.execute(select(user).where(user.c.username == username)).mappings().first()
    stored = _decoy_hash() if row is None or row["password_hash"] is None else row["password_hash"]
    try:
        with _hashing:
            _hasher.verify(stored, password)
    except (Argon2Error, InvalidHashError) as error:
        raise NotSignedInError("The user name or the password is wrong.") from error
    if row is None or row["password_hash"] is None:
        raise NotSignedInError("The user name or the password is wrong.")
    return _user(row)


def open_session(connection: Connection, user_id: int) -> tuple[str, str]:
    """Sign a user in: the cookie's secret and the CSRF token."""
    secret, csrf_token = new_secret(), new_secret()
    now = utc_now()
    connection.execute(delete(session).where(session.c.expires_at < now))
    connection.execute(
        insert(session).values(
            secret_digest=secret_digest(secret),
            user_id=user_id,
            csrf_token=csrf_token,
            created_at=now,
            expires_at=now + timedelta(days=SESSION_DAYS),
        )
    )
    return secret, csrf_token


def session_of(connection: Connection, secret: str) -> OpenSession | None:
    """The session that a cookie opens, if it is valid."""
    row = (
        connection.execute(
            select(user, session.c.csrf_token, session.c.expires_at)
            .join(session, session.c.user_id == user.c.id)
            .where(session.c.secret_digest == secret_digest(secret))
        )
        .mappings()
        .first()
    )
    if row is None or row["expires_at"] < utc_now():
        return None
    return OpenSession(_user(row), row["csrf_token"])


def close_session(connection: Connection, secret: str) -> None:
    """Sign out."""
    connection.execute(delete(session).where(session.c.secret_digest == secret_digest(secret)))


def create_token(connection: Connection, *, user_id: int, name: str, scope: str) -> tuple[Token, str]:
    """A token and its secret, which is told only now."""
    secret = TOKEN_PREFIX + new_secret()
    row = (
        connection.execute(
            insert(api_token)
            .values(
                user_id=user_id,
                name=name,
                scope=scope,
                secret_digest=secret_digest(secret),
                created_at=utc_now(),
            )
            .returning(api_token)
        )
        .mappings()
        .one()
    )
    return _token(row), secret


def _token(row: RowMapping) -> Token:
    return Token(row["id"], row["name"], row["scope"], row["created_at"], row["last_used_at"])


def tokens_of(connection: Connection, user_id: int) -> list[Token]:
    """The user's tokens, newest first."""
    rows = connection.execute(
        select(api_token).where(api_token.c.user_id == user_id).order_by(api_token.c.id.desc())
    ).mappings()
    return [_token(row) for row in rows]


def delete_token(connection: Connection, *, user_id: int, token_id: int) -> None:
    """Revoke one of the user's tokens."""
    result = connection.execute(
        delete(api_token).where(api_token.c.id == token_id).where(api_token.c.user_id == user_id)
    )
    if result.rowcount == 0:
        raise NotFoundError(f"You have no token {token_id}.")


def actor_of_token(connection: Connection, secret: str) -> Actor | None:
    """Whoever a token stands for."""
    row = (
        connection.execute(
            select(user, api_token.c.scope)
            .join(api_token, api_token.c.user_id == user.c.id)
            .where(api_token.c.secret_digest == secret_digest(secret))
        )
        .mappings()
        .first()
    )
    if row is None:
        return None
    return Actor(row["id"], row["username"], row["is_admin"], read_only=row["scope"] == "read")


def note_token_use(connection: Connection, secret: str) -> None:
    """Remember when a token was last used."""
    connection.execute(
        update(api_token).where(api_token.c.secret_digest == secret_digest(secret)).values(last_used_at=utc_now())
    )
