"""The HTTP application: routes, problem documents, and the envelope around them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from interfaces.http import (
    admin,
    corrections,
    generate,
    health,
    history,
    job_events,
    jobs,
    keys,
    metrics,
    movies,
    openapi,
    problems,
    stats,
)
from interfaces.http.envelope import Envelope
from interfaces.http.gate import Gate
from interfaces.http.log_tail import LogTail
from interfaces.service import MovieMind

ROUTERS = (
    generate.router,
    jobs.router,
    job_events.router,
    movies.router,
    corrections.router,
    history.router,
    stats.router,
    admin.router,
    keys.router,
    health.router,
    metrics.router,
)


def create_app(service: MovieMind) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # More threads than connections would only wait for one, and some in vain.
        current_default_thread_limiter().total_tokens = service.request_threads
        yield

    app = FastAPI(
        lifespan=lifespan,
        title="MovieMind",
        version="1",
        description="Film descriptions, written once. Errors are RFC 9457 problem documents.",
        docs_url=None,  # its pages would load scripts from another host
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.service, app.state.tail = service, LogTail(service.log, service.jobs)
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app)
    app.add_middleware(Gate, service=service)
    app.add_middleware(Envelope)
    openapi.complete(app, ROUTERS)
    return app
