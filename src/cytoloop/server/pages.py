"""The web app's files. Unknown paths get its start page, so that its own addresses can be opened."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from .journal import PlainRoute

BUNDLE = Path(__file__).parents[1] / "_web"
_MISSING = (
    "The web app is not part of this installation. Build it with 'make web' in a checkout, "
    "or install a wheel that holds it. The API is at /api/v1 and its description at /api/v1/openapi.json."
)


def routes(bundle: Path = BUNDLE) -> list[PlainRoute]:
    """One route for everything that is no API."""
    root = bundle.resolve()

    async def page(request: Request) -> Response:
        wanted = (root / request.path_params["path"]).resolve()
        if wanted.is_file() and wanted.is_relative_to(root):
            hashed = "assets" in wanted.relative_to(root).parts
            caching = "public, max-age=31536000, immutable" if hashed else "no-cache"
            return FileResponse(wanted, headers={"Cache-Control": caching})
        if request.path_params["path"].startswith("assets/"):
            return PlainTextResponse("There is no such file; reload the page.", 404)
        if not (root / "index.html").is_file():
            return PlainTextResponse(_MISSING, 503)
        return FileResponse(root / "index.html", headers={"Cache-Control": "no-cache"})

    return [PlainRoute("/{path:path}", page, methods=["GET", "HEAD"], name="page")]
