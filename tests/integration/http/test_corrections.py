"""PATCH /v1/movies/{slug}: facts that were wrong."""

from typing import Any

import pytest

from tests.integration.http.api import Api, body_of, changed, problem_of

FACTS: dict[str, Any] = {"title": "The Film", "director": "Jane Doe", "genres": ["Drama", "Crime"]}


class TestACorrection:
    @pytest.mark.parametrize(
        "right",
        [
            {"title": "Der Film"},
            {"release_year": 2003},
            {"director": "Zoë Ünal, Jane Doe"},
            {"genres": ["Comedy"]},
            {"title": "Łódź", "release_year": 1998, "director": "Jan Kowalski", "genres": []},
        ],
    )
    def test_what_is_named_is_changed_and_all_else_stays(
        self, api: Api, film: str, right: dict[str, Any]
    ) -> None:
        api.described(film, **FACTS)
        before = api.movie(film)

        answer = changed(api.correct(film, **right))

        moved = {name: answer[name] for name in ("version", "updated_at")}
        assert answer == before | moved | right
        assert answer["version"] > before["version"]

    @pytest.mark.parametrize(
        ("name", "unknown"), [("release_year", None), ("director", None), ("genres", [])]
    )
    def test_null_makes_a_fact_unknown(self, api: Api, film: str, name: str, unknown: Any) -> None:
        api.described(film, **FACTS)

        assert changed(api.correct(film, **{name: None}))[name] == unknown

    def test_spaces_around_a_fact_are_none_of_it(self, api: Api, film: str) -> None:
        api.described(film)

        answer = changed(api.correct(film, title=" The Film ", director="Jane Doe ", genres=[" Drama"]))

        assert [answer[name] for name in ("title", "director", "genres")] == [
            "The Film",
            "Jane Doe",
            ["Drama"],
        ]

    def test_the_slug_stays(self, api: Api, film: str) -> None:
        api.described(film)

        answer = changed(api.correct(film, title="Quite Another Name", release_year=2003))

        assert answer["slug"] == film
        api.settle()
        assert api.movie(film) == answer

    def test_the_same_facts_change_nothing(self, api: Api, film: str) -> None:
        api.described(film, **FACTS)
        before, etag = api.history(film), api.etag(film)

        response = api.correct(film, release_year=1999, **FACTS)

        changed(response)
        assert response.headers["etag"] == etag
        assert api.history(film) == before

    def test_the_etag_moves_and_is_that_of_the_film(self, api: Api, film: str) -> None:
        api.described(film)
        before = api.etag(film)

        response = api.correct(film, title="The Film", on=before)

        changed(response)
        assert api.etag(film) == response.headers["etag"] != before

    def test_the_history_tells_it(self, api: Api, film: str) -> None:
        api.described(film, **FACTS)
        changed(api.correct(film, director=None, reason="nobody knows"))

        entry = api.history(film)[-1]

        assert entry["event"] == "MovieFactsCorrected"
        known = FACTS | {"release_year": 1999, "director": None}
        assert entry["data"] == known | {"reason": "nobody knows"}
        assert entry["line"] == (
            "The facts of the film were set to “The Film” (1999) by unknown: nobody knows."
        )

    def test_a_film_that_is_still_being_written_can_be_corrected(self, waiting_api: Api, film: str) -> None:
        waiting_api.accepted(film)

        answer = changed(waiting_api.correct(film, title="The Film"))

        assert (answer["title"], answer["descriptions"]) == ("The Film", [])
        assert answer["selected_description"] is answer["default_description"] is None

    def test_the_film_is_still_meant_by_its_own_slug(self, api: Api, film: str) -> None:
        job = api.described(film)
        changed(api.correct(film, release_year=2003, director="Jane Doe"))

        again = api.generate(film, release_year=1999, director="Jane Doe")

        assert (again.status_code, again.json()["job_id"]) == (200, job["job_id"])

    def test_a_correction_of_a_year_stands_against_the_requests_that_follow(
        self, api: Api, film: str
    ) -> None:
        api.described(film)
        answer = changed(api.correct(film, release_year=2003))

        assert body_of(api.generate(film))["slug"] == film
        api.settle()
        assert api.movie(film) == answer


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"title": None}, "body.title"),
            ({"title": ""}, "body.title"),
            ({"title": "  "}, "body.title"),
            ({"title": "x" * 301}, "body.title"),
            ({"title": ["x"]}, "body.title"),
            ({"release_year": "1999"}, "body.release_year"),
            ({"release_year": 1999.5}, "body.release_year"),
            ({"release_year": 1887}, "body.release_year"),
            ({"release_year": True}, "body.release_year"),
            ({"director": ""}, "body.director"),
            ({"director": "Jane\u202eDoe"}, "body.director"),
            ({"genres": "Drama"}, "body.genres"),
            ({"genres": ["Drama", ""]}, "body.genres.1"),
            ({"genres": ["Drama"] * 21}, "body.genres"),
            ({"reason": " "}, "body.reason"),
            ({"reason": None}, "body.reason"),
            ({"slug": "another-2003"}, "body.slug"),
            ({"year": 2003}, "body.year"),
        ],
    )
    def test_a_wrong_field_is_named(self, api: Api, film: str, wrong: dict[str, Any], field: str) -> None:
        refused = problem_of(api.correct(film, **{"title": "The Film"} | wrong), 422)

        assert [error["field"] for error in refused["errors"]] == [field]

    def test_a_reason_is_wanted(self, api: Api, film: str) -> None:
        response = api.patch(f"/v1/movies/{film}", json={"title": "The Film"}, headers={"If-Match": "*"})

        assert [error["field"] for error in problem_of(response, 422)["errors"]] == ["body.reason"]

    def test_nothing_to_correct_is_said_to_be_that(self, api: Api, film: str) -> None:
        (error,) = problem_of(api.correct(film), 422)["errors"]

        assert error == {
            "field": "body",
            "message": "name what is to be corrected: title, release_year, director or genres",
        }
