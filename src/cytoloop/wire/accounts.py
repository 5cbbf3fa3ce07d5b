"""Sessions, users, members and tokens."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from .base import WireModel

RoleName = Literal["owner", "manager", "annotator", "reviewer", "viewer"]


class User(WireModel):
    id: int
    username: str
    display_name: str
    is_admin: bool


class Session(WireModel):
    """Who the caller is. ``csrf_token`` goes into ``X-CSRF-Token`` of every unsafe request."""

    mode: Literal["single_user", "accounts"]
    user: User | None
    csrf_token: str | None
    version: str


class SignIn(WireModel):
    username: str = Field(min_length=1, max_length=100)
    password: str = Field(min_length=1, max_length=1000)


class UserCreate(WireModel):
    username: str = Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._@-]+$")
    password: str = Field(min_length=10, max_length=1000)
    display_name: str | None = Field(default=None, max_length=200)
    is_admin: bool = False


class Member(WireModel):
    user: User
    role: RoleName


class MemberPut(WireModel):
    role: RoleName


class Token(WireModel):
    """An API token; ``secret`` is shown once, in the answer to its creation."""

    id: int
    name: str
    scope: Literal["read", "write"]
    created_at: datetime
    last_used_at: datetime | None = None
    secret: str | None = None


class TokenCreate(WireModel):
    name: str = Field(min_length=1, max_length=100)
    scope: Literal["read", "write"] = "write"
