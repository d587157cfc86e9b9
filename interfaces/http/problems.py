"""The one module that knows the status of errors: typed errors become RFC 9457 problem documents here."""

from datetime import UTC, datetime
from http import HTTPStatus
from math import ceil
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from application import api_keys, kept_answers, rebuild
from application import errors as application
from application.rate_limits import RateLimited
from application.tallies import Tally
from domain import errors as domain
from domain import slugs
from domain.errors import MovieMindError
from interfaces import rebuild_processes
from interfaces.http import cursors, etags, scopes

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1

STATUS: dict[type[MovieMindError], HTTPStatus] = {
    domain.SlugRefused: HTTPStatus.BAD_REQUEST,
    domain.ReadsLikeAnOrder: HTTPStatus.BAD_REQUEST,
    cursors.CursorInvalid: HTTPStatus.BAD_REQUEST,
    cursors.LastEventIdInvalid: HTTPStatus.BAD_REQUEST,
    domain.NotTheRequester: HTTPStatus.FORBIDDEN,
    scopes.ScopeMissing: HTTPStatus.FORBIDDEN,
    api_keys.KeyNotFound: HTTPStatus.NOT_FOUND,
    domain.JobNotFound: HTTPStatus.NOT_FOUND,
    domain.DescriptionNotFound: HTTPStatus.NOT_FOUND,
    application.MovieNotFound: HTTPStatus.NOT_FOUND,
    application.TextNotFound: HTTPStatus.NOT_FOUND,
    application.NotDescribed: HTTPStatus.NOT_FOUND,
    domain.JobIsFinal: HTTPStatus.CONFLICT,
    domain.JobHasNotFailed: HTTPStatus.CONFLICT,
    domain.AnotherJobActive: HTTPStatus.CONFLICT,
    rebuild.RebuildUnderWay: HTTPStatus.CONFLICT,
    domain.DescriptionIsWithdrawn: HTTPStatus.GONE,
    cursors.CursorExpired: HTTPStatus.GONE,
    application.NotKnownYet: HTTPStatus.NOT_FOUND,
    application.VersionNotFound: HTTPStatus.NOT_FOUND,
    etags.PreconditionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    domain.StaleVersion: HTTPStatus.PRECONDITION_FAILED,
    domain.FactsContradictSlug: HTTPStatus.UNPROCESSABLE_ENTITY,
    kept_answers.IdempotencyKeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    application.BudgetExceeded: HTTPStatus.TOO_MANY_REQUESTS,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    application.TooMuchContention: HTTPStatus.SERVICE_UNAVAILABLE,
    application.StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    application.QueueUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    application.ReadBehind: HTTPStatus.SERVICE_UNAVAILABLE,
    rebuild_processes.RebuildNotStarted: HTTPStatus.SERVICE_UNAVAILABLE,
    application.EventTooNew: HTTPStatus.SERVICE_UNAVAILABLE,
}


class FieldError(BaseModel):
    """What is wrong with one field of a request."""

    field: str = Field(description="where it stands, such as `body.locale`")
    message: str


class Problem(BaseModel):
    """RFC 9457 problem details; facts of the error may follow as further members."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="stable name of the problem", examples=["slug-refused"])
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[FieldError] | None = None


def declared(*statuses: int, is_public: bool = False) -> dict[int | str, dict[str, Any]]:
    """The problem answers of a route, for its OpenAPI description; every route can answer 500 and 503, and
    all but the public ones 401 and 429."""
    everywhere = {500, 503} if is_public else {401, 429, 500, 503}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*statuses, *everywhere})
    }


def problem(
    request: Request,
    status: HTTPStatus,
    *,
    code: str,
    detail: str,
    headers: dict[str, str] | None = None,
    **members: Any,
) -> JSONResponse:
    """A problem document; `members` are its extension members."""
    content = {
        "type": code,
        "title": code.replace("-", " ").capitalize(),
        "status": status.value,
        "detail": detail,
        "instance": request.url.path,
        "request_id": request.state.request_id,
        **jsonable_encoder(members),
    }
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS), **(headers or {})}
    return JSONResponse(content, status.value, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of the routes with a problem document."""
    app.add_exception_handler(MovieMindError, answer_to)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def answer_to(request: Request, error: Exception) -> JSONResponse:
    """The problem document of an error that is known here."""
    assert isinstance(error, MovieMindError)
    if (where := _order_in(error)) is not None:
        log.warning("request.refused_as_order", **where)
        request.app.state.service.tallies.count(Tally.ORDERS_REFUSED)
    members = {name: value for name, value in error.facts.items() if name not in Problem.model_fields}
    headers = {}
    if isinstance(error, domain.JobNotFound):
        members["job_status"] = "UNKNOWN"
    if isinstance(error, application.NotDescribed):
        members["_links"] = {"generate": "/v1/generate"}
    if isinstance(error, application.BudgetExceeded):
        wait = (error.opens_at - datetime.now(UTC)).total_seconds()
        headers["Retry-After"] = str(max(RETRY_AFTER_SECONDS, ceil(wait)))
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.reset_seconds)
    return problem(
        request, STATUS[type(error)], code=error.code, detail=str(error), headers=headers, **members
    )


def _order_in(error: MovieMindError) -> dict[str, str] | None:
    """Where an order to a model stood that was refused; never what it said."""
    match error:
        case domain.ReadsLikeAnOrder():
            return {"field": error.field, "slug": error.slug}
        case domain.SlugRefused(reason=slugs.LIKE_AN_ORDER):
            return {"field": "slug"}
    return None


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [_field_error(found, request).model_dump() for found in error.errors()]
    detail = "; ".join(f"{found['field']}: {found['message']}" for found in errors)
    return problem(
        request, HTTPStatus.UNPROCESSABLE_ENTITY, code="validation-error", detail=detail, errors=errors
    )


def _field_error(found: dict[str, Any], request: Request) -> FieldError:
    if found["loc"] == ("body",) and "json" not in request.headers.get("content-type", ""):
        return FieldError(field="body", message="send JSON, with the header Content-Type: application/json")
    if found["type"] == "json_invalid":
        return FieldError(field="body", message=f"not valid JSON: {found['ctx']['error']}")
    return FieldError(
        field=".".join(str(part) for part in found["loc"]), message=found["msg"].removeprefix("Value error, ")
    )


async def _http(request: Request, error: Exception) -> JSONResponse:
    """What the framework refuses before a route has a say."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code, detail = _OF_THE_FRAMEWORK[status]
    headers = {"Allow": _allowed(request)} if status is HTTPStatus.METHOD_NOT_ALLOWED else None
    return problem(request, status, code=code, detail=detail, headers=headers)


_OF_THE_FRAMEWORK = {
    HTTPStatus.BAD_REQUEST: ("bad-request", "The body of the request cannot be read."),
    HTTPStatus.NOT_FOUND: ("not-found", "There is no such route; see /openapi.json for those there are."),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "method-not-allowed",
        "This route does not answer that method; see /openapi.json.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "content-too-large",
        "The body of a request may have 65,536 bytes at most.",
    ),
}


def _allowed(request: Request) -> str:
    """All methods of a path; the framework would name those of its first route only."""
    path = getattr(request.scope.get("route"), "path", "")
    described = request.app.openapi()["paths"].get(path, ["get"])  # pages and /openapi.json are not
    methods = {method.upper() for method in described}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
