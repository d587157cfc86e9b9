"""GET /v1/movies with what is looked for."""

from itertools import chain
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.http.api import Api, Serve, changed, new_film, problem_of

AMELIE, LODZ, HEAT, WAVES, WOLF = FILMS = [
    "amelie-2001",
    "lodz-a-story-1975",
    "heat-1995",
    "theater-of-heat-waves-2011",
    "100-percent-wolf-2020",
]
FACTS: dict[str, dict[str, Any]] = {
    AMELIE: {"title": "Amélie", "director": "Jean-Pierre Jeunet", "genres": ["Comedy", "Romance"]},
    LODZ: {"title": "Łódź: A Story", "director": "Andrzej Wajda", "genres": ["Drama"]},
    HEAT: {"title": "Heat", "director": "Michael Mann", "genres": ["Crime Drama"]},
    WAVES: {
        "title": "Theater of Heat-Waves",
        "director": "Ann O'Lee, Michael Bay",
        "genres": ["Science Fiction", "Drama"],
    },
    WOLF: {"title": "100% Wolf", "director": "Alexs Stadermann", "genres": ["Family"]},
}


@pytest.fixture(scope="module")
def cinema(own_api: Api) -> Api:
    """A service that has described the FILMS, and nothing else."""
    for slug in FILMS:
        own_api.described(slug, **FACTS[slug])
    return own_api


class TestWords:
    @pytest.mark.parametrize("q", ["amelie", "Amélie", "AMÉLIE", "Ame\u0301lie", "àmèlïé"])
    def test_accents_and_case_make_no_difference(self, cinema: Api, q: str) -> None:
        assert _found(cinema, q=q) == [AMELIE]

    @pytest.mark.parametrize("q", ["lodz", "Łódź", "ŁÓDŹ", "łodz"])
    def test_nor_do_letters_with_a_stroke(self, cinema: Api, q: str) -> None:
        assert _found(cinema, q=q) == [LODZ]

    @pytest.mark.parametrize(
        "q", ["heat-waves", "Heat, waves!", "  heat\u00a0waves ", "(waves) heat", "o'lee"]
    )
    def test_nor_does_punctuation(self, cinema: Api, q: str) -> None:
        assert _found(cinema, q=q) == [WAVES]

    @pytest.mark.parametrize(
        ("q", "found"),
        [
            ("heat", [HEAT, WAVES]),
            ("hea", [HEAT, WAVES]),
            ("theat", [WAVES]),
            ("eat", []),
            ("heats", []),
            ("ave", []),
            ("19", [LODZ, HEAT]),
            ("1995", [HEAT]),
            ("995", []),
        ],
    )
    def test_they_begin_a_word(self, cinema: Api, q: str, found: list[str]) -> None:
        assert _found(cinema, q=q) == found

    @pytest.mark.parametrize(
        ("q", "found"),
        [
            ("heat mann", [HEAT]),
            ("mann heat", [HEAT]),
            ("heat 2011", [WAVES]),
            ("michael drama", [HEAT, WAVES]),
            ("heat wajda", []),
            ("heat heat", [HEAT, WAVES]),
        ],
    )
    def test_all_of_them_must_be_there_in_any_order(self, cinema: Api, q: str, found: list[str]) -> None:
        assert _found(cinema, q=q) == found

    @pytest.mark.parametrize(
        ("q", "found"),
        [("100%", [WOLF]), ("a%e", []), ("am_lie", []), ("he%", [HEAT, WAVES]), ("$100", [WOLF]), ("%0", [])],
    )
    def test_no_character_stands_for_any(self, cinema: Api, q: str, found: list[str]) -> None:
        assert _found(cinema, q=q) == found

    def test_nothing_to_look_for_finds_all(self, cinema: Api) -> None:
        assert _found(cinema, q="", director="", genre="") == FILMS


