"""Record the text a person wrote, as the next revision of a variant."""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID, uuid4

from application.movie_generations import MovieGenerations
from domain import orders
from domain.movie_generation import MovieGeneration
from domain.values import Actor, Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class EditDescription:
    """`based_on` is the description the person started from, of this or another variant of the film;
    `expected_versions` are the visible versions the decision holds for; None means any."""

    slug: str
    variant: Variant
    text: str
    based_on: UUID
    by: Actor
    expected_versions: Collection[int] | None


@dataclass(frozen=True, slots=True)
class Edited:
    description_id: UUID
    visible_version: int


def edit_description(command: EditDescription, *, generations: MovieGenerations) -> Edited:
    """Raises ReadsLikeAnOrder, MovieNotFound, StaleVersion, DescriptionNotFound, DescriptionIsWithdrawn."""
    orders.check_text(command.slug, command.text)
    description_id = uuid4()

    def edit(movie: MovieGeneration) -> Edited:
        movie.expect(command.expected_versions)
        movie.edit(
            command.variant,
            command.text,
            based_on=command.based_on,
            description_id=description_id,
            content_hash=sha256(command.text.encode()).hexdigest(),
        )
        return Edited(description_id, movie.visible_version)

    return generations.decide(command.slug, edit, by=command.by)
