"""GET /v1/jobs and GET /v1/movies; and cursors, which all listings share."""

from itertools import chain
from typing import Any

import pytest

from tests.integration.http.api import Api, Serve, new_film, problem_of

LISTINGS = ["/v1/jobs", "/v1/movies", "/v1/movies/the-matrix-1999/history"]
FILMS = ["alien-1979", "brazil-1985", "casablanca-1942", "dune-2021", "eraserhead-1977"]


class TestJobs:
    def test_jobs_are_listed_newest_first_as_they_are_shown_alone(self, waiting_api: Api, film: str) -> None:
        jobs = [
            waiting_api.job(waiting_api.accepted(film, context_tag=tag)["job_id"])
            for tag in ("modern", "DEFAULT", "critical")
        ]

        listed = waiting_api.get("/v1/jobs", params={"slug": film}).json()

        assert listed == {"items": jobs[::-1], "next_cursor": None}

    @pytest.mark.parametrize("since", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
    def test_a_moment_beyond_the_calendar_is_refused(self, waiting_api: Api, since: str) -> None:
        refused = problem_of(waiting_api.get("/v1/jobs", params={"since": since}), 422)

        assert [error["field"] for error in refused["errors"]] == ["query.since"]

    def test_a_job_is_listed_as_soon_as_it_is_accepted(self, waiting_api: Api) -> None:
        for film in [new_film() for _ in range(20)]:
            waiting_api.accepted(film)
            assert len(waiting_api.get("/v1/jobs", params={"slug": film}).json()["items"]) == 1

    def test_jobs_are_filtered_by_status_slug_and_since(self, waiting_api: Api, film: str) -> None:
        first, second, third, foreign = [
            waiting_api.job(waiting_api.accepted(slug, context_tag=tag)["job_id"])
            for slug, tag in [(film, "modern"), (film, "critical"), (film, "DEFAULT"), (new_film(), "modern")]
        ]
        waiting_api.delete(f"/v1/jobs/{second['job_id']}")
        second = waiting_api.job(second["job_id"])

        def listed(**params: str) -> list[dict[str, Any]]:
            jobs: list[dict[str, Any]] = waiting_api.get("/v1/jobs", params=params).json()["items"]
            return jobs

        assert listed(slug=film) == [third, second, first]
        assert listed(slug=film, status="CANCELLED") == [second]
        assert listed(slug=film, status="PENDING") == [third, first]
        assert listed(slug=film, status="DONE") == []
        assert listed(slug=film, since=second["created_at"]) == [third, second]
        assert listed(slug=film, since=second["created_at"], status="PENDING") == [third]
        assert foreign in listed(since=foreign["created_at"])
        assert first not in listed(since=foreign["created_at"])
        assert listed(since="2999-01-01T00:00:00Z") == listed(slug=new_film()) == []

    @pytest.mark.parametrize("limit", [1, 2, 5, 6])
    def test_pages_hold_every_job_exactly_once(self, waiting_api: Api, film: str, limit: int) -> None:
        tags = ["DEFAULT", "modern", "critical", "humorous"]
        job_ids = waiting_api.accepted(film, context_tag=tags)["job_ids"]
        job_ids.append(waiting_api.accepted(film, locale="pl-PL")["job_id"])
        waiting_api.job(job_ids[-1])

        pages = list(waiting_api.pages("/v1/jobs", slug=film, limit=limit))

        assert [job["job_id"] for job in chain(*pages)] == job_ids[::-1]
        assert all(len(page) == limit for page in pages[:-1])
        assert pages[-1]

    def test_a_job_accepted_meanwhile_does_not_move_the_next_page(self, waiting_api: Api, film: str) -> None:
        older, newer = waiting_api.accepted(film, context_tag=["DEFAULT", "modern"])["job_ids"]
        waiting_api.job(newer)
        pages = waiting_api.pages("/v1/jobs", slug=film, limit=1)
        first_page = next(pages)
        waiting_api.job(waiting_api.accepted(film, locale="pl-PL")["job_id"])

        assert [job["job_id"] for job in [*first_page, *chain(*pages)]] == [newer, older]


class TestMovies:
    def test_described_films_are_listed_in_the_order_of_their_first_description(self, serve: Serve) -> None:
        with serve() as api:
            for slug in FILMS:
                api.described(slug)
            whole = api.get("/v1/movies").json()
            pages = list(api.pages("/v1/movies", limit=2))
            alone = api.movie(FILMS[0])

        assert [movie["slug"] for movie in whole["items"]] == FILMS
        assert whole["next_cursor"] is None
        assert [len(page) for page in pages] == [2, 2, 1]
        assert list(chain(*pages)) == whole["items"]
        selections = ("descriptions", "selected_description")
        assert whole["items"][0] == {name: alone[name] for name in alone if name not in selections}

    def test_a_film_keeps_its_place_when_it_gets_another_description(self, serve: Serve) -> None:
        with serve() as api:
            for slug in FILMS[:2]:
                api.described(slug)
            api.described(FILMS[0], force=True)

            listed = api.get("/v1/movies").json()["items"]

        assert [movie["slug"] for movie in listed] == FILMS[:2]
        assert listed[0]["descriptions_count"] == 2

    def test_a_film_without_a_description_is_not_listed(self, waiting_api: Api, film: str) -> None:
        waiting_api.accepted(film)
        waiting_api.settle()

        assert waiting_api.get("/v1/movies").json() == {"items": [], "next_cursor": None}


class TestPagesAndCursors:
    @pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", ""])
    @pytest.mark.parametrize("path", LISTINGS)
    def test_a_limit_outside_1_to_100_is_refused(self, waiting_api: Api, path: str, limit: str) -> None:
        refused = problem_of(waiting_api.get(path, params={"limit": limit}), 422)

        assert [error["field"] for error in refused["errors"]] == ["query.limit"]

    @pytest.mark.parametrize("limit", ["1", "100"])
    @pytest.mark.parametrize("path", LISTINGS[:2])
    def test_a_limit_of_1_to_100_is_taken(self, waiting_api: Api, path: str, limit: str) -> None:
        assert waiting_api.get(path, params={"limit": limit}).status_code == 200

    @pytest.mark.parametrize("cursor", ["garbage", "!", "NQ", "żółw", "a" * 200])
    @pytest.mark.parametrize("path", LISTINGS)
    def test_a_garbage_cursor_is_refused(self, waiting_api: Api, path: str, cursor: str) -> None:
        refused = problem_of(waiting_api.get(path, params={"cursor": cursor}), 400, "cursor-invalid")

        assert refused["cursor"] == cursor

    @pytest.mark.parametrize("path", LISTINGS)
    def test_a_cursor_of_a_replaced_log_is_gone(self, api: Api, waiting_api: Api, path: str) -> None:
        film = new_film()
        api.accepted(film, context_tag=["DEFAULT", "modern"])
        first_page = api.get(f"/v1/movies/{film}/history", params={"limit": 1}).json()

        foreign = waiting_api.get(path, params={"cursor": first_page["next_cursor"]})

        problem_of(foreign, 410, "cursor-expired")
