"""Make another revision current for its variant, or the default of the film."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from application.movie_generations import MovieGenerations
from domain.movie_generation import MovieGeneration
from domain.values import Actor, PromotionScope


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoteDescription:
    """`expected_versions` are the visible versions the decision holds for; None means any."""

    slug: str
    description_id: UUID
    scope: PromotionScope
    by: Actor
    expected_versions: Collection[int] | None


def promote_description(command: PromoteDescription, *, generations: MovieGenerations) -> int:
    """Returns the film's visible version.

    Raises MovieNotFound, StaleVersion, DescriptionNotFound, DescriptionIsWithdrawn.
    """

    def promote(movie: MovieGeneration) -> int:
        movie.expect(command.expected_versions)
        movie.promote(command.description_id, command.scope)
        return movie.visible_version

    return generations.decide(command.slug, promote, by=command.by)
