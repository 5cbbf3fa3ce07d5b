"""Sessions, users, tokens and members."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from cytoloop import __version__
from cytoloop.core.errors import PermissionDeniedError
from cytoloop.projects import store, users
from cytoloop.projects.permissions import Permission, Role, authorize_admin
from cytoloop.server.access import Access
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep
from cytoloop.server.gate import SESSION_COOKIE
from cytoloop.server.state import caller_of, services_of
from cytoloop.wire import accounts as wire

router = APIRouter(tags=["accounts"])


def _user(user: users.User) -> wire.User:
    return wire.User(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        is_admin=user.is_admin,
    )


def _session(request: Request, user: users.User | None, csrf_token: str | None) -> wire.Session:
    single = services_of(request).settings.single_user
    return wire.Session(
        mode="single_user" if single else "accounts",
        user=None if user is None else _user(user),
        csrf_token=csrf_token,
        version=__version__,
    )


@router.get("/session")
def read_session(request: Request) -> wire.Session:
    """Who the caller is; nobody if not signed in."""
    caller = caller_of(request)
    return _session(request, caller.user, caller.csrf_token)


@router.post("/session")
def sign_in(body: wire.SignIn, request: Request, response: Response, services: ServicesDep) -> wire.Session:
    """Sign in with name and password; sets the session cookie."""
    with services.database.read() as connection:
        user = users.verified_user(connection, body.username, body.password)
    secret, csrf_token = services.database.write(lambda connection: users.open_session(connection, user.id))
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=users.SESSION_DAYS * 86400,
        httponly=True,
        samesite="lax",
        secure=services.settings.secure_cookies,
    )
    return _session(request, user, csrf_token)


@router.delete("/session", status_code=204)
def sign_out(request: Request, response: Response, services: ServicesDep) -> None:
    """Sign out; the session is over everywhere."""
    secret = request.cookies.get(SESSION_COOKIE)
    if secret:
        services.database.write(lambda connection: users.close_session(connection, secret))
        request.app.state.known_callers.forget(secret)
    response.delete_cookie(SESSION_COOKIE)


@router.get("/users")
def list_users(access: ReadDep) -> list[wire.User]:
    """Everyone with an account, so that members can be chosen."""
    return [_user(one) for one in users.users(access.connection)]


@router.post("/users", status_code=201)
def create_user(body: wire.UserCreate, write: WriteDep) -> wire.User:
    """Add an account (administrators)."""
    authorize_admin(write.actor)
    password_hash = users.hash_password(body.password)
    user = write(
        lambda access: users.create_user(
            access.connection,
            username=body.username,
            display_name=body.display_name or body.username,
            password_hash=password_hash,
            is_admin=body.is_admin,
        )
    )
    return _user(user)


def _token(token: users.Token, secret: str | None = None) -> wire.Token:
    return wire.Token(
        id=token.id,
        name=token.name,
        scope=token.scope,  # pyright: ignore[reportArgumentType] - checked by the model
        created_at=token.created_at,
        last_used_at=token.last_used_at,
        secret=secret,
    )


@router.get("/tokens")
def list_tokens(access: ReadDep) -> list[wire.Token]:
    """The caller's API tokens."""
    return [_token(one) for one in users.tokens_of(access.connection, access.actor.user_id)]


@router.post("/tokens", status_code=201)
def create_token(body: wire.TokenCreate, write: WriteDep) -> wire.Token:
    """Make an API token; its secret is told only now."""
    if write.actor.read_only:
        raise PermissionDeniedError("A token that may only read cannot make tokens.")
    token, secret = write(
        lambda access: users.create_token(
            access.connection, user_id=access.actor.user_id, name=body.name, scope=body.scope
        )
    )
    return _token(token, secret)


@router.delete("/tokens/{token_id}", status_code=204)
def delete_token(token_id: int, write: WriteDep) -> None:
    """Revoke an API token."""
    if write.actor.read_only:
        raise PermissionDeniedError("A token that may only read cannot revoke tokens.")
    write(lambda access: users.delete_token(access.connection, user_id=access.actor.user_id, token_id=token_id))


def _member(member: store.Member) -> wire.Member:
    return wire.Member(user=_user(member.user), role=member.role.value)


@router.get("/projects/{project_id}/members")
def list_members(project_id: UUID, access: ReadDep) -> list[wire.Member]:
    """Members of a project."""
    project, _ = access.project(project_id, Permission.VIEW)
    return [_member(one) for one in store.members_of(access.connection, project.id)]


@router.put("/projects/{project_id}/members/{user_id}")
def set_member(project_id: UUID, user_id: int, body: wire.MemberPut, write: WriteDep) -> wire.Member:
    """Add a member, or change what they are."""

    def work(access: Access) -> wire.Member:
        project, _ = access.project(project_id, Permission.ADMINISTER)
        user = users.user_by_id(access.connection, user_id)
        store.set_member(access.connection, project.id, user.id, Role(body.role))
        return _member(store.Member(user, Role(body.role)))

    return write(work)


@router.delete("/projects/{project_id}/members/{user_id}", status_code=204)
def remove_member(project_id: UUID, user_id: int, write: WriteDep) -> None:
    """Take a member out of a project."""

    def work(access: Access) -> None:
        project, _ = access.project(project_id, Permission.ADMINISTER)
        store.remove_member(access.connection, project.id, user_id)

    write(work)
