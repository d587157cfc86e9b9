"""In-flight tokens: a herd that asks for one film is answered without the event store being asked.

Who asks first claims the variant, and leaves the job there once it is in the store; who comes behind finds
it. `request_generation` stays the truth. A token is a short cut to what it would answer, taken only where
that is certain: the same was asked, for the film of that slug, and the job is active in fresh views. What a
token does not say, says no longer, or says of another request, the store is asked for.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from application.commands.request_generation import (
    BudgetCheck,
    RequestedGeneration,
    RequestGeneration,
    nothing,
    request_generation,
)
from application.errors import StoreUnavailable
from application.movie_generations import MovieGenerations
from application.read_models import JobsView, MoviesView
from application.reading import CATCH_UP_SECONDS, Freshness
from domain import slugs
from domain.movie_generation import stream_id
from domain.values import ContextTag, JobStatus, Requested, Variant

CLAIM_WAITS_SECONDS = (0.005, 0.015, 0.03)
"""How long somebody else's claim is waited for; he who made it may have died."""


@dataclass(frozen=True, slots=True)
class AskedVariant:
    """What a token is kept for. The slug is the one asked for."""

    slug: str
    variant: Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class JobToken:
    """An active job as the store told it, and the fingerprint of the request that was told."""

    job_id: UUID
    fingerprint: str
    status: JobStatus
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What stands at a variant: a claim, of ours or of somebody else, or a token.

    `text` is how it is kept, to be recognised by; what is neither claim nor token cannot be read. `at` is
    when it was seen, by the clock of where tokens are kept, and `age_seconds` is how long before that the
    one who left the token began to ask the store.
    """

    text: bytes
    at: float
    is_claim: bool = False
    is_ours: bool = False
    token: JobToken | None = None
    age_seconds: float = 0.0


class InFlightTokens(Protocol):
    """Kept outside the store, where they may be lost at any time: that raises nothing."""

    def claim(self, variants: Iterable[AskedVariant]) -> dict[AskedVariant, Seen]:
        """Claim each variant where nothing stands, and tell what stands there; nothing of any when tokens
        cannot be had. A claim ends by itself after a moment."""
        ...

    def settle(self, seen: Mapping[AskedVariant, Seen], tokens: Mapping[AskedVariant, JobToken]) -> None:
        """Put tokens where that is what stood there, or nothing; where there is no token to put, take away
        what stood there. What others have left since then stays."""
        ...


def request_once(
    command: RequestGeneration,
    *,
    generations: MovieGenerations,
    tokens: InFlightTokens,
    jobs: JobsView,
    movies: MoviesView,
    freshness: Freshness,
    check_budgets: BudgetCheck = lambda _: None,
    before_new: Callable[[], None] = nothing,
) -> RequestedGeneration:
    """`request_generation`, answered from tokens where they tell what it would say. Raises the same errors.

    `freshness` is that of both views.
    """
    slugs.assess(command.slug, current_year=generations.clock().year)  # a refused slug claims nothing
    seen = {} if command.force else _claim(command, tokens)
    short_cut = _ShortCut(command, jobs, movies, freshness)
    if (known := short_cut.answer(seen)) is not None:
        return known
    try:
        generation = request_generation(
            command, generations=generations, check_budgets=check_budgets, before_new=before_new
        )
    except BaseException:
        tokens.settle(_ours(seen), {})
        raise
    if generation.slug == command.slug:
        tokens.settle(seen, _tokens(command, generation))
    else:  # this request means a namesake; others mean the film of that slug
        tokens.settle(_ours(seen), {})
    return generation


def _claim(command: RequestGeneration, tokens: InFlightTokens) -> dict[AskedVariant, Seen]:
    """Our claims, or what others have left; another's claim only if it has been waited for in vain."""
    variants = [_asked(command, tag) for tag in command.context_tags]
    seen = tokens.claim(variants)
    for wait_seconds in CLAIM_WAITS_SECONDS:
        claims = [one for one in seen.values() if one.is_claim]
        if not claims or any(claim.is_ours for claim in claims):
            break
        time.sleep(wait_seconds)
        seen = tokens.claim(variants)
    return seen


def _tokens(command: RequestGeneration, generation: RequestedGeneration) -> dict[AskedVariant, JobToken]:
    return {
        AskedVariant(command.slug, requested.variant): JobToken(
            job_id=requested.job_id,
            fingerprint=_fingerprint(command),
            status=requested.status,
            confidence=requested.confidence,
        )
        for requested in generation.requested
        if requested.status.is_active
    }


@dataclass(frozen=True, slots=True)
class _ShortCut:
    """From tokens and views to what the store would answer."""

    command: RequestGeneration
    jobs: JobsView
    movies: MoviesView
    freshness: Freshness

    def answer(self, seen: Mapping[AskedVariant, Seen]) -> RequestedGeneration | None:
        """None where it is not certain."""
        fingerprint = _fingerprint(self.command)
        tokens = [one.token for one in seen.values() if one.token and one.token.fingerprint == fingerprint]
        if len(tokens) < len(self.command.context_tags):
            return None
        try:
            is_fresh = self.freshness.is_given()  # asked before the views are read, not after
            if not self._means_the_film_of_its_slug(is_new=all(map(_is_young, seen.values()))):
                return None
            requested = [self._requested(asked, one, is_fresh) for asked, one in seen.items()]
        except StoreUnavailable:  # of the views; the events may be in better health
            return None
        if any(one is None for one in requested):
            return None
        slug = self.command.slug
        return RequestedGeneration(stream_id(slug), slug, tuple(filter(None, requested)))

    def _requested(self, asked: AskedVariant, seen: Seen, is_fresh: bool) -> Requested | None:
        """The job as its row has it. Views that have not seen it yet have let nobody change it either; but
        a job that stays unknown was never in this store, or has gone from it."""
        token = seen.token
        assert token is not None
        row = self.jobs.get(token.job_id)
        if row is None:
            status, confidence = token.status, token.confidence
            is_certain = _is_young(seen)
        else:
            status, confidence = row.status, row.confidence
            is_certain = is_fresh and (row.slug, row.locale, row.context_tag) == (
                asked.slug,
                asked.variant.locale,
                asked.variant.context_tag,
            )
        if not is_certain or not status.is_active:
            return None
        return Requested(token.job_id, asked.variant, status, confidence, None, is_new=False)

    def _means_the_film_of_its_slug(self, *, is_new: bool) -> bool:
        """Whether the store would find the film meant under the slug itself, as it did when the token was
        left. The film's facts may have been corrected since; without facts to compare it always does."""
        command = self.command
        if command.director is None and command.release_year is None:
            return True
        row = self.movies.get(command.slug)
        if row is None:
            return is_new
        return command.director in (None, row.director) and command.release_year in (None, row.release_year)


def _asked(command: RequestGeneration, tag: ContextTag) -> AskedVariant:
    return AskedVariant(command.slug, Variant(command.locale, tag))


def _ours(seen: Mapping[AskedVariant, Seen]) -> dict[AskedVariant, Seen]:
    return {asked: one for asked, one in seen.items() if one.is_ours}


def _is_young(seen: Seen) -> bool:
    """A clock that was set back makes tokens of the future; they are not young."""
    return 0 <= seen.age_seconds < CATCH_UP_SECONDS


def _fingerprint(command: RequestGeneration) -> str:
    """Of all in a request that may change its answer or what the film's stream learns from it."""
    supplied = [command.title, command.release_year, command.director, command.genres, command.priority]
    return sha256(json.dumps(supplied).encode()).hexdigest()[:32]
