"""/v1/generate."""

from collections.abc import Mapping
from functools import partial

from fastapi import APIRouter, Response

from application.api_keys import Scope
from application.commands.request_generation import (
    RequestedGeneration,
    RequestGeneration,
    preview_generation,
)
from domain.values import Actor, JobStatus
from interfaces.http import problems
from interfaces.http.answers import json_answer
from interfaces.http.dependencies import Caller, Service
from interfaces.http.idempotency import IdempotencyKey, answered_once
from interfaces.http.schemas.bodies import GenerateBody
from interfaces.http.schemas.generation import GenerationAnswer, GenerationsAnswer, PreviewAnswer
from interfaces.http.schemas.links import job_path
from interfaces.http.scopes import needs
from interfaces.http.waiting import Prefer

router = APIRouter(prefix="/v1", tags=["generation"], dependencies=needs(Scope.GENERATE))

FOLLOW_AFTER_SECONDS = 1


@router.post(
    "/generate",
    response_model=GenerationAnswer | GenerationsAnswer,
    responses={
        200: {"description": "Everything asked for is described already"},
        202: {"model": GenerationAnswer | GenerationsAnswer, "description": "Accepted; follow the job"},
        **problems.declared(400, 403, 413, 422, 429),
    },
)
async def generate(
    body: GenerateBody,
    service: Service,
    caller: Caller,
    patience: Prefer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Ask for a film's description. Asking again joins the job there is; a described film answers 200."""
    command = _command(body, caller, idempotency_key)

    async def answer() -> Response:
        generation = await patience.found(partial(service.request, command))
        return generation_answer(generation, patience.headers)

    if idempotency_key is None:
        return await answer()
    return await answered_once(service.answers, caller, idempotency_key, body.meaning(), answer)


@router.post(
    "/generate/preview", response_model=PreviewAnswer, responses=problems.declared(400, 403, 413, 422, 429)
)
def preview(body: GenerateBody, service: Service, caller: Caller) -> Response:
    """What POST /v1/generate would come to now, and cost; nothing is accepted."""
    previewed = preview_generation(
        _command(body, caller), generations=service.generations, check_budgets=service.check_budgets
    )
    cost = service.cost_per_text_microusd
    return json_answer(PreviewAnswer.of(previewed, cost_per_text_microusd=cost))


def generation_answer(generation: RequestedGeneration, headers: Mapping[str, str]) -> Response:
    """200 when all that was asked for is there, else 202 with where to follow it."""
    is_single = len(generation.requested) == 1
    body = (
        GenerationAnswer.of(generation, generation.requested[0])
        if is_single
        else GenerationsAnswer.of(generation)
    )
    waiting = [requested for requested in generation.requested if requested.status is not JobStatus.DONE]
    if not waiting:
        return json_answer(body, headers=headers)
    follow = {"Location": job_path(waiting[0].job_id)}
    if any(requested.status.is_active for requested in waiting):
        follow["Retry-After"] = str(FOLLOW_AFTER_SECONDS)
    return json_answer(body, status=202, headers={**follow, **headers})


def _command(body: GenerateBody, caller: Actor, idempotency_key: str | None = None) -> RequestGeneration:
    return RequestGeneration(
        slug=body.slug,
        by=caller,
        locale=body.locale,
        context_tags=body.context_tags(),
        force=body.force,
        priority=body.priority,
        title=body.title,
        release_year=body.release_year,
        director=body.director,
        genres=tuple(body.genres),
        idempotency_key=idempotency_key,
    )
