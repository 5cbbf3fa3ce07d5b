"""Images moved between folder and bucket, backed up from both, and brought back to both."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.databases import Databases
from tests.objectstore import TestBucket
from typer.testing import CliRunner

from cytoloop.cli.main import program
from cytoloop.core.errors import CytoloopError, InvalidInputError, UnavailableError
from cytoloop.storage.blobs.opening import open_blobs
from cytoloop.workflows.housekeeping import backups

from .conftest import running
from .driver import Driver, spots, tiff_bytes

NAMES = ("a.tif", "b.tif", "c.tif")


def filled(api: Driver) -> dict[str, bytes]:
    """A project with three images; their original files by name."""
    project = api.project("Kept")
    contents = {name: tiff_bytes(spots(64 + 16 * number)) for number, name in enumerate(NAMES)}
    for name, content in contents.items():
        api.image(project, name, content)
    return contents


def check(api: Driver, contents: dict[str, bytes]) -> None:
    """Every image can be seen and taken away."""
    project = api.ok(api.get("/projects"))["items"][0]["id"]
    images = api.images(project)
    assert {one["name"] for one in images} == set(contents)
    for one in images:
        assert api.get(f"/images/{one['id']}/original").content == contents[one["name"]]
        assert api.get(f"/images/{one['id']}/thumbnail").status_code == 200


def command(*words: str | Path) -> Any:
    result = CliRunner().invoke(program(), [str(one) for one in words])
    if isinstance(result.exception, CytoloopError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if "--json" in words else result.stdout


def test_images_move_to_a_bucket_and_back(tmp_path: Path, bucket: TestBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    with running(home) as (api, _):
        contents = filled(api)
    monkeypatch.setenv("CYTOLOOP_BLOBS_ENDPOINT", bucket.store.endpoint)
    move = ("blobs", "move", "--home", home, "--json")
    assert command(*move, "--to", bucket.url) == {"copied": 3, "present": 0, "removed": 0, "errors": []}
    assert len(bucket.keys()) == 3
    with running(home, blobs=bucket.url) as (api, _):
        check(api, contents)
    assert command(*move, "--to", bucket.url, "--remove") == {"copied": 0, "present": 3, "removed": 3, "errors": []}
    assert not list((home / "images").rglob("*.tif"))
    with running(home, blobs=bucket.url) as (api, _):
        check(api, contents)
    back = command(*move, "--from", bucket.url, "--to", "folder", "--remove")
    assert back == {"copied": 3, "present": 0, "removed": 3, "errors": []}
    assert bucket.keys() == []
    with running(home) as (api, _):
        check(api, contents)
    with pytest.raises(InvalidInputError, match="where they are"):
        command(*move, "--to", "folder")


def test_a_move_that_broke_off_goes_on_where_it_was(
    tmp_path: Path, bucket: TestBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    with running(home) as (api, services):
        contents = filled(api)
        first = services.blobs.stored().__next__().key
    monkeypatch.setenv("CYTOLOOP_BLOBS_ENDPOINT", bucket.store.endpoint)
    move = ("blobs", "move", "--home", home, "--to", bucket.url, "--json")
    bucket.store.door.shut()
    with pytest.raises(UnavailableError):
        command(*move)
    bucket.store.door.open()
    (original,) = (home / "images" / first[:2] / first / "original").iterdir()
    content = original.read_bytes()
    original.write_bytes(content[:-1] + b"?")
    with pytest.raises(CytoloopError, match="nothing was deleted") as caught:
        command(*move, "--remove")
    assert f"{original.name} ({first[:16]}): Its SHA-256 is not" in caught.value.message
    assert len(bucket.keys()) == 2
    assert len(list((home / "images").rglob("*.tif"))) == 3
    original.write_bytes(content)
    assert command(*move, "--remove") == {"copied": 1, "present": 2, "removed": 3, "errors": []}
    with running(home, blobs=bucket.url) as (api, _):
        check(api, contents)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("to", ["folder", "bucket"])
def test_a_backup_of_a_bucket_is_whole_and_goes_anywhere(
    tmp_path: Path, bucket: TestBucket, databases: Databases, to: str, engine: str
) -> None:
    home, folder, other = tmp_path / "home", tmp_path / "backup", tmp_path / "other"
    with running(home, **bucket.settings) as (api, services):
        contents = filled(api)
        url = services.settings.database_url
        record = backups.back_up(home, url, folder, blobs=services.blobs)
        assert backups.back_up(home, url, folder, blobs=services.blobs).copied == 0
        api.image(api.ok(api.get("/projects"))["items"][0]["id"], "later.tif", tiff_bytes(spots(160)))
        assert backups.back_up(home, url, folder, blobs=services.blobs).copied == 2, "the file and its preview"
    assert record.images_left_in is None
    second = bucket.store.bucket()
    settings = second.settings if to == "bucket" else {}
    with running(tmp_path / "empty", **settings) as (_, services):
        place = services.settings.model_copy(update={"home": other}).place
    restored = backups.restore(folder, other, databases.url(other, migrated=False), blobs=lambda: open_blobs(place))
    assert restored.files == record.files + 2
    assert len(second.keys()) == (4 if to == "bucket" else 0)
    assert len(list((other / "images").rglob("*.tif"))) == (0 if to == "bucket" else 4)
    with running(other, **settings) as (api, _):
        check(api, {**contents, "later.tif": tiff_bytes(spots(160))})


def test_a_backup_can_leave_images_in_the_bucket(tmp_path: Path, bucket: TestBucket, databases: Databases) -> None:
    home, folder, other = tmp_path / "home", tmp_path / "backup", tmp_path / "other"
    with running(home, **bucket.settings) as (api, services):
        contents = filled(api)
        url = services.settings.database_url
        record = backups.back_up(home, url, folder, blobs=services.blobs, with_images=False)
    assert record.images_left_in == bucket.url
    assert not list(folder.rglob("*.tif"))
    new = databases.url(other, migrated=False)
    with pytest.raises(InvalidInputError, match=f"left in {bucket.url}"):
        backups.restore(folder, other, new)
    place = services.settings.model_copy(update={"home": other}).place
    backups.restore(folder, other, new, blobs=lambda: open_blobs(place))
    with running(other, **bucket.settings) as (api, services):
        check(api, contents)
        assert not services.custody.is_ours(), "they still belong to the first"


def test_a_backup_during_an_outage_leaves_the_one_before(tmp_path: Path, bucket: TestBucket) -> None:
    home, folder = tmp_path / "home", tmp_path / "backup"
    with running(home, **bucket.settings) as (api, services):
        filled(api)
        url = services.settings.database_url
        record = backups.back_up(home, url, folder, blobs=services.blobs)
        bucket.store.door.shut()
        with pytest.raises(UnavailableError, match="object store"):
            backups.back_up(home, url, folder, blobs=services.blobs)
        bucket.store.door.open()
    assert backups.read_record(folder) == record
