"""A film as it was at any version is what its aggregate was at that version, whatever has happened to it."""

from typing import Any

import pytest

from application.movie_replay import movie_back_then
from application.read_models import MovieRow
from domain.movie_generation import MovieGeneration
from tests.support.core import Core
from tests.support.random_films import VARIANTS, RandomFilms

FILMS, STEPS = 50, 5_000


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Core:
    return Core(tmp_path_factory.mktemp("core"))


@pytest.fixture(scope="module")
def films(core: Core) -> RandomFilms:
    films = RandomFilms(1, films=FILMS, save=lambda film: core.generations.save(film.movie))
    films.go_on(STEPS)
    return films


def test_every_version_of_every_film_is_what_its_aggregate_was(core: Core, films: RandomFilms) -> None:
    versions = 0
    for film in films.films:
        for version in range(1, film.movie.version + 1):
            row = movie_back_then(
                film.movie.slug, version, generations=core.generations, shows_withdrawn=True
            )
            aggregate: MovieGeneration = core.generations.repository.get(film.movie.id, version=version)
            assert _of_row(row) == _of_aggregate(aggregate), (film.movie.slug, version)
            versions += 1
    assert versions > 30 * FILMS


def test_of_what_was_withdrawn_since_nothing_is_shown(core: Core, films: RandomFilms) -> None:
    hidden = 0
    for film in films.films:
        now = movie_back_then(film.movie.slug, film.movie.version, generations=core.generations)
        gone = {one.description_id for one in now.descriptions if one.is_withdrawn}
        for version in range(1, film.movie.version + 1):
            row = movie_back_then(film.movie.slug, version, generations=core.generations)
            assert gone.isdisjoint(one.description_id for one in row.shown)
            assert row.default_description_id not in gone
            hidden += any(one.text == "" and one.description_id in gone for one in row.descriptions)
    assert hidden > 100


def _of_row(row: MovieRow) -> dict[str, Any]:
    return {
        "facts": (row.title, row.release_year, row.director, row.genres),
        "default": row.default_description_id,
        "current": {
            variant: current.description_id
            for variant in VARIANTS
            if (current := row.current(variant.locale, variant.context_tag))
        },
        "texts": {one.description_id: one.text for one in row.shown},
        "version": row.visible_version,
    }


def _of_aggregate(movie: MovieGeneration) -> dict[str, Any]:
    facts = movie.facts
    shown = [one for one in movie.descriptions._by_id.values() if not one.is_withdrawn]
    return {
        "facts": (facts.title, facts.release_year, facts.director, facts.genres),
        "default": movie.descriptions.default,
        "current": {
            variant: current for variant in VARIANTS if (current := movie.descriptions.current(variant))
        },
        "texts": {one.description_id: one.text for one in shown},
        "version": movie.visible_version,
    }
