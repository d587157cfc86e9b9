"""What a search finds, on every store. How it is asked is in tests/integration/http/test_search.py."""

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.movie_listing import MovieOrder, MoviePlace, MovieSearch
from application.read_models import DescriptionRow, MovieRow, MoviesView
from tests.support.film import BEGIN
from tests.support.stores import DIALECTS, SqliteViews, Views

AMELIE, LODZ, HEAT, WAVES, WOLF = FILMS = [
    "amelie-2001",
    "lodz-a-story-1975",
    "heat-1995",
    "theater-of-heat-waves-2011",
    "100-percent-wolf-2020",
]
FACTS: dict[str, dict[str, Any]] = {
    AMELIE: {"title": "Amélie", "director": "Jean-Pierre Jeunet", "genres": ("Comedy", "Romance")},
    LODZ: {"title": "Łódź: A Story", "director": "Andrzej Wajda", "genres": ("Drama",)},
    HEAT: {"title": "Heat", "director": "Michael Mann", "genres": ("Crime Drama",)},
    WAVES: {
        "title": "Theater of Heat-Waves",
        "director": "Ann O'Lee, Michael Bay",
        "genres": ("Science Fiction", "Drama"),
    },
    WOLF: {"title": "100% Wolf", "director": None, "genres": ()},
}
LONG = "".join(random.Random(0).choices("abcdefghijklmnopqrstuvwxyz", k=4_000))
"""As 1,000 letters of another script may become in ours."""


@pytest.fixture(scope="module", params=DIALECTS)
def cinema(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Views]:
    """Views that hold the FILMS, in their order."""
    is_sqlite = request.param == "sqlite"
    directory: Path = tmp_path_factory.mktemp("views")
    stores = SqliteViews(directory) if is_sqlite else request.getfixturevalue("postgres_views")
    with closing(stores.open()) as views:
        _put(views, *(_film(slug) for slug in FILMS))
        yield views


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({"q": "AMÉLIE"}, [AMELIE]),
        ({"q": "łodz"}, [LODZ]),
        ({"q": "heat-waves"}, [WAVES]),
        ({"q": "o'lee"}, [WAVES]),
        ({"q": "hea"}, [HEAT, WAVES]),
        ({"q": "h"}, [HEAT, WAVES]),
        ({"q": "eat"}, []),
        ({"q": "heats"}, []),
        ({"q": "19"}, [LODZ, HEAT]),
        ({"q": "995"}, []),
        ({"q": "mann heat"}, [HEAT]),
        ({"q": "heat 2011"}, [WAVES]),
        ({"q": "heat heat"}, [HEAT, WAVES]),
        ({"q": "heat wajda"}, []),
        ({"q": "heat | wajda"}, []),
        ({"q": "!heat"}, [HEAT, WAVES]),
        ({"q": "100%"}, [WOLF]),
        ({"q": "am_lie"}, []),
        ({"q": "the"}, [WAVES]),
        ({"q": "of"}, [WAVES]),
        ({"q": "theat:*"}, [WAVES]),
        ({"q": "…"}, FILMS),
        ({"director": "michael"}, [HEAT, WAVES]),
        ({"director": "Bay, Michael"}, [WAVES]),
        ({"director": "mic"}, [HEAT, WAVES]),
        ({"director": "drama"}, []),
        ({"genre": "drama"}, [LODZ, WAVES]),
        ({"genre": "Crime-Drama"}, [HEAT]),
        ({"genre": "dram"}, []),
        ({"genre": "science fiction drama"}, []),
        ({"year": 1995}, [HEAT]),
        ({"slug": HEAT, "year": 1996}, []),
        ({"q": "heat", "director": "mann", "genre": "crime drama", "year": 1995, "slug": HEAT}, [HEAT]),
        ({"q": "heat", "director": "mann", "genre": "drama"}, []),
        ({}, FILMS),
    ],
    ids=str,
)
def test_all_that_is_given_must_hold(cinema: Views, search: dict[str, Any], found: list[str]) -> None:
    assert _found(cinema.movies, **search) == found


@pytest.mark.parametrize(
    ("order", "sorted_films"),
    [
        (MovieOrder.LISTED, FILMS),
        (MovieOrder.TITLE, [WOLF, AMELIE, HEAT, LODZ, WAVES]),
        (MovieOrder.YEAR, [LODZ, HEAT, AMELIE, WAVES, WOLF]),
    ],
)
def test_films_are_sorted_both_ways_and_pages_hold_every_one_once(
    cinema: Views, order: MovieOrder, sorted_films: list[str]
) -> None:
    for is_descending in (False, True):
        expected = sorted_films[::-1] if is_descending else sorted_films
        for limit in (1, 2, 5):
            search = MovieSearch(order=order, is_descending=is_descending)
            assert _paged(cinema.movies, search, limit) == expected


