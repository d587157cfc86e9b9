"""Stop showing a text that is wrong or must not be read; the stream keeps it."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from application.movie_generations import MovieGenerations
from domain.movie_generation import MovieGeneration
from domain.values import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawDescription:
    """`expected_versions` are the visible versions the decision holds for; None means any."""

    slug: str
    description_id: UUID
    reason: str
    by: Actor
    expected_versions: Collection[int] | None


def withdraw_description(command: WithdrawDescription, *, generations: MovieGenerations) -> int:
    """Returns the film's visible version.

    Raises MovieNotFound, StaleVersion, DescriptionNotFound, DescriptionIsWithdrawn.
    """

    def withdraw(movie: MovieGeneration) -> int:
        movie.expect(command.expected_versions)
        movie.withdraw(command.description_id, reason=command.reason)
        return movie.visible_version

    return generations.decide(command.slug, withdraw, by=command.by)
