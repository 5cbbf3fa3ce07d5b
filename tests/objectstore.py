"""A real object store on this machine: moto's server in a process of its own, behind a door that can be shut.

What it holds is in its memory, so it is never ended within a test; the door is shut instead, as when a network breaks.
"""

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any
from uuid import uuid4

KEY_ID = "AKIDFORTESTSONLY"
SECRET = "s3cret/for+tests/only"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Door:
    """A port that leads to another while it is open."""

    def __init__(self, to_port: int) -> None:
        self._to = to_port
        self.port = free_port()
        self.delay_s = 0.0
        """How long each answer is held up, for tests that look while something is on its way."""
        self._listening: socket.socket | None = None
        self._pairs: list[socket.socket] = []
        self._lock = threading.Lock()
        self.open()

    def open(self) -> None:
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        listening.listen(128)
        self._listening = listening
        threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def shut(self) -> None:
        """Refuse what comes, and break what is open."""
        listening, self._listening = self._listening, None
        if listening is not None:
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for one in pairs:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with near, socket.create_connection(("127.0.0.1", self._to)) as far, selectors.DefaultSelector() as both:
            with self._lock:
                self._pairs += [near, far]
            both.register(near, selectors.EVENT_READ, far)
            both.register(far, selectors.EVENT_READ, near)
            with contextlib.suppress(OSError):
                while True:
                    for key, _ in both.select():
                        source: Any = key.fileobj
                        data = source.recv(1 << 16)
                        if not data:
                            return
                        if source is far and self.delay_s:
                            time.sleep(self.delay_s)
                        key.data.sendall(data)


class ObjectStore:
    """The server; ``bucket`` makes a new bucket in it."""

    def __init__(self) -> None:
        self._port = free_port()
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self._port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port)).close()
                break
            except OSError:
                assert time.monotonic() < end, "the object store did not start"
                assert self._process.poll() is None, "the object store ended at once"
                time.sleep(0.05)
        self.door = Door(self._port)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.door.port}"

    def stop(self) -> None:
        self.door.shut()
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    @property
    def back_door(self) -> str:
        """Where tests see and change what is there even while the front door is shut."""
        return f"http://127.0.0.1:{self._port}"

    def bucket(self) -> "TestBucket":
        name = f"images-{uuid4().hex[:12]}"
        with urllib.request.urlopen(urllib.request.Request(f"{self.back_door}/{name}", method="PUT")):
            return TestBucket(self, name)


class TestBucket:
    """A bucket, seen from behind."""

    __test__ = False

    def __init__(self, store: ObjectStore, name: str) -> None:
        self.store, self.name = store, name

    @property
    def url(self) -> str:
        return f"s3://{self.name}/lab/images"

    @property
    def settings(self) -> dict[str, Any]:
        return {"blobs": self.url, "blobs_endpoint": self.store.endpoint}

    @property
    def environment(self) -> dict[str, str]:
        return {**CREDENTIALS, "CYTOLOOP_BLOBS": self.url, "CYTOLOOP_BLOBS_ENDPOINT": self.store.endpoint}

    @property
    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.store.back_door,
            region_name="us-east-1",
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
            config=Config(s3={"addressing_style": "path"}),
        )

    def names(self, below: str = "") -> list[str]:
        """All objects of the bucket whose names begin so, the prefix included."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=below)
        return [one["Key"] for page in pages for one in page.get("Contents", [])]

    def keys(self) -> list[str]:
        """The blobs that are there."""
        return [one.rpartition("/")[2] for one in self.names("lab/images/manifests/")]

    def read(self, name: str) -> bytes:
        return self._client.get_object(Bucket=self.name, Key=name)["Body"].read()

    def write(self, name: str, data: bytes) -> None:
        self._client.put_object(Bucket=self.name, Key=name, Body=data)

    def remove(self, name: str) -> None:
        self._client.delete_object(Bucket=self.name, Key=name)

    def object_of(self, key: str, path: str) -> str:
        """The name of the object that holds a file of a blob."""
        manifest = json.loads(self.read(f"lab/images/manifests/{key}"))
        number = [one["path"] for one in manifest["files"]].index(path)
        return f"lab/images/data/{key}/{manifest['upload']}/{number}"


def home_environment(home: Path, bucket: TestBucket) -> dict[str, str]:
    """The environment of a command whose images are in the bucket."""
    return {**os.environ, "CYTOLOOP_HOME": str(home), **bucket.environment}
