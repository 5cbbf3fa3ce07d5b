"""A server's data copied away while it runs, and brought back elsewhere."""

import json
from pathlib import Path

import pytest
from tests.databases import Databases
from typer.testing import CliRunner

from cytoloop.cli.main import program
from cytoloop.core.errors import ConflictError, CytoloopError, InvalidInputError
from cytoloop.storage.database import sqlite_url
from cytoloop.workflows.housekeeping import backups

from .conftest import running
from .driver import Driver, square


def _draw(api: Driver, layer: str, *corners: int) -> None:
    api.ok(api.post(f"/layers/{layer}/changes", {"creates": [{"geometry": square(at, at)} for at in corners]}))


def _filled(api: Driver) -> tuple[str, str]:
    """A project with an image and two objects: the project, and the layer."""
    project = api.project("Kept")
    layer = api.layer(api.image(project)["id"])
    _draw(api, layer, 10, 40)
    return project, layer


def _objects(api: Driver, layer: str) -> list[dict]:
    return api.ok(api.get(f"/layers/{layer}/annotations"))["items"]


def test_what_was_backed_up_while_the_server_ran_is_there_after_a_restore(tmp_path: Path, databases: Databases) -> None:
    home, folder, other = tmp_path / "home", tmp_path / "backup", tmp_path / "other"
    with running(home) as (api, services):
        project, layer = _filled(api)
        before = _objects(api, layer)
        record = backups.back_up(home, services.settings.database_url, folder)
        _draw(api, layer, 70)
        api.image(project, "b.tif")
    assert record.files == record.copied > 0
    assert backups.restore(folder, other, databases.url(other, migrated=False)) == record
    with running(other) as (api, _):
        assert _objects(api, layer) == before
        (image,) = api.images(project)
        assert api.get(f"/images/{image['id']}/thumbnail").status_code == 200
        _draw(api, layer, 5)
        assert len(_objects(api, layer)) == 3


def test_a_further_backup_copies_only_what_is_new_and_forgets_what_is_gone(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "backup"
    with running(home) as (api, services):
        url = services.settings.database_url
        _filled(api)
        backups.back_up(home, url, folder)
        assert backups.back_up(home, url, folder).copied == 0
        table = home / "measurements" / "more.parquet"
        table.parent.mkdir(exist_ok=True)
        table.write_bytes(b"x")
        assert backups.back_up(home, url, folder).copied == 1
        table.unlink()
        backups.back_up(home, url, folder)
    assert not (folder / "files/measurements/more.parquet").exists()
    assert len(list(folder.glob("*.database.*"))) == 1


def test_a_backup_that_broke_off_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, databases: Databases
) -> None:
    home, folder, other = tmp_path / "home", tmp_path / "backup", tmp_path / "other"
    with running(home) as (api, services):
        url = services.settings.database_url
        _, layer = _filled(api)
        record = backups.back_up(home, url, folder)
        _draw(api, layer, 70)
        with monkeypatch.context() as patch:

            def full(*_: object) -> None:
                raise OSError(28, "No space left on device")

            patch.setattr(backups, "_write_record", full)
            with pytest.raises(OSError, match="No space"):
                backups.back_up(home, url, folder)
    assert backups.restore(folder, other, databases.url(other, migrated=False)) == record
    with running(other) as (api, _):
        assert len(_objects(api, layer)) == 2


@pytest.mark.parametrize("engine", ["sqlite"])
def test_what_is_no_whole_backup_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    home, folder, other = tmp_path / "home", tmp_path / "backup", tmp_path / "other"
    url = sqlite_url(other / "cytoloop.sqlite")
    with running(home) as (api, services):
        _filled(api)
        own = services.settings.database_url
        with pytest.raises(InvalidInputError, match="in the home itself"):
            backups.back_up(home, own, home / "backup")
        (tmp_path / "full").mkdir()
        (tmp_path / "full/letter.txt").write_text("dear")
        with pytest.raises(InvalidInputError, match="something else"):
            backups.back_up(home, own, tmp_path / "full")
        backups.back_up(home, own, folder)
    with pytest.raises(InvalidInputError, match="no backup"):
        backups.restore(tmp_path / "full", other, url)
    with pytest.raises(ConflictError, match="not empty"):
        backups.restore(folder, home, own)
    with pytest.raises(InvalidInputError, match="SQLite database"):
        backups.restore(folder, other, "postgresql://nobody@nowhere/none")
    name = json.loads((folder / "backup.json").read_text())["database"]
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1000])
    with pytest.raises(InvalidInputError, match="not as it was written"):
        backups.restore(folder, other, url)
    (folder / name).write_bytes(content)
    next(one for one in (folder / "files/images").rglob("*") if one.is_file()).unlink()
    with pytest.raises(InvalidInputError, match="1 files are missing"):
        backups.restore(folder, other, url)
    assert not other.exists()


@pytest.mark.parametrize("engine", ["sqlite"])
def test_the_commands(tmp_path: Path) -> None:
    home, folder, other = tmp_path / "home", tmp_path / "backup", tmp_path / "other"
    with running(home) as (api, _):
        _filled(api)
    runner = CliRunner()
    done = runner.invoke(program(), ["backup", str(folder), "--home", str(home)])
    assert done.exit_code == 0, done.output
    assert "holds the database and" in done.stdout
    done = runner.invoke(program(), ["restore", str(folder), "--home", str(other), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["files"] > 0
    refused = runner.invoke(program(), ["backup", str(folder), "--home", str(tmp_path / "no-home")])
    assert isinstance(refused.exception, CytoloopError)
    assert "no Cytoloop home" in str(refused.exception)
