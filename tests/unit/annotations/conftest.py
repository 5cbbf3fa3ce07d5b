from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from cytoloop.annotations import layers
from cytoloop.annotations.model import Applied, ChangeSet, Layer
from cytoloop.annotations.store import apply_change
from cytoloop.projects import images, store, users
from cytoloop.storage.database import Database
from cytoloop.storage.migrate import migrate


@dataclass
class Desk:
    """An image with a layer, and two people."""

    database: Database
    layer: Layer
    image_id: int
    user_id: int
    other_id: int

    def change(self, change_set: ChangeSet, user_id: int | None = None) -> Applied:
        return self.database.write(
            lambda c: apply_change(c, change_set, layer=self.layer, user_id=user_id or self.user_id)
        )


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    import cytoloop.jobs.tables  # noqa: F401 - all tables take part in the migrations

    database = Database(database_url)
    migrate(database)

    def build(c: object) -> Desk:
        me = users.local_user(c)
        other = users.create_user(c, username="b", display_name="B", password_hash=None, is_admin=False)
        project = store.create_project(c, name="P", description="", owner_id=me.id)
        image = images.add_project_image(c, project_id=project.id, name="i", size_bytes=1)
        layer = layers.user_layer(c, image_id=image.id, creator_id=me.id, name="Mine")
        return Desk(database, layer, image.id, me.id, other.id)

    yield database.write(build)
    database.close()
