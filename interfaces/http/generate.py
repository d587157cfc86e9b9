"""POST /v1/generate."""

from fastapi import APIRouter, Response

from application.commands.request_generation import RequestedGeneration, RequestGeneration, request_generation
from domain.values import JobStatus
from interfaces.http import problems
from interfaces.http.dependencies import Caller, Service
from interfaces.http.schemas import GenerateBody, GenerationAnswer, GenerationsAnswer, job_path

router = APIRouter(prefix="/v1", tags=["generation"])

FOLLOW_AFTER_SECONDS = 1


@router.post(
    "/generate",
    response_model=GenerationAnswer | GenerationsAnswer,
    responses={
        200: {"description": "Everything asked for is described already"},
        202: {"model": GenerationAnswer | GenerationsAnswer, "description": "Accepted; follow the job"},
        **problems.declared(400, 413, 422),
    },
)
def generate(
    body: GenerateBody, service: Service, caller: Caller, response: Response
) -> GenerationAnswer | GenerationsAnswer:
    """Ask for a film's description. Asking again joins the job there is; a described film answers 200."""
    command = RequestGeneration(
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
    )
    generation = request_generation(command, generations=service.generations)
    return answer(generation, response)


def answer(generation: RequestedGeneration, response: Response) -> GenerationAnswer | GenerationsAnswer:
    """200 when all that was asked for is there, else 202 with where to follow it."""
    waiting = [requested for requested in generation.requested if requested.status is not JobStatus.DONE]
    if waiting:
        response.status_code = 202
        response.headers["Location"] = job_path(waiting[0].job_id)
        response.headers["Retry-After"] = str(FOLLOW_AFTER_SECONDS)
    if len(generation.requested) == 1:
        return GenerationAnswer.of(generation, generation.requested[0])
    return GenerationsAnswer.of(generation)
