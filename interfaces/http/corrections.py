"""What people change of a film, each under If-Match: which version they decided on."""

from contextlib import suppress
from uuid import UUID

from fastapi import APIRouter, Response

from application.api_keys import Scope
from application.commands.correct_movie_facts import CorrectMovieFacts, correct_movie_facts
from application.commands.edit_description import EditDescription, edit_description
from application.commands.promote_description import PromoteDescription, promote_description
from application.commands.withdraw_description import WithdrawDescription, withdraw_description
from application.errors import ReadBehind, StoreUnavailable
from application.movie_replay import movie_at, stream_of
from application.reading import catch_up
from domain import slugs
from domain.values import Variant
from interfaces.http import etags, problems
from interfaces.http.answers import json_answer
from interfaces.http.dependencies import Caller, Service, Slug
from interfaces.http.etags import OptionalVersions, RequiredVersions
from interfaces.http.schemas.bodies import CorrectionBody, EditBody, PromotionBody, WithdrawalBody
from interfaces.http.schemas.links import movie_path
from interfaces.http.schemas.movies import MovieAnswer
from interfaces.http.scopes import needs
from interfaces.service import MovieMind

router = APIRouter(prefix="/v1/movies/{slug}", tags=["corrections"], dependencies=needs(Scope.ADMIN))


@router.post(
    "/promotions",
    response_model=MovieAnswer,
    responses=problems.declared(400, 403, 404, 410, 412, 413, 422, 428),
)
def promote(
    slug: Slug, body: PromotionBody, service: Service, caller: Caller, expected: RequiredVersions
) -> Response:
    """Make a description the one its language and style show, or the default of the film."""
    _check(slug, service)
    version = promote_description(
        PromoteDescription(
            slug=slug,
            description_id=body.description_id,
            scope=body.scope,
            by=caller,
            expected_versions=expected,
        ),
        generations=service.generations,
    )
    return _as_left(slug, version, body.description_id, service)


@router.post(
    "/descriptions",
    status_code=201,
    response_model=MovieAnswer,
    responses=problems.declared(400, 403, 404, 410, 412, 413, 422, 428),
)
def edit(
    slug: Slug, body: EditBody, service: Service, caller: Caller, expected: RequiredVersions
) -> Response:
    """Record a text that a person wrote; it is shown for its language and style from now on."""
    _check(slug, service)
    edited = edit_description(
        EditDescription(
            slug=slug,
            variant=Variant(body.locale, body.context_tag),
            text=body.text,
            based_on=body.based_on,
            by=caller,
            expected_versions=expected,
        ),
        generations=service.generations,
    )
    location = f"{movie_path(slug)}?description_id={edited.description_id}"
    return _as_left(
        slug, edited.visible_version, edited.description_id, service, status=201, location=location
    )


@router.post(
    "/withdrawals", response_model=MovieAnswer, responses=problems.declared(400, 403, 404, 410, 412, 413, 422)
)
def withdraw(
    slug: Slug, body: WithdrawalBody, service: Service, caller: Caller, expected: OptionalVersions
) -> Response:
    """Stop showing a text. It must go whatever else has changed, so If-Match is not required here."""
    _check(slug, service)
    version = withdraw_description(
        WithdrawDescription(
            slug=slug,
            description_id=body.description_id,
            reason=body.reason,
            by=caller,
            expected_versions=expected,
        ),
        generations=service.generations,
    )
    return _as_left(slug, version, None, service)


@router.patch("", response_model=MovieAnswer, responses=problems.declared(400, 403, 404, 412, 413, 422, 428))
def correct(
    slug: Slug, body: CorrectionBody, service: Service, caller: Caller, expected: RequiredVersions
) -> Response:
    """Correct title, year, directors or genres; what is not named stays, and the slug: it is the key."""
    _check(slug, service)
    version = correct_movie_facts(
        CorrectMovieFacts(
            slug=slug, changes=body.changes(), reason=body.reason, by=caller, expected_versions=expected
        ),
        generations=service.generations,
    )
    return _as_left(slug, version, None, service)


def _check(slug: str, service: MovieMind) -> None:
    """Raises SlugRefused."""
    slugs.assess(slug, current_year=service.generations.clock().year)


def _as_left(
    slug: str,
    version: int,
    selected: UUID | None,
    service: MovieMind,
    *,
    status: int = 200,
    location: str | None = None,
) -> Response:
    """The film as the command left it, read from its stream, even when the view is too slow to show it."""
    with suppress(ReadBehind, StoreUnavailable):  # the change has been made, whatever the view says
        catch_up(service.movies, service.log)
    row = movie_at(slug, version, stream_of(slug, generations=service.generations))
    headers = {"ETag": etags.of(row)} | ({"Location": location} if location else {})
    answer = MovieAnswer.showing(row, row.description(selected or row.default_description_id))
    return json_answer(answer, status=status, headers=headers)
