"""How a text came to be, and what became of it: told from the stream of its film alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from application.errors import TextNotFound
from application.event_log import Recorded
from application.movie_generations import MovieGenerations
from application.movie_replay import replay, stream_of
from application.projections.spending import fold_spending
from application.read_models import MovieRow
from application.spending import SpendingKey, SpendingRow
from application.view import BatchRows
from domain import events
from domain.events import Event

Outcome = Literal["accepted", "refused", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A try of the text's job. `outcome` is None while nothing was recorded of its end; `reason` is the type
    of a failure, or why a late text was refused. `spent` is None where nothing was paid for."""

    attempt: int
    worker_id: str
    started_at: datetime
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    reason: str | None = None
    message: str | None = None
    spent: SpendingRow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOrigin:
    """`accepted` is the event that brought the text, `request` the one that asked for it, and `retries` those
    that asked for new tries; a person's own text was asked for by nobody, and has no attempts.

    `afterwards` are the versions of the stream that named it, or put another in its place. `movie` is the
    film now.
    """

    slug: str
    accepted: events.DescriptionGenerated | events.DescriptionEdited
    request: events.GenerationRequested | None
    retries: Sequence[events.GenerationRetryRequested]
    attempts: Sequence[Attempt]
    afterwards: Sequence[int]
    movie: MovieRow


def text_origin(slug: str, description_id: UUID, *, generations: MovieGenerations) -> TextOrigin:
    """Raises MovieNotFound, TextNotFound."""
    stream = stream_of(slug, generations=generations)
    accepted = _accepted(stream, description_id)
    of_its_job = _of_the_job(accepted, stream)
    afterwards, movie = _afterwards(accepted, slug, stream)
    return TextOrigin(
        slug=slug,
        accepted=accepted,
        request=next((one for one in of_its_job if isinstance(one, events.GenerationRequested)), None),
        retries=[one for one in of_its_job if isinstance(one, events.GenerationRetryRequested)],
        attempts=_attempts(slug, of_its_job),
        afterwards=afterwards,
        movie=movie,
    )


def _accepted(
    stream: Sequence[Event], description_id: UUID
) -> events.DescriptionGenerated | events.DescriptionEdited:
    texts = (one for one in stream if isinstance(one, events.DescriptionGenerated | events.DescriptionEdited))
    accepted = next((text for text in texts if text.description_id == description_id), None)
    if accepted is None:
        raise TextNotFound(description_id)
    return accepted


def _of_the_job(accepted: Event, stream: Sequence[Event]) -> Sequence[Event]:
    """Also what came after the text, such as another of the same job that was refused."""
    if not isinstance(accepted, events.DescriptionGenerated):
        return []
    return [event for event in stream if getattr(event, "job_id", None) == accepted.job_id]


def _attempts(slug: str, of_a_job: Sequence[Event]) -> Sequence[Attempt]:
    """Of several events that end one attempt the last is right, as in the spending view: a worker that was
    taken for lost came back."""
    attempts: dict[int, Attempt] = {}
    spending = BatchRows[SpendingKey, SpendingRow]((), key_of=lambda row: (row.job_id, row.attempt))
    for event in of_a_job:
        fold_spending(Recorded(event.originator_version, slug, event), spending)
        match event:
            case events.GenerationStarted():
                attempts[event.attempt] = Attempt(
                    attempt=event.attempt, worker_id=event.worker_id, started_at=event.timestamp
                )
            case events.DescriptionGenerated():
                attempts[event.attempt] = _ended(attempts[event.attempt], event, "accepted")
            case events.StaleResultRejected():
                attempts[event.attempt] = _ended(attempts[event.attempt], event, "refused", event.reason)
            case events.GenerationAttemptFailed():
                attempts[event.attempt] = _ended(
                    attempts[event.attempt], event, "failed", event.failure_type, event.message
                )
    spent = {row.attempt: row for row in spending.new}
    return [replace(one, spent=spent.get(one.attempt)) for one in attempts.values()]


def _ended(
    attempt: Attempt,
    event: Event,
    outcome: Outcome,
    reason: str | None = None,
    message: str | None = None,
) -> Attempt:
    return replace(attempt, ended_at=event.timestamp, outcome=outcome, reason=reason, message=message)


def _afterwards(
    accepted: events.DescriptionGenerated | events.DescriptionEdited, slug: str, stream: Sequence[Event]
) -> tuple[Sequence[int], MovieRow]:
    """Versions behind the text that concern it, and the film as the last event left it."""
    concerned: list[int] = []
    was_current = False
    for event, movie in replay(slug, stream):
        shown = movie.current(accepted.locale, accepted.context_tag)
        is_current = shown is not None and shown.description_id == accepted.description_id
        is_named = accepted.description_id in vars(event).values()
        if event is not accepted and (is_named or (was_current and not is_current)):
            concerned.append(event.originator_version)
        was_current = is_current
    return concerned, movie
