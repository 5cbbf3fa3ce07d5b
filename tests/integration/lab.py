"""Objects of two classes on small images, labelled and classified over HTTP."""

import io
from typing import Any

import numpy as np
import tifffile

from .driver import Driver, square

SIDE = 256
CELL = 12


def dotted(seed: int, count: int = 49) -> tuple[bytes, list[tuple[int, int, bool]]]:
    """A gray image of dull and bright squares in rows, and where they are: x, y, whether bright."""
    rng = np.random.default_rng(seed)
    picture = rng.normal(200, 20, (SIDE, SIDE))
    spots: list[tuple[int, int, bool]] = []
    for number in range(count):
        x, y = 6 + 35 * (number % 7), 6 + 35 * (number // 7)
        bright = bool(rng.integers(2))
        picture[y : y + CELL, x : x + CELL] = rng.normal(3000 if bright else 1500, 250, (CELL, CELL))
        spots.append((x, y, bright))
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, picture.clip(0, 65535).astype(np.uint16))
    return buffer.getvalue(), spots


class Lab:
    """A project of images with outlines that nobody classified yet, and two classes."""

    def __init__(self, api: Driver, images: int = 2) -> None:
        self.api = api
        self.project = api.project()
        self.bright, self.dull = (
            api.ok(api.post(f"/projects/{self.project}/terms", {"name": name}))["id"] for name in ("Bright", "Dull")
        )
        self.images: list[str] = []
        self.layers: list[str] = []
        self.truth: dict[int, int] = {}
        self.ids: list[list[int]] = []
        for seed in range(images):
            content, spots = dotted(seed)
            image = api.image(self.project, f"{seed}.tif", content)["id"]
            layer = api.layer(image)
            creates = [{"geometry": square(x, y, CELL)} for x, y, _ in spots]
            made = api.ok(api.post(f"/layers/{layer}/changes", {"creates": creates}))["created_ids"]
            self.truth |= {key: self.bright if spot[2] else self.dull for key, spot in zip(made, spots, strict=True)}
            self.images.append(image)
            self.layers.append(layer)
            self.ids.append(made)

    def label(self, layer: int, ids: list[int], wrong: bool = False) -> None:
        for term in (self.bright, self.dull):
            chosen = [one for one in ids if (self.truth[one] == term) != wrong]
            action = {"action": "set_term", "term_id": term}
            self.api.ok(self.api.post(f"/layers/{self.layers[layer]}/bulk", {"action": action, "ids": chosen}))

    def start(self, **body: Any) -> Any:
        return self.api.post(f"/projects/{self.project}/jobs", body)

    def run(self, **body: Any) -> dict[str, Any]:
        return self.api.finished(self.api.ok(self.start(**body)))

    def objects(self, layer: int) -> dict[int, dict[str, Any]]:
        found = self.api.ok(self.api.get(f"/layers/{self.layers[layer]}/annotations", params={"limit": 200}))
        return {one["id"]: one for one in found["items"]}

    def get(self, path: str, **query: Any) -> Any:
        return self.api.ok(self.api.get(f"/projects/{self.project}/{path}", params=query))
