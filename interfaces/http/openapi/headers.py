"""The headers of answers, by what the answer is. Those of every answer alike are told in docs/http.md."""

from http import HTTPStatus
from typing import Any

_TEXT, _SECONDS = {"type": "string"}, {"type": "integer", "minimum": 1}

_ABOUT: dict[str, tuple[str, dict[str, Any], object]] = {
    "X-Request-ID": ("of the request, or drawn for it; the correlation_id of its events", _TEXT, "b5f0…"),
    "RateLimit-Policy": (
        "how many requests the key may send in so many seconds",
        _TEXT,
        '"read";q=6000;w=60',
    ),
    "RateLimit": ("how many are left, and in how many seconds there are more", _TEXT, '"read";r=5999;t=60'),
    "WWW-Authenticate": ("how to send a key", _TEXT, 'Bearer realm="MovieMind"'),
    "Retry-After": ("when to ask again, in seconds", _SECONDS, 1),
    "Location": (
        "of the job, the text, or what else to ask for",
        _TEXT,
        "/v1/jobs/6f1f6a5e-6b0c-5d0a-9c2e-3a1b7d9e4f10",
    ),
    "Link": (
        'the next page, `rel="next"`; none on the last one',
        _TEXT,
        '</v1/jobs?cursor=MS4x>; rel="next"',
    ),
    "ETag": ("the version of the film that readers see; for If-Match and If-None-Match", _TEXT, '"v7"'),
    "Content-Location": ("the film that a title without a year meant", _TEXT, "/v1/movies/heat-1995"),
    "Preference-Applied": ("what was understood of Prefer", _TEXT, "wait=20"),
    "Idempotency-Replayed": ("`true` when the answer is that of an earlier request", _TEXT, "true"),
}

COMPONENTS = {
    name: {"description": about, "schema": schema, "example": example}
    for name, (about, schema, example) in _ABOUT.items()
}

_UNCOUNTED = {"401", "500"}
"""Of a caller who is not known, and of what broke on the way."""

_LISTINGS = {
    "list_jobs",
    "list_movies",
    "show_history",
    "show_audit",
    "list_texts",
    "list_refused",
    "list_failed_jobs",
}
_ASKING = {"generate", "show_movie"}
_CHANGING = {"promote", "edit", "withdraw", "correct"}


def declare(name: str, operation: dict[str, Any], *, is_public: bool) -> None:
    for status, answer in operation["responses"].items():
        declared = ["X-Request-ID", *_of(name, HTTPStatus(int(status)))]
        if not is_public and status not in _UNCOUNTED:
            declared += ["RateLimit-Policy", "RateLimit"]
        answer["headers"] = {header: {"$ref": f"#/components/headers/{header}"} for header in declared}


def _of(name: str, status: HTTPStatus) -> list[str]:
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return ["WWW-Authenticate"]
        case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.SERVICE_UNAVAILABLE:
            return ["Retry-After"]
        case HTTPStatus.OK if name in _LISTINGS:
            return ["Link"]
        case HTTPStatus.OK if name in _CHANGING:
            return ["ETag"]
        case HTTPStatus.CREATED if name in _CHANGING:
            return ["ETag", "Location"]
        case HTTPStatus.OK if name == "show_movie":
            return ["ETag", "Content-Location", "Preference-Applied"]
        case HTTPStatus.ACCEPTED if name == "rebuild_projections":
            return ["Location"]
        case HTTPStatus.NOT_MODIFIED:
            return ["ETag", "Preference-Applied"]
        case HTTPStatus.OK if name == "generate":
            return ["Preference-Applied", "Idempotency-Replayed"]
        case HTTPStatus.ACCEPTED if name in _ASKING:
            replayed = ["Idempotency-Replayed"] if name == "generate" else ["Content-Location"]
            return ["Location", "Retry-After", "Preference-Applied", *replayed]
    return []
