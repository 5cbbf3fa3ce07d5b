"""The web application: routes, the gate before them, and the services behind them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request

from cytoloop import __version__
from cytoloop.core.errors import NotFoundError
from cytoloop.runtime.assembly import Services
from cytoloop.wire.base import Problem

from . import pages, problems
from .gate import Gate, KnownCallers
from .journal import Journal
from .metrics import Metrics
from .routes import (
    accounts,
    classifiers,
    comparisons,
    crops,
    detectors,
    events,
    exchange,
    exploring,
    health,
    history,
    imageclasses,
    images,
    jobs,
    landmarks,
    layers,
    measurements,
    methods,
    models,
    objects,
    objecttiles,
    pixels,
    projects,
    review,
    set_jobs,
    similar,
    slices,
    spatial,
    tiles,
    tuning,
    uploads,
)

PREFIX = "/api/v1"
_ROUTERS = (
    accounts.router,
    projects.router,
    images.router,
    uploads.router,
    layers.router,
    objecttiles.router,
    objects.router,
    crops.router,
    slices.router,
    history.router,
    review.router,
    exchange.router,
    set_jobs.router,
    methods.router,
    jobs.router,
    comparisons.router,
    measurements.router,
    classifiers.router,
    imageclasses.router,
    tuning.router,
    similar.router,
    pixels.router,
    landmarks.router,
    detectors.router,
    spatial.router,
    exploring.router,
    models.router,
    events.router,
)


def create_app(services: Services) -> FastAPI:
    """The application; it starts and stops the services with itself."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        services.start()
        try:
            yield
        finally:
            services.stop()

    app = FastAPI(
        title="Cytoloop",
        version=__version__,
        lifespan=lifespan,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        responses={"default": {"model": Problem, "description": "Any error, as a problem."}},
    )
    app.state.services = services
    app.state.metrics = Metrics(services.database, services.blobs)
    app.state.desk = tiles.TileDesk(services, app.state.metrics)
    problems.install(app)
    app.router.routes.extend(tiles.routes(_desk))
    for router in _ROUTERS:
        app.include_router(router, prefix=PREFIX)
    app.include_router(health.router)
    app.include_router(_unknown, prefix="/api")
    app.router.routes.extend(pages.routes())
    app.state.known_callers = KnownCallers(services.signals)
    app.add_middleware(Gate, services=services, known=app.state.known_callers)
    app.add_middleware(Journal, metrics=app.state.metrics)  # the last that is added is the outermost
    return app


def _desk(request: Request) -> tiles.TileDesk:
    return request.app.state.desk


_unknown = APIRouter(include_in_schema=False)


@_unknown.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def unknown(path: str) -> None:
    """Addresses below /api that are none."""
    raise NotFoundError(f"There is nothing at /api/{path[:200]}.")
