"""Settings: from keyword arguments, then ``CYTOLOOP_*`` variables, then defaults."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from cytoloop.storage.blobs.credentials import endpoint_from_environment, region_from_environment
from cytoloop.storage.blobs.place import FOLDER, Place, checked_endpoint, checked_url
from cytoloop.storage.database import sqlite_url

MIB = 1 << 20


def default_home() -> Path:
    """Where data lies unless told otherwise: ``$XDG_DATA_HOME/cytoloop`` or ``~/.local/share/cytoloop``."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "cytoloop"


class Settings(BaseSettings):
    """Everything that can be set. Each is also the variable ``CYTOLOOP_`` + its name in capitals."""

    # What was given is not repeated in errors: the database URL may hold a password.
    model_config = SettingsConfigDict(env_prefix="CYTOLOOP_", extra="forbid", frozen=True, hide_input_in_errors=True)

    home: Path = Field(default_factory=default_home, description="Folder of the database and files.")
    database: str | None = Field(
        default=None,
        repr=False,
        description="Database URL (postgresql://USER:PASSWORD@HOST/NAME); SQLite in the home folder unless given.",
    )
    blobs: str = Field(
        default=FOLDER, description="Where images lie: folder (in the home folder) or s3://BUCKET/PREFIX."
    )
    blobs_endpoint: str | None = Field(
        default=None,
        description="Address of the object store, http(s)://HOST:PORT; AWS_ENDPOINT_URL or AWS itself unless given.",
    )
    blobs_region: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9-]{1,60}$",
        description="Region of the bucket; AWS_REGION or us-east-1 unless given.",
    )
    blob_cache: Path | None = Field(
        default=None,
        description="Folder for images from the object store, on a local disk; cache/blobs in the home unless given.",
    )
    blob_cache_mib: int = Field(
        default=50 * 1024, ge=1, description="How much images from the object store take there, MiB."
    )
    processes: int = Field(
        default=1, ge=1, le=64, description="Processes that answer requests; more than 1 need PostgreSQL."
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0: any free one.")
    mode: Literal["auto", "single_user", "accounts"] = Field(
        default="auto",
        description="auto: no login on a loopback address, accounts on any other.",
    )
    secure_cookies: bool = Field(
        default=False, description="Send the session cookie over HTTPS only. Set it behind TLS."
    )
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        default_factory=list[str],
        description="Host names under which the server may be reached, beside loopback; comma-separated.",
    )
    image_folders: Annotated[list[Path], NoDecode] = Field(
        default_factory=list[Path],
        description="Folders whose images may be registered in place; comma-separated.",
    )
    workers: int = Field(
        default_factory=lambda: max(1, min(4, os.cpu_count() or 1)),
        ge=1,
        le=256,
        description="Worker processes for jobs.",
    )
    worker_memory_mib: int = Field(default=6144, ge=0, description="Memory of one worker process in MiB; 0: no limit.")
    executor: Literal["local", "dask"] = Field(
        default="local",
        description="Where jobs run: local: in worker processes of the server; dask: on a cluster (cytoloop cluster).",
    )
    cluster_address: str | None = Field(
        default=None,
        pattern=r"^tls://[^/\s]+:\d+$",
        description="The cluster's scheduler (tls://HOST:PORT); the one started on this home folder unless given.",
    )
    cluster_certificates: Path | None = Field(
        default=None,
        description="Folder of the cluster's certificate and key; cluster/certificates in the home unless given.",
    )
    max_upload_mib: int = Field(default=200 * 1024, ge=1, description="Largest file to upload, MiB.")
    max_body_mib: int = Field(default=64, ge=1, description="Largest JSON body of a request, MiB.")
    max_project_gib: int = Field(default=2048, ge=1, description="Room for all stored images, GiB.")
    log_format: Literal["text", "json"] = Field(
        default="text", description="text: warnings; json: one JSON object a line, each request too."
    )
    tile_cache_mib: int = Field(default=256, ge=0, description="Memory for rendered tiles, MiB.")

    @field_validator("allowed_hosts", "image_folders", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Lists may be given as comma-separated text."""
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("blobs")
    @classmethod
    def _known_place(cls, value: str) -> str:
        return checked_url(value) or FOLDER

    @field_validator("blobs_endpoint")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        return checked_endpoint(value) if value else None

    @property
    def place(self) -> Place:
        """Where images lie."""
        return self.place_of(self.blobs)

    def place_of(self, blobs: str) -> Place:
        """Where images lie, or would with this setting: "folder" or s3://BUCKET/PREFIX."""
        home, endpoint = self.home.resolve(), self.blobs_endpoint or endpoint_from_environment()
        return Place(
            folder=home / "images",
            url=checked_url(blobs),
            endpoint=None if endpoint is None else checked_endpoint(endpoint),
            region=self.blobs_region or region_from_environment(),
            cache=(self.blob_cache or home / "cache" / "blobs").resolve(),
            cache_bytes=self.blob_cache_mib * MIB,
        )

    @property
    def database_url(self) -> str:
        return self.database or sqlite_url(self.home / "cytoloop.sqlite")

    @property
    def models_folder(self) -> Path:
        """Where imported and trained models lie."""
        return self.home / "models"

    @property
    def scratch_folder(self) -> Path:
        """Where jobs work; each has a folder of its own."""
        return self.home / "scratch"

    @property
    def certificates_folder(self) -> Path:
        """Where the cluster's certificate and key lie."""
        return self.cluster_certificates or self.home / "cluster" / "certificates"

    @property
    def single_user(self) -> bool:
        """Whether whoever reaches the server is its one user."""
        if self.mode == "auto":
            return is_loopback(self.host)
        return self.mode == "single_user"


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine can reach the address."""
    return host in {"127.0.0.1", "localhost", "::1"} or host.startswith("127.")
