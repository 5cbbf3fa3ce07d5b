"""Errors as ``application/problem+json`` (RFC 9457), in one place."""

import logging
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cytoloop.core.errors import (
    DISK_FULL,
    CancelledError,
    ConflictError,
    CytoloopError,
    InvalidInputError,
    NotFoundError,
    NotSignedInError,
    PermissionDeniedError,
    StaleVersionError,
    StorageFullError,
    TooLargeError,
    UnavailableError,
    is_disk_full,
)

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[CytoloopError], int], ...] = (
    (NotSignedInError, 401),
    (PermissionDeniedError, 403),
    (NotFoundError, 404),
    (StaleVersionError, 409),
    (ConflictError, 409),
    (CancelledError, 409),
    (TooLargeError, 413),
    (InvalidInputError, 422),
    (StorageFullError, 507),
    (UnavailableError, 503),
)
_TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported content",
    422: "Invalid input",
    500: "Internal error",
    503: "Not available now",
    507: "Disk full",
}


def status_of(error: CytoloopError) -> int:
    """The HTTP status of an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def problem(
    status: int,
    detail: str,
    code: str,
    *,
    headers: dict[str, str] | None = None,
    **facts: Any,
) -> Response:
    """A problem response."""
    body = {
        "type": "about:blank",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
        "errors": [],
        **facts,
    }
    return Response(
        orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY, default=str),
        status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def problem_of(error: CytoloopError) -> Response:
    """The response for an error."""
    headers = {"Retry-After": "5"} if isinstance(error, UnavailableError) else None
    return problem(status_of(error), error.message, error.code, headers=headers, **error.details)


def install(app: FastAPI) -> None:
    """Answer every error as a problem."""
    app.add_exception_handler(CytoloopError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_crash)


async def _on_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, CytoloopError)
    return problem_of(error)


async def _on_validation(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [
        {"where": ".".join(str(part) for part in one["loc"]), "message": one["msg"]} for one in error.errors()[:50]
    ]
    malformed = any(one["type"] == "json_invalid" for one in error.errors())
    first = f"{found[0]['where']}: {found[0]['message']}" if found else "it is malformed"
    return problem(
        400 if malformed else 422,
        f"The request cannot be used: {first}.",
        "invalid_input",
        errors=found,
    )


async def _on_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    codes = {
        400: "bad_request",
        404: "not_found",
        405: "method_not_allowed",
        413: "too_large",
    }
    detail = error.detail if error.status_code != 404 else "There is nothing at this address."
    headers = dict(error.headers) if error.headers else None
    return problem(error.status_code, detail, codes.get(error.status_code, "http_error"), headers=headers)


async def _on_crash(_request: Request, error: Exception) -> Response:
    if is_disk_full(error):
        return problem_of(StorageFullError(DISK_FULL))
    logger.error("A request failed", exc_info=error)
    return problem(
        500,
        "Something went wrong on the server; its log tells more. Nothing was saved. Try again.",
        "internal_error",
    )
