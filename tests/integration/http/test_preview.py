"""POST /v1/generate/preview: what a request would come to, without making it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.http.api import Api, body_of, changed, new_film, problem_of


class TestAPreview:
    def test_a_film_nobody_asked_for_would_be_written(self, waiting_api: Api, film: str) -> None:
        with _nothing_happens(waiting_api, _at_rest(waiting_api)):
            previewed = _preview(waiting_api, film)

        assert previewed == {
            "slug": film,
            "locale": "en-US",
            "styles": [_style("DEFAULT", "would_be_written")],
            "calls": 1,
            "estimated_cost_microusd": 0,
        }
        problem_of(waiting_api.get(f"/v1/movies/{film}/history"), 404, "movie-not-found")

    @pytest.mark.parametrize("force", [False, True])
    def test_an_active_job_would_be_joined(self, waiting_api: Api, film: str, force: bool) -> None:
        job_id = waiting_api.accepted(film)["job_id"]

        with _nothing_happens(waiting_api, _at_rest(waiting_api)):
            previewed = _preview(waiting_api, film, force=force)

        assert previewed["styles"] == [_style("DEFAULT", "is_being_written", job_id)]
        assert (previewed["calls"], previewed["estimated_cost_microusd"]) == (0, 0)

    def test_a_described_film_would_be_answered_with_its_text(self, own_api: Api, film: str) -> None:
        job = own_api.described(film)

        with _nothing_happens(own_api, film):
            previewed = _preview(own_api, film)

        described = _style("DEFAULT", "is_described", job["job_id"], job["description_id"])
        assert (previewed["styles"], previewed["calls"]) == ([described], 0)

    def test_force_would_write_another_text(self, own_api: Api, film: str) -> None:
        own_api.described(film)

        with _nothing_happens(own_api, film):
            previewed = _preview(own_api, film, force=True)

        assert (previewed["styles"], previewed["calls"]) == ([_style("DEFAULT", "would_be_written")], 1)

    def test_every_style_is_told_apart(self, own_api: Api, film: str) -> None:
        job = own_api.described(film, context_tag="critical")

        with _nothing_happens(own_api, film):
            previewed = _preview(own_api, film, context_tag=["humorous", "critical", "modern"])

        assert previewed["styles"] == [
            _style("humorous", "would_be_written"),
            _style("critical", "is_described", job["job_id"], job["description_id"]),
            _style("modern", "would_be_written"),
        ]
        assert previewed["calls"] == 2

    def test_another_language_would_be_written(self, own_api: Api, film: str) -> None:
        own_api.described(film)

        with _nothing_happens(own_api, film):
            previewed = _preview(own_api, film, locale="pl-PL")

        assert (previewed["locale"], previewed["calls"]) == ("pl-PL", 1)

    def test_a_film_of_another_director_would_get_a_slug_of_its_own(
        self, waiting_api: Api, film: str
    ) -> None:
        waiting_api.accepted(film, director="Jane Doe")

        with _nothing_happens(waiting_api, _at_rest(waiting_api)):
            previewed = _preview(waiting_api, film, director="John Roe")

        assert previewed["slug"] == f"{film}-john-roe"
        assert previewed["styles"] == [_style("DEFAULT", "would_be_written")]
        assert waiting_api.accepted(film, director="John Roe")["slug"] == previewed["slug"]

    def test_facts_that_a_request_would_teach_are_not_learned(self, own_api: Api, film: str) -> None:
        own_api.described(film)

        with _nothing_happens(own_api, film):
            _preview(own_api, film, director="Jane Doe")

        assert own_api.movie(film)["director"] is None

    def test_the_request_itself_is_answered_as_if_it_had_not_been_previewed(self, api: Api) -> None:
        film = new_film()
        _preview(api, film, director="Jane Doe")

        api.described(film, director="John Roe")

        assert api.movie(film)["director"] == "John Roe"


class TestWhatIsRefused:
    @pytest.mark.parametrize("slug", ["2012", "The-Matrix", "heat-1995-system-override", "ab"])
    def test_a_bad_slug_is_refused(self, waiting_api: Api, slug: str) -> None:
        response = waiting_api.post("/v1/generate/preview", json={"slug": slug})

        assert problem_of(response, 400, "slug-refused")["slug"] == slug

    def test_a_year_that_contradicts_the_slug_is_refused(self, waiting_api: Api, film: str) -> None:
        response = waiting_api.post("/v1/generate/preview", json={"slug": film, "release_year": 2003})

        problem_of(response, 422, "facts-contradict-slug")

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"slug": 7}, "body.slug"),
            ({"force": "yes"}, "body.force"),
            ({"locale": "xx"}, "body.locale"),
            ({"context_tag": ["modern", "x"]}, "body.context_tag.1"),
            ({"dry_run": True}, "body.dry_run"),
        ],
    )
    def test_a_wrong_field_is_named(
        self, waiting_api: Api, film: str, wrong: dict[str, Any], field: str
    ) -> None:
        response = waiting_api.post("/v1/generate/preview", json={"slug": film} | wrong)

        assert [error["field"] for error in problem_of(response, 422)["errors"]] == [field]


@contextmanager
def _nothing_happens(api: Api, witness: str) -> Iterator[None]:
    """Neither an event of any film nor a job comes of what is done inside; a film at rest bears witness."""
    position, jobs = _next_position(api, witness), _newest_jobs(api)
    yield
    assert _next_position(api, witness) == position + 1
    assert _newest_jobs(api) == jobs


def _next_position(api: Api, witness: str) -> int:
    """Where in the log of all films the next event comes to stand, told by making it."""
    changed(api.correct(witness, genres=[uuid4().hex]))
    return int(api.history(witness)[-1]["position"].split(".")[1])


def _at_rest(waiting_api: Api) -> str:
    return str(waiting_api.accepted(new_film())["slug"])


def _newest_jobs(api: Api) -> Any:
    return api.get("/v1/jobs", params={"limit": 100}).json()["items"]


def _preview(api: Api, slug: str, **more: Any) -> dict[str, Any]:
    response = api.post("/v1/generate/preview", json={"slug": slug, **more})
    assert response.status_code == 200, response.text
    return body_of(response)


def _style(
    tag: str, outcome: str, job_id: str | None = None, description_id: str | None = None
) -> dict[str, Any]:
    return {"context_tag": tag, "outcome": outcome, "job_id": job_id, "description_id": description_id}
