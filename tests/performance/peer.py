"""The simplest server around a peer's reader: ``python -m tests.performance.peer READER FILE PORT TILE``."""

import io
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def main() -> None:
    reader, path, port, tile = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    if reader == "openslide":
        import openslide

        slide = openslide.OpenSlide(path)

        def read(column: int, row: int) -> bytes:
            region = slide.read_region((column * tile, row * tile), 0, (tile, tile)).convert("RGB")
            buffer = io.BytesIO()
            region.save(buffer, "JPEG", quality=85)
            return buffer.getvalue()

    else:
        import large_image

        source = large_image.open(path, encoding="JPEG", jpegQuality=85)
        top = source.levels - 1

        def read(column: int, row: int) -> bytes:
            return source.getTile(column, row, top)

    def handle(request: Request) -> Response:
        content = read(int(request.path_params["column"]), int(request.path_params["row"]))
        return Response(content, media_type="image/jpeg")

    uvicorn.run(Starlette(routes=[Route("/{column}/{row}", handle)]), port=port, log_level="error", access_log=False)


main()
