"""Correct what is known of a film: title, year, director, genres. Its slug stays, it is the key."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from application.movie_generations import MovieGenerations
from domain import orders
from domain.movie_generation import MovieGeneration
from domain.values import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectMovieFacts:
    """`changes` are the right values of some fields of MovieFacts; `expected_versions` are the visible
    versions the decision holds for; None means any."""

    slug: str
    changes: Mapping[str, Any]
    reason: str
    by: Actor
    expected_versions: Collection[int] | None


def correct_movie_facts(command: CorrectMovieFacts, *, generations: MovieGenerations) -> int:
    """Returns the film's visible version. Facts that are right already change nothing.

    Raises ReadsLikeAnOrder, MovieNotFound, StaleVersion.
    """
    orders.check_names(command.slug, command.changes)

    def correct(movie: MovieGeneration) -> int:
        movie.expect(command.expected_versions)
        movie.correct_facts(replace(movie.facts, **command.changes), reason=command.reason)
        return movie.visible_version

    return generations.decide(command.slug, correct, by=command.by)