def test_films_that_are_equal_in_it_keep_their_order_and_unknown_years_come_last(views: Views) -> None:
    unknown = _film(AMELIE)._replace(release_year=None)
    twins = [_film(slug)._replace(title="Heat", release_year=1995) for slug in (WAVES, LODZ)]
    _put(views, unknown, _film(HEAT), *twins)

    by_year, by_title = MovieSearch(order=MovieOrder.YEAR), MovieSearch(order=MovieOrder.TITLE)
    assert _paged(views.movies, by_year, 1) == [LODZ, HEAT, WAVES, AMELIE]
    assert _paged(views.movies, by_title, 1) == [AMELIE, LODZ, HEAT, WAVES]
    assert _paged(views.movies, replace(by_title, is_descending=True), 1) == [WAVES, HEAT, LODZ, AMELIE]


@pytest.mark.parametrize("title", ["Aaa", "Zzz"])
def test_who_goes_on_goes_on_where_the_last_film_stood_whatever_it_is_called_now(
    views: Views, title: str
) -> None:
    _put(views, *(_film(slug) for slug in FILMS))
    search = MovieSearch(order=MovieOrder.TITLE)
    page = views.movies.list(search, after=None, limit=2)
    head = views.movies.position()
    with views.movies.writing([page[-1].slug], after=head, up_to=head + 1) as rows:
        rows.put(rows.get(page[-1].slug)._replace(title=title))

    following = views.movies.list(search, after=_place(list(page), search), limit=10)

    assert [row.slug for row in page] == [WOLF, AMELIE]
    assert [row.slug for row in following if row.title != title] == [HEAT, LODZ, WAVES]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_hold_every_film_exactly_once(cinema: Views, limit: int) -> None:
    assert _paged(cinema.movies, MovieSearch(q="drama"), limit) == [LODZ, HEAT, WAVES]


def test_a_film_is_found_by_any_of_its_texts_also_by_a_withdrawn_one(views: Views) -> None:
    shown, withdrawn = _text(), replace(_text(), is_withdrawn=True)
    _put(views, _film(HEAT)._replace(descriptions=(shown, withdrawn)), _film(AMELIE))

    for text in (shown, withdrawn):
        assert _found(views.movies, description_id=text.description_id) == [HEAT]
    assert _found(views.movies, description_id=shown.description_id, year=1996) == []
    assert _found(views.movies, description_id=uuid4()) == []


def test_a_film_that_shows_no_text_is_found_by_nothing_else(views: Views) -> None:
    undescribed = _film(AMELIE)._replace(descriptions=(), listed_position=None)
    gone = _film(HEAT)._replace(descriptions=(replace(_text(), is_withdrawn=True),))
    _put(views, undescribed, gone, _film(WAVES))

    assert _found(views.movies) == _found(views.movies, director="michael") == [WAVES]


def test_corrected_facts_are_found_and_the_wrong_ones_no_more(views: Views) -> None:
    _put(views, _film(HEAT))
    right: dict[str, Any] = {
        "title": "Cold",
        "director": "Nora",
        "genres": ("Western",),
        "release_year": 1996,
    }
    head = views.movies.position()
    with views.movies.writing([HEAT], after=head, up_to=head + 1) as rows:
        rows.put(rows.get(HEAT)._replace(**right))

    searches: list[dict[str, Any]] = [{"q": "cold"}, {"director": "nora"}, {"genre": "western"}]
    assert [_found(views.movies, **search) for search in searches] == [[HEAT]] * 3
    wrong: list[dict[str, Any]] = [{"q": "heat"}, {"director": "mann"}, {"genre": "crime drama"}]
    assert [_found(views.movies, **search) for search in wrong] == [[]] * 3


def test_names_may_be_longer_than_what_an_index_takes(views: Views) -> None:
    _put(views, _film(HEAT)._replace(title=LONG, director=LONG, genres=(LONG,)))

    assert _found(views.movies, q=LONG[:200], director=LONG, genre=LONG) == [HEAT]
    assert _found(views.movies, q=LONG[:200] + "x") == []


def _film(slug: str) -> MovieRow:
    facts: dict[str, Any] = {"release_year": int(slug[-4:]), "listed_position": 1 + FILMS.index(slug)}
    return MovieRow(
        movie_id=UUID(int=FILMS.index(slug)),
        slug=slug,
        default_description_id=None,
        descriptions=(_text(),),
        visible_version=1,
        created_at=BEGIN,
        updated_at=BEGIN,
        **facts | FACTS[slug],
    )


def _text() -> DescriptionRow:
    return DescriptionRow(
        description_id=uuid4(),
        locale="en-US",
        context_tag="DEFAULT",
        revision=1,
        text="A text.",
        origin="GENERATED",
        ai_model="fake",
        prompt_version="1",
        is_current=True,
        is_withdrawn=False,
        created_at=BEGIN,
    )


def _put(views: Views, *films: MovieRow) -> None:
    with views.movies.writing(after=0, up_to=len(FILMS)) as rows:
        for film in films:
            rows.put(film)


def _found(movies: MoviesView, **search: Any) -> list[str]:
    return [row.slug for row in movies.list(MovieSearch(**search), after=None, limit=100)]


def _paged(movies: MoviesView, search: MovieSearch, limit: int) -> list[str]:
    found: list[MovieRow] = []
    while page := movies.list(search, after=_place(found, search), limit=limit):
        found += page
    return [row.slug for row in found]


def _place(found: list[MovieRow], search: MovieSearch) -> MoviePlace | None:
    return MoviePlace.of(found[-1], search.order) if found else None
