"""The gateway's application: every route, and what guards them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from imaging.gateway import files, filtered, labels
from imaging.gateway.access import guard
from imaging.gateway.anonymize import anonymize_router
from imaging.gateway.cache import ResultCache
from imaging.gateway.callbacks import Callbacks, callbacks_router
from imaging.gateway.docs_page import docs_router
from imaging.gateway.dvh import dvh_router
from imaging.gateway.examples import HEALTH, document
from imaging.gateway.faults import answer_faults
from imaging.gateway.icon import icon_router
from imaging.gateway.options import GatewayOptions
from imaging.gateway.serving import Serving
from imaging.gateway.viewer import viewer_router
from imaging.gateway.waking import Wake

_DISTRIBUTION = "imaging-flows"
_SUMMARY = "Health and version"
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"example": HEALTH}}}
}

about = APIRouter(tags=["about"])


class Health(BaseModel):
    """That the gateway is there, and which it is."""

    status: str
    name: str
    version: str


def make_app(options: GatewayOptions, wake: Wake | None = None) -> FastAPI:
    """Make a gateway that is ready to be served.

    Args:
        options: What it serves; its folder of state is made if it is not there.
        wake: Called in a thread with the key of each fusion whose callback came. Without it the
            ledger still remembers.
    """
    # For its owner only, as the settings make it; who shares it, opens it.
    options.data_root.mkdir(mode=0o700, parents=True, exist_ok=True)
    options.state.mkdir(mode=0o700, exist_ok=True)
    cache = ResultCache(options.state / "cache", options.cache_bytes, options.threads)
    callbacks = Callbacks(options, wake)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(cache.close)
        await run_in_threadpool(callbacks.close)

    app = FastAPI(
        title="Medical imaging gateway",
        version=_version(),
        docs_url=None,  # its scripts would come from a content delivery network
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.serving = Serving(options, cache)
    answer_faults(app)
    for router in (about, icon_router, callbacks_router(callbacks), *_routers(options)):
        app.include_router(router)
    guard(app, options)
    document(app, options)
    return app


@about.get("/", summary=_SUMMARY, responses=_ANSWERS)
@about.head("/", include_in_schema=False)
@about.get("/health", summary=_SUMMARY, responses=_ANSWERS)
@about.head("/health", include_in_schema=False)
async def health() -> Health:
    """Say that the gateway is there, and which it is."""
    return Health(status="ok", name=_DISTRIBUTION, version=_version())


def _routers(options: GatewayOptions) -> list[APIRouter]:
    """Return the routers that need nothing but the options; that of every path comes last."""
    return [
        docs_router(),
        viewer_router(options),
        dvh_router(options),
        anonymize_router(options),
        labels.router,
        filtered.router,
        files.router,
        files.any_path_router,
    ]


def _version() -> str:
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "unknown"
