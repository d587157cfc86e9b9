"""The HTTP application: routes, problem documents, and the envelope around them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from interfaces.http import (
    actors,
    admin,
    audit,
    audit_refused,
    audit_texts,
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
from interfaces.http.browsers import UsualHeaders, let_pages_call
from interfaces.http.docs_page import serve_docs
from interfaces.http.envelope import Envelope, Unforeseen
from interfaces.http.gate import Gate
from interfaces.http.head import Head
from interfaces.http.log_tail import LogTail
from interfaces.http.metering import Metering
from interfaces.http.parameters import known_parameters
from interfaces.service import MovieMind

COMPRESSED_FROM_BYTES, COMPRESSION_LEVEL = 1_024, 5

ROUTERS = (
    generate.router,
    jobs.router,
    job_events.router,
    movies.router,
    corrections.router,
    history.router,
    audit.router,
    audit_texts.router,
    audit_refused.router,
    stats.router,
    admin.router,
    keys.router,
    actors.router,
    health.router,
    metrics.router,
)


def create_app(service: MovieMind) -> FastAPI:
    app = without_a_service()
    app.state.service, app.state.tail = service, LogTail(service.log, service.jobs)
    # From the inside out: a refusal of the gate, and a preflight that has no key, get the headers of all.
    app.add_middleware(Head)
    app.add_middleware(Metering, limits=service.rate_limits)
    app.add_middleware(Gate, service=service)
    app.add_middleware(Unforeseen)
    app.add_middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM_BYTES, compresslevel=COMPRESSION_LEVEL)
    let_pages_call(app, service.cors_origins)
    app.add_middleware(Envelope)
    app.add_middleware(UsualHeaders)
    return app


def without_a_service() -> FastAPI:
    """All routes and their description."""
    app = FastAPI(
        lifespan=_lifespan,
        title="MovieMind",
        version="1",
        description="Film descriptions, written once. Errors are RFC 9457 problem documents.",
        docs_url=None,  # the framework's own page would load scripts from another host
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=openapi.name_of,
        dependencies=[Depends(known_parameters)],
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for router in ROUTERS:
        app.include_router(router)
    serve_docs(app)
    problems.install(app)
    openapi.complete(app, ROUTERS)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    # More threads than connections would only wait for one, and some in vain.
    current_default_thread_limiter().total_tokens = app.state.service.request_threads
    yield