class TestFilters:
    @pytest.mark.parametrize(
        ("params", "found"),
        [
            ({"director": "michael"}, [HEAT, WAVES]),
            ({"director": "Bay, Michael"}, [WAVES]),
            ({"director": "jean pierre"}, [AMELIE]),
            ({"director": "heat"}, []),
            ({"director": "drama"}, []),
            ({"genre": "drama"}, [LODZ, WAVES]),
            ({"genre": "Crime Drama"}, [HEAT]),
            ({"genre": "science-fiction"}, [WAVES]),
            ({"genre": "crime"}, []),
            ({"genre": "dram"}, []),
            ({"genre": "science fiction drama"}, []),
            ({"year": 1995}, [HEAT]),
            ({"year": 1996}, []),
            ({"q": "heat", "year": 2011}, [WAVES]),
            ({"q": "heat", "genre": "drama"}, [WAVES]),
            ({"q": "heat", "director": "mann", "genre": "crime drama", "year": 1995}, [HEAT]),
            ({"q": "heat", "director": "mann", "genre": "drama", "year": 1995}, []),
        ],
    )
    def test_all_that_is_given_must_hold(self, cinema: Api, params: dict[str, Any], found: list[str]) -> None:
        assert _found(cinema, **params) == found

    def test_a_film_is_found_by_any_of_its_descriptions(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        second = changed(api.edit(film, "Mój.", based_on=first, locale="pl-PL"), 201)

        assert _found(api, description_id=first) == [film]
        assert _found(api, description_id=second["selected_description"]["id"]) == [film]
        assert _found(api, description_id=first, year=2003) == []
        assert _found(api, description_id=str(uuid4())) == []

    def test_what_is_found_is_shown_as_in_the_whole_listing(self, cinema: Api) -> None:
        whole = cinema.get("/v1/movies").json()["items"]

        assert cinema.get("/v1/movies", params={"year": 1995}).json()["items"] == [whole[2]]


class TestPages:
    @pytest.mark.parametrize("limit", [1, 2, 3])
    def test_they_hold_every_film_that_is_found_exactly_once(self, cinema: Api, limit: int) -> None:
        pages = list(cinema.pages("/v1/movies", q="drama", limit=limit))

        assert [movie["slug"] for movie in chain(*pages)] == [LODZ, HEAT, WAVES]
        assert all(len(page) == limit for page in pages[:-1])
        assert pages[-1]

    def test_the_link_to_the_next_one_looks_for_the_same(self, cinema: Api) -> None:
        asked = {"q": "hëat & % + ?", "director": "michael", "limit": "1"}

        link = cinema.get("/v1/movies", params=asked).links["next"]["url"]

        assert dict(httpx.URL(link).params) == asked | {"cursor": httpx.URL(link).params["cursor"]}
        assert [movie["slug"] for movie in cinema.get(link).json()["items"]] == [WAVES]


class TestWhatIsFoundFollowsTheFilm:
    def test_corrected_facts_are_found_and_the_wrong_ones_no_more(self, api: Api, film: str) -> None:
        mark = film.split("-")[1]
        wrong = [{"q": f"old{mark}"}, {"director": f"owen{mark}"}, {"genre": f"odd {mark}"}]
        right = [{"q": f"new{mark}"}, {"director": f"nora{mark}"}, {"genre": f"new {mark}"}]
        api.described(film, title=f"Old{mark}", director=f"Owen{mark}", genres=[f"Odd {mark}"])
        before = [_found(api, **search) for search in [*wrong, *right]]

        changed(
            api.correct(
                film,
                title=f"New{mark}",
                director=f"Nora{mark}",
                genres=[f"New {mark}"],
                release_year=2003,
            )
        )

        after = [_found(api, **search) for search in [*right, *wrong]]
        assert before == after == [[film]] * 3 + [[]] * 3
        assert _found(api, q=f"new{mark}", year=2003) == _found(api, q=f"new{mark} 2003") == [film]
        assert _found(api, q=f"new{mark}", year=1999) == _found(api, q=f"new{mark} 1999") == []

    def test_a_film_without_a_description_is_not_found(self, waiting_api: Api, film: str) -> None:
        waiting_api.accepted(film, director="Jane Doe")

        assert _found(waiting_api, q=film) == _found(waiting_api, director="jane") == []

    def test_a_described_film_is_found_at_once(self, api: Api) -> None:
        for film in [new_film() for _ in range(10)]:
            api.ended(api.accepted(film)["job_id"])
            assert _found(api, q=film) == [film]


class TestWhatIsRefused:
    @pytest.mark.parametrize("text", ["%", "_", "$", "…", " ", "🎬", "a\x00", "a\u202e", "x" * 201])
    @pytest.mark.parametrize("name", ["q", "director", "genre"])
    def test_what_nobody_could_look_for_is_refused(self, waiting_api: Api, name: str, text: str) -> None:
        refused = problem_of(waiting_api.get("/v1/movies", params={name: text}), 422)

        assert [error["field"] for error in refused["errors"]] == [f"query.{name}"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [("year", "0"), ("year", "10000"), ("year", "199x"), ("year", ""), ("description_id", "x")],
    )
    def test_a_wrong_filter_is_named(self, waiting_api: Api, name: str, value: str) -> None:
        refused = problem_of(waiting_api.get("/v1/movies", params={name: value}), 422)

        assert [error["field"] for error in refused["errors"]] == [f"query.{name}"]

    def test_as_many_words_as_can_be_asked_for_are_looked_for(self, waiting_api: Api) -> None:
        four_words_each = "\ufdfa" * 200

        response = waiting_api.get("/v1/movies", params={"q": four_words_each, "director": four_words_each})

        assert (response.status_code, response.json()["items"]) == (200, [])


def _found(api: Api, **params: Any) -> list[str]:
    response = api.get("/v1/movies", params=params)
    assert response.status_code == 200, response.text
    return [movie["slug"] for movie in response.json()["items"]]


def test_films_are_listed_by_title_or_year_from_either_end(cinema: Api) -> None:
    assert _found(cinema, sort="title") == [WOLF, AMELIE, HEAT, LODZ, WAVES]
    assert _found(cinema, sort="year", order="desc") == [WOLF, WAVES, AMELIE, HEAT, LODZ]
    assert _found(cinema, q="heat", sort="title", order="desc") == [WAVES, HEAT]
    problem_of(cinema.get("/v1/movies", params={"sort": "director"}), 422, "validation-error")


@pytest.mark.parametrize("sort", ["listed", "title", "year"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_no_film_is_missed_or_doubled_while_others_are_added(serve: Serve, sort: str, order: str) -> None:
    """Before and behind every page of a listing, in whatever order it is."""
    with serve() as api:

        def describe(name: str, year: int) -> str:
            api.described(f"film-{name}-{year}", title=name)
            return f"film-{name}-{year}"

        years = (1961, 1955, 1990, 1972, 1984, 2003)
        there = [describe(name, year) for name, year in zip("dghkln", years, strict=True)]
        first, last, listed = list[str](), list[str](), list[str]()
        for number, page in enumerate(api.pages("/v1/movies", sort=sort, order=order, limit=2)):
            listed += [movie["slug"] for movie in page]
            if number < 3:
                first.append(describe(f"a{number}", 1940 + number))
                last.append(describe(f"z{number}", 2010 + number))

    assert len(set(listed)) == len(listed), "none twice"
    assert set(there) <= set(listed), "none missed that was there from the beginning"
    if order == "asc":
        assert set(last) <= set(listed), "what was added behind the page is there too"
    elif sort != "listed":
        assert set(first) <= set(listed)
