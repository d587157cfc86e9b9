"""/v1/admin/actors: those whom events know by an id alone."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Path, Response

from application.api_keys import Scope
from interfaces.http import problems
from interfaces.http.answers import json_answer
from interfaces.http.dependencies import PLAIN, Caller, Service
from interfaces.http.schemas.keys import ForgottenAnswer
from interfaces.http.scopes import needs

router = APIRouter(prefix="/v1/admin/actors", tags=["admin"], dependencies=needs(Scope.ADMIN))

log = structlog.get_logger()

ActorId = Annotated[str, Path(max_length=100, description="the id of a key: only keys have names"), PLAIN]


@router.delete("/{actor}", response_model=ForgottenAnswer, responses=problems.declared(403, 404, 422))
def forget_actor(actor: ActorId, service: Service, caller: Caller) -> Response:
    """Delete name and contact, for ever. Events, views and proofs hold the id alone, and stay as they are.

    The key opens what it opened; revoke it to end that.
    """
    forgotten = service.keys.forget(actor)
    log.info("actor.forgotten", key_id=forgotten.key_id, by=caller.id)
    return json_answer(ForgottenAnswer.of(forgotten))
