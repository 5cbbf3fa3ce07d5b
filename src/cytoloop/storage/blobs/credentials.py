"""Who one is for an object store: as programs of AWS find it out."""

import configparser
import os
from pathlib import Path

_NAMES = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
}


def from_shared_file() -> dict[str, str]:
    """Keys of the profile ``AWS_PROFILE`` in ``~/.aws/credentials`` (or ``AWS_SHARED_CREDENTIALS_FILE``).

    Nothing where the environment has keys, or where there is no such file: then the roles of containers and machines
    are asked.
    """
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        return {}
    path = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or Path.home() / ".aws" / "credentials")
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
        section = dict(parser[os.environ.get("AWS_PROFILE") or "default"])
    except (OSError, KeyError, configparser.Error, UnicodeDecodeError):
        return {}
    return {ours: section[theirs] for theirs, ours in _NAMES.items() if section.get(theirs)}


def endpoint_from_environment() -> str | None:
    """The address of the object store, where the environment names one."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None


def region_from_environment() -> str | None:
    """The region, where the environment names one."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None
