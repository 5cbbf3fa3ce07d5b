"""Resumable uploads, folders, and files of the server."""

import base64
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2 as httpx
import pytest

from .conftest import running
from .driver import API, Driver, spots, tiff_bytes

OCTETS = {"Content-Type": "application/offset+octet-stream"}


def begin(api: Driver, project: str, content: bytes, name: str = "a.tif", **metadata: str) -> str:
    pairs = {"filename": name, **metadata}
    header = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    made = api.client.post(
        f"{API}/projects/{project}/uploads",
        headers={"Upload-Length": str(len(content)), "Upload-Metadata": header},
    )
    return made.headers["location"]


def put(api: Driver, location: str, offset: int, content: bytes, **headers: str) -> object:
    return api.client.patch(location, content=content, headers={"Upload-Offset": str(offset), **OCTETS, **headers})


def test_a_file_sent_in_pieces_arrives_whole(api: Driver) -> None:
    project, content = api.project(), tiff_bytes()
    location = begin(api, project, content)
    offset = 0
    while offset < len(content):
        assert put(api, location, offset, content[offset : offset + 7000]).status_code == 204
        head = api.client.head(location)
        assert head.headers["upload-length"] == str(len(content))
        offset = int(head.headers["upload-offset"])
    (image,) = api.settled(project)
    assert image["sha256"] == hashlib.sha256(content).hexdigest()
    assert api.client.get(f"{API}/images/{image['id']}/original").content == content


def test_a_wrong_offset_and_too_many_bytes_are_refused_and_the_upload_goes_on(api: Driver) -> None:
    project, content = api.project(), tiff_bytes()
    location = begin(api, project, content)
    put(api, location, 0, content[:1000])
    refused = put(api, location, 500, content[500:])
    assert (refused.status_code, refused.json()["offset"]) == (409, 1000)
    assert put(api, location, 1000, content[1000:] + b"more").status_code == 413
    offset = int(api.client.head(location).headers["upload-offset"])
    assert put(api, location, offset, content[offset:]).status_code == 204
    assert api.settled(project)[0]["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_piece_whose_checksum_is_wrong_is_not_kept(api: Driver) -> None:
    project, content = api.project(), tiff_bytes()
    location = begin(api, project, content)

    def checksum(part: bytes) -> str:
        return f"sha256 {base64.b64encode(hashlib.sha256(part).digest()).decode()}"

    first = content[:5000]
    assert put(api, location, 0, first, **{"Upload-Checksum": checksum(b"other")}).status_code == 460
    assert api.client.head(location).headers["upload-offset"] == "0"
    assert put(api, location, 0, first, **{"Upload-Checksum": checksum(first)}).status_code == 204
    assert put(api, location, 5000, b"x", **{"Upload-Checksum": "md4 xx"}).status_code == 422


def test_a_cancelled_upload_leaves_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "home") as (api, _):
        location = begin(api, api.project(), tiff_bytes())
        put(api, location, 0, tiff_bytes()[:100])
        assert api.client.delete(location).status_code == 204
        assert api.client.head(location).status_code == 404
        assert list((tmp_path / "home" / "uploads").iterdir()) == []


def test_the_same_file_twice_is_stored_once(tmp_path: Path) -> None:
    with running(tmp_path / "home") as (api, _):
        project = api.project()
        for name in ("a.tif", "b.tif"):
            api.send(project, name, tiff_bytes())
        first, second = api.settled(project)
        assert first["sha256"] == second["sha256"]
        assert len(list((tmp_path / "home" / "images").rglob("original"))) == 1
        api.client.delete(f"{API}/images/{first['id']}")
        assert api.client.get(f"{API}/images/{second['id']}/thumbnail").status_code == 200


def test_files_of_a_folder_are_imported_together(api: Driver, shared_data: Path) -> None:
    project = api.project()
    ids = [
        api.send(project, one.name, one.read_bytes(), relativePath=f"slide/{one.name}", hold="1")
        for one in sorted((shared_data / "formats" / "dicom_wsi").iterdir())
    ]
    assert api.images(project) == []
    assert api.ok(api.get(f"/uploads/{ids[0]}"))["state"] == "received"
    api.ok(api.post(f"/projects/{project}/imports", {"upload_ids": ids}))
    (image,) = api.settled(project)
    assert (image["name"], image["state"], image["format"], image["width"]) == ("slide", "ready", "dicom", 2220)
    assert api.post(f"/projects/{project}/imports", {"upload_ids": ids}).status_code == 409


def test_a_file_with_several_images_becomes_as_many(api: Driver, shared_data: Path) -> None:
    project = api.project()
    api.send(project, "wavelength.lif", (shared_data / "formats" / "wavelength.lif").read_bytes())
    images = api.settled(project)
    assert len(images) == 3
    assert {one["state"] for one in images} == {"ready"}
    assert len({one["content_version"] for one in images}) == 3
    assert (images[2]["size_c"], images[2]["size_z"], images[2]["size_t"]) == (10, 11, 2)


def test_files_of_the_server_are_registered_in_place(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.tif").write_bytes(tiff_bytes())
    (tmp_path / "secret.tif").write_bytes(tiff_bytes())
    (folder / "link.tif").symlink_to(tmp_path / "secret.tif")
    with running(tmp_path / "home", image_folders=[folder]) as (api, _):
        project = api.project()
        (root,) = api.ok(api.get("/server-files"))
        names = [one["name"] for one in api.ok(api.get("/server-files", params={"path": root["path"]}))]
        assert "sub" in names
        for bad in (str(tmp_path / "secret.tif"), str(folder / ".." / "secret.tif"), str(folder / "link.tif")):
            assert api.post(f"/projects/{project}/images", {"paths": [bad]}).status_code == 403
        assert api.get("/server-files", params={"path": str(tmp_path)}).status_code == 403
        api.ok(api.post(f"/projects/{project}/images", {"paths": [str(folder / "sub")]}))
        (image,) = api.settled(project)
        assert (image["state"], image["name"]) == ("ready", "a.tif")
        assert list((tmp_path / "home").rglob("*.tif")) == []
        api.client.delete(f"{API}/images/{image['id']}")
        assert (folder / "sub" / "a.tif").exists()


def _serve(home: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "cytoloop.cli", "serve", "--home", str(home), "--port", str(port), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if httpx.get(f"{url}/health/ready").status_code == 200:
                return process, url
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


def _wait_for_bytes(url: str, location: str) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if int(httpx.head(url + location).headers["upload-offset"]) > 0:
            return
        time.sleep(0.05)
    raise AssertionError("the server never told of safe bytes")


@pytest.mark.slow
def test_an_upload_survives_a_killed_server(tmp_path: Path) -> None:
    content = tiff_bytes(spots(3000))
    home = tmp_path / "home"
    process, url = _serve(home)
    try:
        with httpx.Client(base_url=url, timeout=60) as client:
            project = client.post(f"{API}/projects", json={"name": "P"}).json()["id"]
            location = client.post(
                f"{API}/projects/{project}/uploads",
                headers={"Upload-Length": str(len(content)), "Upload-Metadata": "filename YS50aWY="},
            ).headers["location"]
            sent = 0

            def pieces() -> object:
                nonlocal sent
                for start in range(0, len(content), 1 << 20):
                    if start >= 12 << 20:
                        _wait_for_bytes(url, location)
                        os.kill(process.pid, signal.SIGKILL)
                    sent = start
                    yield content[start : start + (1 << 20)]

            with pytest.raises(httpx.TransportError):
                client.patch(location, content=pieces(), headers={"Upload-Offset": "0", **OCTETS})
            assert sent > 0, "the kill must have met bytes in flight"
        process.wait()
        process, url = _serve(home)
        with httpx.Client(base_url=url, timeout=60) as client:
            offset = int(client.head(location).headers["upload-offset"])
            assert 0 < offset < len(content)
            client.patch(location, content=content[offset:], headers={"Upload-Offset": str(offset), **OCTETS})
            end = time.monotonic() + 60
            image: dict = {"state": "importing"}
            while image["state"] == "importing" and time.monotonic() < end:
                time.sleep(0.2)
                image = client.get(f"{API}/projects/{project}/images").json()["items"][0]
            assert (image["state"], image["sha256"]) == ("ready", hashlib.sha256(content).hexdigest())
    finally:
        process.kill()
        process.wait()
