"""What the fuzzer checks of our API beside its own checks."""

import json
import os
import re
from http import HTTPStatus
from itertools import cycle
from typing import Any

import requests
import schemathesis

BEYOND_A_SCHEMA = {
    "slug-refused",
    "reads-like-an-order",
    "facts-contradict-slug",
    "idempotency-key-reused",
    "cursor-invalid",
    "cursor-expired",
    "last-event-id-invalid",
}
"""Types of 400 and 422 that a request can meet which is all that the document asks for."""

MESSAGES_BEYOND_A_SCHEMA = re.compile(
    "write more than spaces|write at least one letter or digit|write a text of at least one word"
    "|characters that nobody sees|name a version or a moment, not both|is behind the last day"
    "|ask for [0-9,]+ days at most|a moment between the years|(first|last) day"
)
"""The same of what a `validation-error` says of a field."""


THERE: dict[str, Any] = json.loads(os.environ["MOVIEMIND_FUZZED"])
"""What the service holds: `slug`, its `texts`, a `failed_job`, and the key of a named `actor`."""

_texts, _turns = cycle(THERE["texts"]), cycle((True, False))


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """No schema knows what is there: every other request that fits it is sent for something that is."""
    if not _fits_the_document(case) or not next(_turns):
        return
    if "slug" in (case.path_parameters or {}):
        case.path_parameters["slug"] = THERE["slug"]
    if case.path.endswith("/retry") and "job_id" in (case.path_parameters or {}):
        case.path_parameters["job_id"] = THERE["failed_job"]
    if "actor" in (case.path_parameters or {}):
        case.path_parameters["actor"] = THERE["actor"]
    if "description_id" in (case.path_parameters or {}):
        case.path_parameters["description_id"] = next(_texts)
    if isinstance(case.body, dict):
        for name in {"description_id", "based_on"} & case.body.keys():
            case.body[name] = next(_texts)
    if case.method != "GET" and "if-match" in (case.headers or {}):
        case.headers["if-match"] = "*"


@schemathesis.check
def refused_for_what_no_schema_can_say(ctx: Any, response: Any, case: Any) -> None:
    """A request as the document wants it is refused for such a reason only."""
    if response.status_code not in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY):
        return
    if not _fits_the_document(case):
        return
    problem = response.json()
    if problem["type"] == "validation-error":
        unsaid = [one for one in problem["errors"] if not MESSAGES_BEYOND_A_SCHEMA.search(one["message"])]
        assert not unsaid, f"the document should say this: {unsaid}"
    else:
        assert problem["type"] in BEYOND_A_SCHEMA, f"the document should say this: {problem['detail']}"


@schemathesis.check
def no_error_of_ours(ctx: Any, response: Any, case: Any) -> None:
    """On a busy machine views may be behind for longer than they are waited for."""
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE, response.text
        assert response.json()["type"] == "read-behind", response.text


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Note what was accepted. While the queue is paused no job ends: who follows one would wait for ever."""
    if response.status_code < HTTPStatus.MULTIPLE_CHOICES:
        with open(os.environ["MOVIEMIND_ACCEPTED"], "a", encoding="utf-8") as accepted:
            accepted.write(f"{case.method} {case.path}\n")
    if case.path == "/v1/admin/queues/pause" and response.status_code == HTTPStatus.OK:
        url = str(response.request.url).replace("/pause", "/resume")
        resumed = requests.post(url, headers={"X-API-Key": os.environ["MOVIEMIND_API_KEY"]}, timeout=30)
        assert resumed.status_code == HTTPStatus.OK, resumed.text


@schemathesis.deserializer("application/x-ndjson")
def entries(context: Any, response: Any) -> str:
    text: str = response.content.decode()
    assert all(isinstance(json.loads(line), dict) for line in text.splitlines())
    return text


def _fits_the_document(case: Any) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive
