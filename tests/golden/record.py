"""Writes a golden stream of today's events: `python -m tests.golden.record NAME`.

Add one when an event gets a new version or a new name; never change or remove one: such streams are in stores
out there. `SHA256SUMS` says what each of them is.
"""

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from domain.movie_generation import MovieGeneration
from domain.values import ContextTag, FailureType, Locale, MovieFacts, PromotionScope, Variant
from tests.support.film import ENGLISH, FUNNY, POLISH, Film
from tests.support.stored import mapper

FOLDER = Path(__file__).parent
SUMS = FOLDER / "SHA256SUMS"
STREAMS = sorted(FOLDER.glob("*.json"))
"""The newest one last."""
FRENCH = Variant(Locale.FR_FR, ContextTag.MODERN)


def story() -> Film:
    """A film to which everything has happened that can happen."""
    film = Film("amelie-2001", MovieFacts(title="Amelie", release_year=2001))
    film.by().recognise(MovieFacts(title="Amélie", director="Jean-Pierre Jeunet", genres=("Comedy",)))
    first = film.described(ENGLISH)
    refused = film.lost_for_good(FUNNY)
    other = film.described(FUNNY)
    film.complete(refused, 3)
    second = film.described(ENGLISH, force=True)
    film.by().promote(first, PromotionScope.VARIANT)
    film.by().promote(other, PromotionScope.FILM)
    film.by().edit(ENGLISH, "Ręką człowieka.", based_on=second, description_id=UUID(int=7), content_hash="h")
    film.by().withdraw(second, reason="wrong")
    retried = film.failed(POLISH)
    film.by().retry(retried, reason="the writer knows it now")
    film.start(retried)
    film.fail(retried, 2, FailureType.RATE_LIMITED, shut_for=timedelta(minutes=1))
    film.by().cancel(retried, reason="not wanted")
    late = film.lost_for_good(FRENCH)
    satisfied = film.ask(FRENCH).job_id
    film.complete(late, 3)
    film.start(satisfied)
    return film


def as_stored(film: Film) -> list[dict[str, Any]]:
    """Events as the store keeps them, their state as JSON."""
    stored = [mapper().to_stored_event(event) for event in film.events()]
    return [
        {
            "originator_id": str(event.originator_id),
            "originator_version": event.originator_version,
            "topic": event.topic,
            "state": json.loads(event.state),
        }
        for event in stored
    ]


def stored_in(golden: dict[str, Any]) -> Iterator[StoredEvent]:
    """The events of a stream's document as a store would hand them out."""
    for event in golden["events"]:
        yield StoredEvent(
            originator_id=UUID(event["originator_id"]),
            originator_version=event["originator_version"],
            topic=event["topic"],
            state=json.dumps(event["state"]).encode(),
        )


def read(path: Path) -> dict[str, Any]:
    """What a stream comes to (`expected`), and its `events`."""
    golden: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return golden


def checksum(path: Path) -> str:
    """As `sha256sum` prints it."""
    return f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n"


def summary(movie: MovieGeneration) -> dict[str, Any]:
    """What a film's stream comes to."""
    variants = sorted({job.variant for job in movie.jobs.values()}, key=str)
    return {
        "slug": movie.slug,
        "facts": movie.facts.as_payload(),
        "visible_version": movie.visible_version,
        "jobs": {
            str(job.job_id): [str(job.variant), job.status.value, job.attempt, job.tries]
            for job in movie.jobs.values()
        },
        "current": {str(variant): str(movie.descriptions.current(variant)) for variant in variants},
        "default": str(movie.descriptions.default),
    }


if __name__ == "__main__":
    film = story()
    document = {"expected": summary(film.movie), "events": as_stored(film)}
    path = FOLDER / f"{sys.argv[1]}.json"
    with path.open("x", encoding="utf-8") as file:
        json.dump(document, file, indent=1, ensure_ascii=False)
        file.write("\n")
    with SUMS.open("a", encoding="utf-8") as sums:
        sums.write(checksum(path))
