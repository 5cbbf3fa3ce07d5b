from collections.abc import Iterator
from itertools import pairwise

import pytest
from sqlalchemy import select

import cytoloop.annotations.tables
import cytoloop.jobs.tables
from cytoloop.core.errors import ConflictError, InvalidInputError, NotFoundError, NotSignedInError
from cytoloop.projects import images, ontologies, store, users
from cytoloop.projects.permissions import Actor, Permission, Role, authorize, role_allows
from cytoloop.storage.database import Database, metadata
from cytoloop.storage.migrate import migrate

assert cytoloop.annotations.tables
assert cytoloop.jobs.tables
PASSWORD = "a long enough password"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def owner(database: Database) -> users.User:
    return database.write(users.local_user)


def add(database: Database, name: str, password: str | None = None) -> users.User:
    hashed = users.hash_password(password) if password else None
    return database.write(
        lambda c: users.create_user(c, username=name, display_name=name, password_hash=hashed, is_admin=False)
    )


def test_a_password_opens_the_door_and_a_wrong_one_does_not_tell_why(database: Database) -> None:
    user = add(database, "anna", PASSWORD)
    with database.read() as c:
        assert users.verified_user(c, "anna", PASSWORD) == user
        messages = set()
        for name, password in (("anna", "wrong"), ("nobody", PASSWORD)):
            with pytest.raises(NotSignedInError) as caught:
                users.verified_user(c, name, password)
            messages.add(caught.value.message)
    assert len(messages) == 1


def test_short_passwords_and_taken_names_are_refused(database: Database) -> None:
    with pytest.raises(InvalidInputError, match="10 characters"):
        users.hash_password("short")
    add(database, "anna")
    with pytest.raises(ConflictError, match="anna"):
        add(database, "anna")


def test_secrets_are_not_in_the_database(database: Database, owner: users.User) -> None:
    secret, _ = database.write(lambda c: users.open_session(c, owner.id))
    _, token = database.write(lambda c: users.create_token(c, user_id=owner.id, name="t", scope="read"))
    with database.read() as c:
        content = repr([c.execute(select(table)).all() for table in metadata.sorted_tables])
    assert "local" in content
    assert secret not in content
    assert token not in content
    with database.read() as c:
        session = users.session_of(c, secret)
        actor = users.actor_of_token(c, token)
    assert session is not None
    assert session.user == owner
    assert actor == Actor(owner.id, "local", is_admin=True, read_only=True)


def test_a_new_password_ends_every_session(database: Database) -> None:
    user = add(database, "anna", PASSWORD)
    secret, _ = database.write(lambda c: users.open_session(c, user.id))
    database.write(lambda c: users.set_password(c, user.id, users.hash_password("another password")))
    with database.read() as c:
        assert users.session_of(c, secret) is None


def test_roles_allow_more_and_more() -> None:
    order = [Role.VIEWER, Role.REVIEWER, Role.ANNOTATOR, Role.MANAGER, Role.OWNER]
    allowed = [{one for one in Permission if role_allows(role, one)} for role in order]
    assert all(less < more for less, more in pairwise(allowed))
    assert allowed[-1] == set(Permission)


def test_an_outsider_learns_nothing(database: Database, owner: users.User) -> None:
    project = database.write(lambda c: store.create_project(c, name="P", description="", owner_id=owner.id))
    stranger = add(database, "anna")
    with database.read() as c, pytest.raises(NotFoundError):
        authorize(c, Actor(stranger.id, "anna", is_admin=False), project.id, Permission.VIEW)


def test_classes_get_free_colours_and_keys(database: Database, owner: users.User) -> None:
    project = database.write(lambda c: store.create_project(c, name="P", description="", owner_id=owner.id))
    terms = [
        database.write(lambda c, n=n: ontologies.create_term(c, project.ontology_id, name=f"T{n}")) for n in range(12)
    ]
    assert [one.hotkey for one in terms] == [*"1234567890", None, None]
    assert len({one.color for one in terms[:10]}) == 10
    with pytest.raises(ConflictError, match="T0"):
        database.write(lambda c: ontologies.create_term(c, project.ontology_id, name="T0"))
    with pytest.raises(ConflictError, match="belongs to the class 'T1'"):
        database.write(lambda c: ontologies.update_term(c, terms[0], {"hotkey": "2"}))
    assert database.write(lambda c: ontologies.update_term(c, terms[1], {"hotkey": ""})).hotkey is None


def test_a_class_cannot_be_below_itself(database: Database, owner: users.User) -> None:
    project = database.write(lambda c: store.create_project(c, name="P", description="", owner_id=owner.id))
    parent = database.write(lambda c: ontologies.create_term(c, project.ontology_id, name="Cell"))
    child = database.write(lambda c: ontologies.create_term(c, project.ontology_id, name="Tumour", parent_id=parent.id))
    with pytest.raises(ConflictError, match="below itself"):
        database.write(lambda c: ontologies.update_term(c, parent, {"parent_id": child.id}))


def test_files_that_another_project_uses_are_kept(database: Database, owner: users.User) -> None:
    def build(c: object) -> tuple[int, int]:
        project = store.create_project(c, name="P", description="", owner_id=owner.id)
        stored = images.add_stored(
            c,
            content_key="ab" * 32,
            sha256="ab" * 32,
            original="original/a",
            prepared=None,
            in_place=False,
            series=0,
            info={},
            display={},
            size_bytes=3,
        )
        places = [images.add_project_image(c, project_id=project.id, name=n, size_bytes=3) for n in "ab"]
        for place in places:
            images.mark_ready(c, place.id, stored)
        return places[0].id, places[1].id

    first, second = database.write(build)
    assert database.write(lambda c: images.remove_project_image(c, first)) is None
    last = database.write(lambda c: images.remove_project_image(c, second))
    assert last is not None
    assert last.content_key == "ab" * 32
