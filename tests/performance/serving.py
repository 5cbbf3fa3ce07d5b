"""Tiles over HTTP: our server beside the peers' readers behind the simplest possible server."""

import base64
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import openslide
import tifffile

from cytoloop.samples import FOLDER

from .comparison import Comparison, compare

API = "/api/v1"
SLIDE = FOLDER / "he-slide.svs"
REQUESTS = 780
ROUNDS = 3
CLIENTS = 4
TICKS = os.sysconf("SC_CLK_TCK")


class Process:
    """A server in a process of its own, whose processor time can be read."""

    def __init__(self, command: list[str], port: int, ready: str, **variables: str) -> None:
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **variables})
        self.port = port
        end = time.monotonic() + 90
        while time.monotonic() < end:
            try:
                if self.fetch(ready)[0] == 200:
                    return
            except OSError:
                time.sleep(0.2)
        raise AssertionError(f"{command} does not answer")

    def fetch(self, path: str) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[dict[str, str], Any]:
        """A request that must succeed: the answer's headers and JSON."""
        connection = HTTPConnection("127.0.0.1", self.port)
        connection.request(method, path, body, {key.replace("_", "-"): value for key, value in headers.items()})
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status < 300, content
        found = {key.lower(): value for key, value in answer.getheaders()}
        return found, json.loads(content) if content else None

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _ask(port: int, paths: list[str]) -> None:
    connection = HTTPConnection("127.0.0.1", port)
    for path in paths:
        connection.request("GET", path)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, (path, content[:200])
        assert content[:2] == b"\xff\xd8", path


def load(port: int, paths: list[str]) -> int:
    """Ask for every path, by several clients at once."""
    parts = [paths[number::CLIENTS] for number in range(CLIENTS)]
    threads = [threading.Thread(target=_ask, args=(port, part)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(paths)


@contextmanager
def our_server(folder: Path, slide: Path) -> Iterator[tuple[Process, dict[str, Any]]]:
    """A server without a cache of rendered tiles, and a slide in it."""
    port = _free_port()
    home = str(folder / f"home-{port}")
    command = [sys.executable, "-m", "cytoloop.cli", "serve", "--home", home, "--no-browser", "--port", str(port)]
    process = Process(command, port, "/health/ready", CYTOLOOP_TILE_CACHE_MIB="0")
    project = process.send("POST", f"{API}/projects", b'{"name": "Bench"}', Content_Type="application/json")[1]["id"]
    content = slide.read_bytes()
    name = base64.b64encode(slide.name.encode()).decode()
    announced = {"Upload_Length": str(len(content)), "Upload_Metadata": f"filename {name}"}
    location = process.send("POST", f"{API}/projects/{project}/uploads", b"", **announced)[0]["location"]
    process.send("PATCH", location, content, Upload_Offset="0", Content_Type="application/offset+octet-stream")
    image: dict[str, Any] = {"state": "importing"}
    while image["state"] == "importing":
        time.sleep(0.2)
        (image,) = process.send("GET", f"{API}/projects/{project}/images")[1]["items"]
    assert image["state"] == "ready", image["error"]
    yield process, image
    process.stop()


def comparisons(folder: Path) -> list[Comparison]:
    """Stored tiles passed through, and tiles that have to be decoded and encoded again."""
    with openslide.OpenSlide(SLIDE) as slide:
        pixels = np.asarray(slide.read_region((0, 0), 0, slide.dimensions).convert("RGB"))
    # Large enough that no tile is asked for twice: caches are not what is compared.
    mosaic = np.tile(pixels[:2816, :2048], (4, 9, 1))
    rows: list[Comparison] = []
    kinds = (("jpeg", "stored {} px tile, passed through"), ("zlib", "deflate {} px tile, decoded"))
    for compression, what in kinds:
        path = folder / f"{compression}.tif"
        options = {"tile": (256, 256), "photometric": "rgb", "resolution": (20000, 20000)}
        tifffile.imwrite(path, mosaic, compression=compression, **options)
        rows += _against_peers(folder, path, what)
    return rows


def _against_peers(folder: Path, slide: Path, what: str) -> list[Comparison]:
    rng = np.random.default_rng(0)
    rows: list[Comparison] = []
    with our_server(folder, slide) as (ours, image):
        level = image["levels"][0]
        tile = level["tile_width"]
        columns, lines = level["width"] // tile, level["height"] // tile
        order = rng.permutation(columns * lines).tolist()
        places = [(number % columns, number // columns) for number in order]
        assert len(places) >= (ROUNDS + 1) * REQUESTS, "no tile may be asked for twice"
        for reader in ("openslide", "large_image"):
            port = _free_port()
            command = [sys.executable, "-m", "tests.performance.peer", reader, str(slide), str(port), str(tile)]
            peer = Process(command, port, "/0/0")
            rows.append(
                compare(
                    f"{what.format(tile)}, over HTTP",
                    reader,
                    _asker(ours.port, f"{API}/images/{image['id']}/tiles/0", places),
                    _asker(peer.port, "", places),
                    unit="tile",
                    clock=lambda peer=peer: ours.cpu_seconds() + peer.cpu_seconds(),
                    rounds=ROUNDS,
                )
            )
            peer.stop()
    return rows


def _asker(port: int, base: str, places: list[tuple[int, int]]) -> Callable[[], int]:
    """Asks for the next tiles each time it is called."""
    paths = iter([f"{base}/{column}/{row}" for column, row in places])
    return lambda: load(port, list(islice(paths, REQUESTS)))


def four_channels(folder: Path) -> Path:
    """A pyramid of four 16-bit channels, made of the real three-channel sample."""
    planes = np.moveaxis(tifffile.imread(FOLDER / "hela-cells.tif"), -1, 0)
    planes = np.concatenate([planes, planes[:1, ::-1]])
    big = np.tile(planes, (1, 4, 3))
    path = folder / "four.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        options = {"tile": (256, 256), "photometric": "minisblack", "compression": "zlib"}
        writer.write(big, subifds=2, metadata={"axes": "CYX"}, **options)
        for step in (2, 4):
            writer.write(big[:, ::step, ::step], subfiletype=1, **options)
    return path


def styled(folder: Path) -> Comparison:
    """A tile of four channels, each with colour and range, to JPEG."""
    import large_image

    from cytoloop.images.pyramid import Pyramid
    from cytoloop.images.registry import open_image
    from cytoloop.images.rendering import ChannelStyle, encode_jpeg, render

    path = four_channels(folder)
    colors = ("#ff0000", "#00ff00", "#0000ff", "#ffff00")
    source = open_image(path)
    pyramid = Pyramid(source)
    styles = tuple(ChannelStyle(index, color, 200, 2000, 1.0) for index, color in enumerate(colors))
    bands = [
        {"frame": index, "palette": ["#000", color], "min": 200, "max": 2000} for index, color in enumerate(colors)
    ]
    peer_source = large_image.open(str(path), style={"bands": bands}, encoding="JPEG")
    width, height = pyramid.info.width // 256, pyramid.info.height // 256
    top = peer_source.levels - 1
    places = [(column, row) for column in range(width) for row in range(height)]

    def ours() -> int:
        for column, row in places:
            encode_jpeg(render([pyramid.tile(0, column, row, c=c) for c in range(4)], styles))
        return len(places)

    def peer() -> int:
        large_image.cache_util.cachesClear()
        for column, row in places:
            peer_source.getTile(column, row, top)
        return len(places)

    result = compare("styled tile of 4 channels, 256 px", "large_image", ours, peer, unit="tile", rounds=3)
    source.close()
    return result
