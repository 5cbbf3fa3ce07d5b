"""An object store on this machine: large files, damage, outages, and the cache that threads and processes share."""

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.objectstore import KEY_ID, SECRET, TestBucket

from cytoloop.core.errors import TooLargeError, UnavailableError, UnreadableImageError
from cytoloop.storage.blobs import objects
from cytoloop.storage.blobs.bucket import PART_BYTES
from cytoloop.storage.blobs.contract import DamagedBlobError
from cytoloop.storage.blobs.credentials import from_shared_file
from cytoloop.storage.blobs.manifest import Manifest, ManifestFile
from cytoloop.storage.blobs.objects import ObjectBlobs
from cytoloop.storage.blobs.place import Place

KEY = "ab" * 32
LARGE = PART_BYTES * 2 + 12345


@pytest.fixture(autouse=True)
def _asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "CHECKED_FOR_S", 0.0)


def blobs_in(bucket: TestBucket, folder: Path, cache_bytes: int = 1 << 30, name: str = "cache") -> ObjectBlobs:
    return ObjectBlobs(Place(folder / "images", bucket.url, bucket.store.endpoint, None, folder / name, cache_bytes))


def stored(blobs: ObjectBlobs, folder: Path, key: str = KEY, content: bytes = b"hello") -> Path:
    """A blob with one file; the folder it was made of."""
    staged = folder / f"staged-{key}"
    (staged / "original").mkdir(parents=True)
    (staged / "original" / "a.tif").write_bytes(content)
    blobs.store(staged, key)
    return staged


def test_a_large_file_goes_and_comes_in_parts(bucket: TestBucket, tmp_path: Path) -> None:
    content = os.urandom(LARGE)
    blobs = blobs_in(bucket, tmp_path)
    staged = tmp_path / "staged"
    staged.mkdir()
    (staged / "slide.svs").write_bytes(content)
    sent: list[tuple[int, int]] = []
    blobs.store(staged, KEY, lambda *told: sent.append(told))
    assert sent[-1] == (LARGE, LARGE)
    fetched: list[tuple[int, int]] = []
    pin = blobs.pin(KEY, lambda *told: fetched.append(told))
    assert hashlib.sha256((pin.folder / "slide.svs").read_bytes()).digest() == hashlib.sha256(content).digest()
    assert len(fetched) == 3, "each part was told"
    assert max(fetched) == (LARGE, LARGE)
    pin.release()


@pytest.mark.parametrize("size", [5, LARGE])
@pytest.mark.parametrize("harm", ["changed", "shorter", "gone"])
def test_what_is_not_what_was_stored_is_refused_and_not_kept(
    bucket: TestBucket, tmp_path: Path, harm: str, size: int
) -> None:
    blobs = blobs_in(bucket, tmp_path)
    content = os.urandom(size)
    stored(blobs, tmp_path, content=content)
    name = bucket.object_of(KEY, "original/a.tif")
    if harm == "gone":
        bucket.remove(name)
    else:
        bucket.write(name, bytes([content[0] ^ 1]) + content[1:] if harm == "changed" else content[:-1])
    with pytest.raises(DamagedBlobError, match=r"a\.tif in the object store is not what was stored"):
        blobs.pin(KEY)
    assert [one for one in (tmp_path / "cache").rglob("*.tif") if one.is_file()] == []
    bucket.write(name, content)
    blobs.pin(KEY).release()


@pytest.mark.parametrize("path", ["../../evil", "/etc/evil", "a/../../evil", "..\\evil", "", ".", "a\0b"])
def test_a_manifest_that_leads_elsewhere_is_refused(bucket: TestBucket, tmp_path: Path, path: str) -> None:
    blobs = blobs_in(bucket, tmp_path)
    manifest = Manifest("ab12", (ManifestFile(path, 4, hashlib.sha256(b"evil").hexdigest()),))
    bucket.write(f"lab/images/manifests/{KEY}", manifest.encoded())
    bucket.write(f"lab/images/data/{KEY}/ab12/0", b"evil")
    with pytest.raises(DamagedBlobError):
        blobs.pin(KEY)
    assert not list(tmp_path.rglob("evil"))


def test_a_manifest_that_was_changed_is_refused(bucket: TestBucket, tmp_path: Path) -> None:
    blobs = blobs_in(bucket, tmp_path)
    stored(blobs, tmp_path)
    manifest = json.loads(bucket.read(f"lab/images/manifests/{KEY}"))
    manifest["files"][0]["sha256"] = hashlib.sha256(b"evil!").hexdigest()
    for text in (json.dumps(manifest).encode(), b"{}", b"no json", b"[]"):
        bucket.write(f"lab/images/manifests/{KEY}", text)
        with pytest.raises(DamagedBlobError):
            blobs.pin(KEY)


