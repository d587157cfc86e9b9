"""Ask for a film's description in one or several styles."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from application.movie_generations import MovieGenerations
from domain import orders, slugs
from domain.errors import DifferentFilm, SlugRefused
from domain.movie_generation import MovieGeneration
from domain.values import Actor, ContextTag, Locale, MovieFacts, Priority, Requested, Variant

_JOBS = uuid5(NAMESPACE_URL, "moviemind:job")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestGeneration:
    """Facts other than the slug are optional; what is not supplied is read from the slug where possible.

    A request that made jobs is known again by its caller and its `idempotency_key`, and makes no others.
    """

    slug: str
    by: Actor
    locale: Locale = Locale.EN_US
    context_tags: tuple[ContextTag, ...] = (ContextTag.DEFAULT,)
    force: bool = False
    priority: Priority = Priority.INTERACTIVE
    title: str | None = None
    release_year: int | None = None
    director: str | None = None
    genres: tuple[str, ...] = ()
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class RequestedGeneration:
    """One answer per style asked for. `slug` differs from the requested one when that is another film's."""

    movie_id: UUID
    slug: str
    requested: tuple[Requested, ...]


BudgetCheck = Callable[[str], None]
"""Of a requester's name; raises BudgetExceeded when nothing new could be paid for today."""


def nothing() -> None:
    """For `before_new` of whoever has nothing against it."""


class Request(Protocol):
    """Takes a request by whatever way it is answered; what is raised is that of `request_generation`."""

    def __call__(
        self, command: RequestGeneration, *, before_new: Callable[[], None] = nothing
    ) -> RequestedGeneration: ...


def request_generation(
    command: RequestGeneration,
    *,
    generations: MovieGenerations,
    check_budgets: BudgetCheck = lambda _: None,
    before_new: Callable[[], None] = nothing,
) -> RequestedGeneration:
    """Accept new jobs, or answer with the active job or the description there is.

    All styles are decided together and saved in one append. `before_new` is called when a new job is about to
    be accepted, perhaps more than once, and may raise an error of its own. Raises SlugRefused,
    FactsContradictSlug, ReadsLikeAnOrder, BudgetExceeded, TooMuchContention, StoreUnavailable.
    """

    def check(requester: str) -> None:
        before_new()
        check_budgets(requester)

    return _request(command, generations.decide, check, this_year=generations.clock().year)


def preview_generation(
    command: RequestGeneration, *, generations: MovieGenerations, check_budgets: BudgetCheck = lambda _: None
) -> RequestedGeneration:
    """What `request_generation` would answer now; nothing is accepted. Raises the same errors."""
    return _request(command, generations.consider, check_budgets, this_year=generations.clock().year)


def _request(
    command: RequestGeneration,
    decide: Callable[..., RequestedGeneration],
    check_budgets: BudgetCheck,
    *,
    this_year: int,
) -> RequestedGeneration:
    assessment = slugs.assess(command.slug, current_year=this_year)
    facts = MovieFacts(
        title=command.title or slugs.title_from(command.slug, current_year=this_year),
        release_year=command.release_year or assessment.release_year,
        director=command.director,
        genres=command.genres,
    )
    slugs.check_agreement(command.slug, assessment, facts)
    orders.check_names(command.slug, facts.as_payload())

    # The same when the decision is made again: an append whose answer was lost is known by it.
    key = command.idempotency_key or uuid4().hex

    def job_id(slug: str, tag: ContextTag) -> UUID:
        return uuid5(_JOBS, "\0".join((command.by.id, key, slug, command.locale, tag)))

    def ask(movie: MovieGeneration) -> RequestedGeneration:
        movie.recognise(facts)
        requested = [
            movie.request(
                Variant(command.locale, tag),
                job_id=job_id(movie.slug, tag),
                requested_slug=command.slug,
                confidence=assessment.confidence,
                force=command.force,
                priority=command.priority,
            )
            for tag in command.context_tags
        ]
        if any(one.is_new for one in requested):
            check_budgets(command.by.id)
        return RequestedGeneration(movie.id, movie.slug, tuple(requested))

    for slug in slugs.candidates(command.slug, command.director):
        try:
            return decide(slug, ask, by=command.by, register=facts)
        except DifferentFilm:
            continue
    raise SlugRefused(command.slug, "too many films share it; name this one by a slug of its own")
