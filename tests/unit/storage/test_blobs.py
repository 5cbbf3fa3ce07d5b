from pathlib import Path

import pytest

from cytoloop.core.errors import NotFoundError
from cytoloop.storage.blobs import LocalBlobs, sha256_of

KEY = "ab" * 32


def test_a_blob_appears_whole_and_leaves_no_staging_behind(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    with blobs.staging() as folder:
        (folder / "sub").mkdir()
        (folder / "sub" / "a.txt").write_text("hello")
        assert not blobs.exists(KEY)
        blobs.commit(folder, KEY)
    assert (blobs.path(KEY) / "sub" / "a.txt").read_text() == "hello"
    assert list((tmp_path / "staging").iterdir()) == []


def test_what_fails_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    with pytest.raises(ZeroDivisionError), blobs.staging() as folder:
        (folder / "a.txt").write_text("half")
        raise ZeroDivisionError
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []


def test_the_same_content_twice_is_stored_once(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    for text in ("first", "second"):
        with blobs.staging() as folder:
            (folder / "a").write_text(text)
            blobs.commit(folder, KEY)
    assert (blobs.path(KEY) / "a").read_text() == "first"
    blobs.remove(KEY)
    blobs.remove(KEY)
    assert not blobs.exists(KEY)


@pytest.mark.parametrize("key", ["../../etc", "a/b", "", "short"])
def test_keys_lead_nowhere_else(tmp_path: Path, key: str) -> None:
    with pytest.raises(NotFoundError):
        LocalBlobs(tmp_path).path(key)


def test_checksums_depend_on_names_and_contents(tmp_path: Path) -> None:
    for name, content in (("a", "1"), ("b", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text(content)
    first, second = sha256_of(tmp_path / "a"), sha256_of(tmp_path / "b")
    assert first != second
    (tmp_path / "b" / "x").write_text("1")
    assert sha256_of(tmp_path / "b") == first
