"""Idempotency-Key: a request that is sent again is answered again, and nothing is accepted twice."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated

from fastapi import Header, Response
from fastapi.concurrency import run_in_threadpool

from application.kept_answers import Answer, KeptAnswers, Repeatable
from domain.errors import MovieMindError
from domain.values import Actor
from interfaces.http.problems import STATUS

REPLAYED = {"Idempotency-Replayed": "true"}

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern="^[\\x21-\\x7e]+$",
        description="1 to 255 printable ASCII characters; with the same one and the same body, the answer is"
        " the same as before",
    ),
]


async def answered_once(
    answers: KeptAnswers, caller: Actor, key: str, meaning: str, answer: Callable[[], Awaitable[Response]]
) -> Response:
    """The answer that was given to this request before, or else the one that is found now.

    `meaning` is that of the body: two bodies that mean the same are the same. Raises IdempotencyKeyReused,
    and what `answer` raises.
    """
    said = sha256(meaning.encode()).digest()
    request = Repeatable(caller.id, key, said)
    before = await run_in_threadpool(answers.begin, request)
    if before is not None:
        return _again(before)
    try:
        response = await answer()
    except MovieMindError as error:
        if STATUS[type(error)] < HTTPStatus.INTERNAL_SERVER_ERROR:  # else it may have been accepted
            await run_in_threadpool(answers.give_up, request)
        raise
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    ours = Answer(response.status_code, headers, bytes(response.body))
    first = await run_in_threadpool(answers.end, request, ours)
    return response if first == ours else _again(first)


def _again(answer: Answer) -> Response:
    return Response(answer.body, answer.status, {**answer.headers, **REPLAYED})
