"""Drives the API as a script would."""

import base64
import io
import time
from typing import Any

import numpy as np
import tifffile
from fastapi.testclient import TestClient

API = "/api/v1"
FINAL = {"done", "failed", "cancelled"}


def spots(size: int = 128, count: int = 4, *, dtype: str = "uint16") -> np.ndarray:
    """``(size, size)``: bright discs of radius 8 on a dark, slightly noisy ground, on a grid."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:size, :size]
    image = rng.normal(100, 5, (size, size))
    step = size // count
    for row in range(count):
        for column in range(count):
            centre = (row * step + step // 2, column * step + step // 2)
            image[(y - centre[0]) ** 2 + (x - centre[1]) ** 2 <= 64] += 900
    return image.clip(0).astype(dtype)


def tiff_bytes(array: np.ndarray | None = None, **options: Any) -> bytes:
    """An ImageJ TIFF in memory."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, spots() if array is None else array, **options)
    return buffer.getvalue()


class Driver:
    """A client with the few steps that most tests need."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(API + path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.client.post(API + path, json=body, **options)

    def ok(self, response: Any) -> Any:
        assert response.is_success, f"{response.status_code}: {response.text}"
        return response.json() if response.content else None

    def project(self, name: str = "P") -> str:
        return self.ok(self.post("/projects", {"name": name}))["id"]

    def send(self, project: str, name: str, content: bytes, **metadata: str) -> str:
        """Upload a file; the upload's id."""
        pairs = {"filename": name, **metadata}
        header = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
        made = self.client.post(
            f"{API}/projects/{project}/uploads",
            headers={"Upload-Length": str(len(content)), "Upload-Metadata": header},
        )
        assert made.status_code == 201, made.text
        sent = self.client.patch(
            made.headers["location"],
            content=content,
            headers={"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
        )
        assert sent.status_code == 204, sent.text
        return made.headers["location"].rsplit("/", 1)[1]

    def images(self, project: str) -> list[dict[str, Any]]:
        return self.ok(self.get(f"/projects/{project}/images"))["items"]

    def settled(self, project: str) -> list[dict[str, Any]]:
        """The project's images once nothing is being imported any more."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            jobs = self.ok(self.get(f"/projects/{project}/jobs"))["items"]
            images = self.images(project)
            if all(one["state"] in FINAL for one in jobs) and all(one["state"] != "importing" for one in images):
                return images
            time.sleep(0.05)
        raise AssertionError(f"still importing: {images}")

    def image(self, project: str, name: str = "a.tif", content: bytes | None = None) -> dict[str, Any]:
        """Upload a file and wait until its image is ready."""
        self.send(project, name, tiff_bytes() if content is None else content)
        image = next(one for one in self.settled(project) if one["name"].startswith(name))
        assert image["state"] == "ready", image["error"]
        return image

    def layer(self, image_id: str) -> str:
        """The caller's own layer."""
        return self.ok(self.post(f"/images/{image_id}/layers", {}))["id"]

    def finished(self, job: dict[str, Any], within_s: float = 240) -> dict[str, Any]:
        """The job when it has ended."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            now = self.ok(self.get(f"/jobs/{job['id']}"))
            if now["state"] in FINAL:
                return now
            time.sleep(0.05)
        raise AssertionError(f"still running: {now}")


def square(x: float, y: float, side: float = 10) -> dict[str, Any]:
    """A GeoJSON square."""
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}