def test_everything_lies_below_the_prefix(bucket: TestBucket, tmp_path: Path) -> None:
    bucket.write("another/thing", b"x")
    bucket.write(f"lab/manifests/{KEY}", b"x")
    blobs = blobs_in(bucket, tmp_path)
    stored(blobs, tmp_path)
    blobs.owner(claimed_by="me")
    own = [one for one in bucket.names() if one not in ("another/thing", f"lab/manifests/{KEY}")]
    assert all(one.startswith("lab/images/") for one in own)
    assert [one.key for one in blobs.stored()] == [KEY]
    blobs.remove(KEY)
    assert set(bucket.names()) == {"another/thing", f"lab/manifests/{KEY}", "lab/images/owner"}


def test_the_cache_keeps_what_was_used_last_within_its_limit(bucket: TestBucket, tmp_path: Path) -> None:
    blobs = blobs_in(bucket, tmp_path, cache_bytes=2500)
    keys = [f"{number:064x}" for number in range(4)]
    for key in keys:
        stored(blobs, tmp_path, key, key.encode() * 15)  # 960 bytes
    for key in (keys[0], keys[1], keys[0], keys[2]):
        blobs.pin(key).release()
        time.sleep(0.02)
        assert blobs.cached_bytes() <= 2500
    here = {one.name for one in (tmp_path / "cache" / "blobs").iterdir()}
    assert here == {keys[0], keys[2]}
    assert sum(one.stat().st_size for one in (tmp_path / "cache" / "blobs").rglob("*") if one.is_file()) == 1920


def test_what_is_read_stays_and_what_pauses_may_go(bucket: TestBucket, tmp_path: Path) -> None:
    blobs = blobs_in(bucket, tmp_path, cache_bytes=1000)
    keys = [f"{number:064x}" for number in range(2)]
    for key in keys:
        stored(blobs, tmp_path, key, key.encode() * 10)
    first = blobs.pin(keys[0])
    with pytest.raises(UnavailableError, match="full of images in use"):
        blobs.pin(keys[1])
    assert (first.folder / "original" / "a.tif").exists()
    first.pause()
    assert first.resume()
    first.pause()
    second = blobs.pin(keys[1])
    assert not first.resume(), "its files went meanwhile"
    first.release()
    second.release()


def test_an_image_larger_than_the_cache_says_what_to_do(bucket: TestBucket, tmp_path: Path) -> None:
    blobs = blobs_in(bucket, tmp_path, cache_bytes=100)
    stored(blobs, tmp_path, content=b"x" * 101)
    with pytest.raises(TooLargeError, match="Raise CYTOLOOP_BLOB_CACHE_MIB"):
        blobs.pin(KEY)
    assert blobs.cached_bytes() == 0


def test_threads_that_want_the_same_image_fetch_it_once(bucket: TestBucket, tmp_path: Path) -> None:
    blobs = blobs_in(bucket, tmp_path)
    stored(blobs, tmp_path, content=os.urandom(LARGE))
    events: list[tuple[str, float]] = []
    blobs.watch(lambda name, count: events.append((name, count)))
    bucket.store.door.delay_s = 0.002
    told: list[int] = []
    with ThreadPoolExecutor(6) as pool:
        pins = list(pool.map(lambda _: blobs.pin(KEY, lambda done, _total: told.append(done)), range(6)))
    assert [one for one in events if one[0] == "fetched_bytes"] == [("fetched_bytes", LARGE)]
    assert len({one.folder for one in pins}) == 1
    assert 0 < min(one for one in told if one) < LARGE, "those who wait are told how far it is"
    for pin in pins:
        pin.release()


PROCESS = """
import os, sys, pathlib
from cytoloop.storage.blobs.objects import ObjectBlobs
from cytoloop.storage.blobs.place import Place
def tell(done, total):
    os.write(1, f"{{done}}\\n".encode())  # whole lines, whatever the thread
def count(name, amount):
    if name == "fetched_bytes":
        os.write(1, f"fetched {{int(amount)}}\\n".encode())
blobs = ObjectBlobs(Place(pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], None, pathlib.Path(sys.argv[4])))
blobs.watch(count)
{work}
"""


def process_of(bucket: TestBucket, folder: Path, work: str) -> "subprocess.Popen[bytes]":
    """A process that does something with the blobs, and tells how far it is."""
    place = [str(folder / "images"), bucket.url, bucket.store.endpoint, str(folder / "cache")]
    return subprocess.Popen([sys.executable, "-c", PROCESS.format(work=work), *place], stdout=subprocess.PIPE)


def test_processes_that_want_the_same_image_fetch_it_once(bucket: TestBucket, tmp_path: Path) -> None:
    stored(blobs_in(bucket, tmp_path), tmp_path, content=os.urandom(LARGE))
    bucket.store.door.delay_s = 0.005
    started = [process_of(bucket, tmp_path, f"blobs.pin({KEY!r}, tell).release()") for _ in range(3)]
    told = [one.communicate(timeout=60)[0].decode().splitlines() for one in started]
    assert [one.returncode for one in started] == [0, 0, 0]
    assert [line for lines in told for line in lines if "fetched" in line] == [f"fetched {LARGE}"]


def killed_at_work(bucket: TestBucket, folder: Path, work: str, lines: int = 1) -> None:
    """Run it in a process of its own and kill that once some of the work is done."""
    process = process_of(bucket, folder, work)
    assert process.stdout is not None
    for _ in range(lines):
        assert process.stdout.readline().strip(), "it had done some of the work"
    process.kill()
    process.wait()
    process.stdout.close()


