"""What holds for blobs wherever they lie, and what holds for folders alone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.objectstore import TestBucket

from cytoloop.core.errors import InvalidInputError, NotFoundError
from cytoloop.storage.blobs.contract import Blobs
from cytoloop.storage.blobs.folder import LocalBlobs
from cytoloop.storage.blobs.hashing import sha256_of
from cytoloop.storage.blobs.objects import ObjectBlobs
from cytoloop.storage.blobs.place import Place, checked_url
from cytoloop.storage.filelocks import taken

KEY, OTHER = "ab" * 32, "cd" * 32
FILES = {"original/a.txt": b"hello", "original/b.zarr/0/0.0": b"", "prepared/levels #1 %41.tif": b"\0\1" * 5000}

Stage = Callable[..., Path]


@pytest.fixture(params=["folder", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """Empty, in a folder and in a bucket."""
    if request.param == "folder":
        return LocalBlobs(tmp_path / "images")
    return blobs_in(request.getfixturevalue("bucket"), tmp_path)


def blobs_in(bucket: TestBucket, folder: Path, cache_bytes: int = 1 << 30) -> ObjectBlobs:
    place = Place(folder / "images", bucket.url, bucket.store.endpoint, None, folder / "cache", cache_bytes)
    return ObjectBlobs(place)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Makes a staged folder."""

    def make(files: dict[str, bytes] = FILES, name: str = "staged") -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        return folder

    return make


def files_in(folder: Path) -> dict[str, bytes]:
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def test_what_is_stored_is_read_as_it_was(blobs: Blobs, stage: Stage, tmp_path: Path) -> None:
    assert not blobs.exists(KEY)
    blobs.store(stage(), KEY)
    assert blobs.exists(KEY)
    pin = blobs.pin(KEY)
    assert files_in(pin.folder) == FILES
    pin.release()
    pin.release()
    blobs.fetch(KEY, tmp_path / "copy")
    assert files_in(tmp_path / "copy") == FILES
    assert [one.key for one in blobs.stored()] == [KEY]
    assert blobs.read(KEY, "original/a.txt") == b"hello"
    assert blobs.read(KEY, "none.jpg") is None


def test_an_empty_set_of_files_is_a_blob_too(blobs: Blobs, stage: Stage) -> None:
    blobs.store(stage({}), KEY)
    pin = blobs.pin(KEY)
    assert (blobs.exists(KEY), pin.folder.is_dir(), files_in(pin.folder)) == (True, True, {})
    pin.release()


def test_the_same_content_twice_is_stored_once_and_counts_as_new(blobs: Blobs, stage: Stage) -> None:
    blobs.store(stage({"a": b"first"}, "1"), KEY)
    (first,) = blobs.stored()
    blobs.store(stage({"a": b"second"}, "2"), KEY)
    (second,) = blobs.stored()
    assert second.modified >= first.modified
    pin = blobs.pin(KEY)
    assert (pin.folder / "a").read_bytes() == b"first"
    pin.release()


def test_what_is_removed_is_gone_for_readers(blobs: Blobs, stage: Stage) -> None:
    blobs.store(stage(), KEY)
    blobs.store(stage(name="other"), OTHER)
    blobs.pin(KEY).release()
    assert not blobs.remove(KEY, lambda: False)
    assert blobs.exists(KEY)
    assert blobs.remove(KEY)
    assert blobs.remove(KEY)
    assert [one.key for one in blobs.stored()] == [OTHER]


def test_what_is_being_stored_is_not_removed(blobs: Blobs, stage: Stage) -> None:
    blobs.store(stage(), KEY)
    storing = taken(blobs.place.folder / "locks" / KEY)
    assert not blobs.remove(KEY)
    storing.release(remove=True)
    assert blobs.remove(KEY)


def test_the_first_who_claims_blobs_owns_them(blobs: Blobs) -> None:
    assert blobs.owner() is None
    assert blobs.owner(claimed_by="first") == "first"
    assert blobs.owner(claimed_by="second") == "first"
    blobs.disown()
    assert blobs.owner(claimed_by="second") == "second"


@pytest.mark.parametrize("key", ["../../etc", "a/b", "", "short", "ab" * 70, "..%2f..%2fetc", "äbcdefgh"])
def test_keys_lead_nowhere_else(blobs: Blobs, stage: Stage, tmp_path: Path, key: str) -> None:
    staged = stage()
    for work in (blobs.exists, blobs.remove, blobs.pin, lambda key: blobs.store(staged, key)):
        with pytest.raises(NotFoundError):
            work(key)
    with pytest.raises(NotFoundError):
        blobs.fetch(key, tmp_path / "copy")
    blobs.check()


def test_nothing_is_swept_that_is_whole(blobs: Blobs, stage: Stage) -> None:
    blobs.store(stage(), KEY)
    assert blobs.sweep(datetime.now(UTC) + timedelta(days=1)) == 0
    assert blobs.exists(KEY)


def test_a_folder_that_fails_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    with pytest.raises(ZeroDivisionError), blobs.staging() as folder:
        (folder / "a.txt").write_text("half")
        raise ZeroDivisionError
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []


def test_checksums_depend_on_names_and_contents(tmp_path: Path) -> None:
    for name, content in (("a", "1"), ("b", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text(content)
    first, second = sha256_of(tmp_path / "a"), sha256_of(tmp_path / "b")
    assert first != second
    (tmp_path / "b" / "x").write_text("1")
    assert sha256_of(tmp_path / "b") == first


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("folder", None),
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/", "s3://bucket"),
        ("s3://my.bucket-1/lab//images/", "s3://my.bucket-1/lab/images"),
    ],
)
def test_places_are_named(text: str, url: str | None) -> None:
    assert checked_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "s3://",
        "s3://A",
        "s3://id:secret@bucket/x",
        "s3://bucket/../x",
        "s3://bucket/a b",
        "s3://bucket?x=1",
        "/data",
        "http://x/y",
    ],
)
def test_places_that_are_none_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        checked_url(text)
    assert "secret@" not in caught.value.message
