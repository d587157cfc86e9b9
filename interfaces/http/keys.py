"""/v1/admin/keys: who may call, and how far."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Path, Response

from application.api_keys import Scope
from interfaces.http import problems
from interfaces.http.answers import json_answer
from interfaces.http.dependencies import PLAIN, Caller, Service
from interfaces.http.schemas.bodies import KeyBody
from interfaces.http.schemas.keys import KeyAnswer, KeysAnswer, NewKeyAnswer
from interfaces.http.scopes import needs

router = APIRouter(prefix="/v1/admin/keys", tags=["admin"], dependencies=needs(Scope.ADMIN))

log = structlog.get_logger()

KeyId = Annotated[str, Path(max_length=100), PLAIN]


@router.get("", response_model=KeysAnswer, responses=problems.declared(403))
def list_keys(service: Service) -> Response:
    """All keys, the newest first, with those that were revoked; without their secrets."""
    return json_answer(KeysAnswer(items=[KeyAnswer.of(key) for key in service.keys.all()]))


@router.post(
    "", status_code=201, response_model=NewKeyAnswer, responses=problems.declared(400, 403, 413, 422)
)
def create_key(body: KeyBody, service: Service, caller: Caller) -> Response:
    """Make a key. It is told in this answer and never again: only a hash of it is kept."""
    key, secret = service.keys.create(body.name, body.scope, by=caller.id, contact=body.contact)
    log.info("key.created", key_id=key.key_id, by=caller.id)
    answer = NewKeyAnswer(**KeyAnswer.of(key).model_dump(), key=secret)
    return json_answer(answer, status=201, headers={"Cache-Control": "no-store"})


@router.delete("/{key_id}", response_model=KeyAnswer, responses=problems.declared(403, 404, 422))
def revoke_key(key_id: KeyId, service: Service, caller: Caller) -> Response:
    """It opens nothing from now on; in other processes, within a second. What it did stays under its id."""
    revoked = service.keys.revoke(key_id)
    log.info("key.revoked", key_id=revoked.key_id, by=caller.id)
    return json_answer(KeyAnswer.of(revoked))