def test_who_dies_while_fetching_leaves_the_way_free(bucket: TestBucket, tmp_path: Path) -> None:
    blobs = blobs_in(bucket, tmp_path)
    content = os.urandom(LARGE)
    stored(blobs, tmp_path, content=content)
    bucket.store.door.delay_s = 0.02
    killed_at_work(bucket, tmp_path, f"blobs.pin({KEY!r}, tell)")
    bucket.store.door.delay_s = 0.0
    pin = blobs.pin(KEY)
    assert (pin.folder / "original" / "a.tif").read_bytes() == content
    assert blobs.cached_bytes() == LARGE
    pin.release()


def test_who_dies_while_storing_leaves_no_blob_and_what_was_sent_is_swept(bucket: TestBucket, tmp_path: Path) -> None:
    blobs = blobs_in(bucket, tmp_path)
    staged = tmp_path / "many"
    staged.mkdir()
    for number in range(300):
        (staged / f"{number}").write_bytes(b"x" * 100)
    bucket.store.door.delay_s = 0.02
    killed_at_work(bucket, tmp_path, f"blobs.store(pathlib.Path({str(staged)!r}), {KEY!r}, tell)", lines=60)
    bucket.store.door.delay_s = 0.0
    assert not blobs.exists(KEY)
    left = bucket.names("lab/images/data/")
    assert 0 < len(left) < 300
    assert blobs.sweep(datetime.now(UTC) - timedelta(hours=1)) == 0, "it could still be under way"
    blobs.store(staged, KEY)
    assert blobs.sweep(datetime.now(UTC) + timedelta(hours=1)) == 1
    assert len(bucket.names("lab/images/data/")) == 300
    pin = blobs.pin(KEY)
    assert len(list(pin.folder.iterdir())) == 300
    pin.release()


def test_an_outage_is_told_and_passes(bucket: TestBucket, tmp_path: Path) -> None:
    blobs = blobs_in(bucket, tmp_path)
    staged = stored(blobs, tmp_path)
    bucket.store.door.shut()
    for work in (
        lambda: blobs.check(),
        lambda: blobs.exists(KEY),
        lambda: blobs.pin(KEY),
        lambda: blobs.store(staged, "cd" * 32),
        lambda: blobs.remove(KEY),
        lambda: list(blobs.stored()),
    ):
        with pytest.raises(
            UnavailableError, match=r"object store at s3://images-.*cannot be reached \(no connection\)"
        ) as caught:
            work()
        assert SECRET not in caught.value.message
        assert KEY_ID not in caught.value.message
    bucket.store.door.open()
    blobs.check()
    blobs.pin(KEY).release()


def test_whether_the_store_answers_is_not_asked_at_every_question(
    bucket: TestBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "CHECKED_FOR_S", 60.0)
    blobs = blobs_in(bucket, tmp_path)
    asked: list[int] = []
    monkeypatch.setattr(blobs.bucket, "check", lambda: asked.append(1))
    for _ in range(5):
        blobs.check()
    assert asked == [1]


def test_an_object_store_that_hangs_is_told_within_seconds(bucket: TestBucket, tmp_path: Path) -> None:
    blobs = blobs_in(bucket, tmp_path)
    bucket.store.door.delay_s = 30
    begun = time.monotonic()
    with pytest.raises(UnavailableError):
        blobs.check()
    assert time.monotonic() - begun < 10


def test_a_bucket_that_is_not_there_is_told(bucket: TestBucket, tmp_path: Path) -> None:
    place = Place(tmp_path / "images", "s3://no-such-bucket/x", bucket.store.endpoint, None, tmp_path / "cache")
    blobs = ObjectBlobs(place)
    with pytest.raises(UnavailableError, match="no bucket no-such-bucket"):
        blobs.check()
    with pytest.raises(UnavailableError, match="no bucket no-such-bucket"):
        stored(blobs, tmp_path)


def test_a_blob_that_is_not_there_is_told(bucket: TestBucket, tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match="not in the object store"):
        blobs_in(bucket, tmp_path).pin(KEY)


def test_credentials_come_from_the_environment_or_a_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "credentials"
    file.write_text(
        "[default]\naws_access_key_id = A\naws_secret_access_key = B\n[lab]\naws_access_key_id=C\naws_session_token=D\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    assert from_shared_file() == {"access_key_id": "A", "secret_access_key": "B"}
    monkeypatch.setenv("AWS_PROFILE", "lab")
    assert from_shared_file() == {"access_key_id": "C", "session_token": "D"}
    monkeypatch.setenv("AWS_PROFILE", "none")
    assert from_shared_file() == {}
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "E")
    assert from_shared_file() == {}


def test_waiting_threads_leave_no_locks_behind(bucket: TestBucket, tmp_path: Path) -> None:
    blobs = blobs_in(bucket, tmp_path)
    bucket.store.door.shut()
    with pytest.raises(UnavailableError):
        blobs.pin(KEY)
    assert list((tmp_path / "cache" / "locks").iterdir()) == []
    assert threading.active_count() < 30
