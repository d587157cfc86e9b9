"""POST /v1/generate: what is accepted, joined, and answered at once."""

from typing import Any
from uuid import UUID

import pytest

from tests.integration.http.api import Api, body_of, new_film


class TestARequestForOneStyle:
    def test_a_title_without_letters_is_no_reason_to_refuse_a_known_film(
        self, waiting_api: Api, film: str
    ) -> None:
        first = waiting_api.accepted(film)["job_id"]

        assert waiting_api.accepted(film, title="$")["job_id"] == first

    def test_a_first_request_is_accepted_with_a_job_to_follow(self, waiting_api: Api, film: str) -> None:
        response = waiting_api.generate(film)

        assert response.status_code == 202
        body = body_of(response)
        job_id, message = body["job_id"], body["message"]
        assert UUID(job_id)
        assert message
        assert body == {
            "job_id": job_id,
            "status": "PENDING",
            "message": message,
            "slug": film,
            "locale": "en-US",
            "context_tag": "DEFAULT",
            "confidence": 0.9,
            "confidence_level": "high",
            "existing_id": None,
            "description_id": None,
            "_links": {"job": f"/v1/jobs/{job_id}", "movie": f"/v1/movies/{film}"},
        }
        assert response.headers["location"] == f"/v1/jobs/{job_id}"
        assert int(response.headers["retry-after"]) > 0

    def test_a_slug_without_a_year_is_accepted_with_less_confidence(
        self, waiting_api: Api, film: str
    ) -> None:
        body = waiting_api.accepted(film.removesuffix("-1999"))

        assert (body["confidence"], body["confidence_level"]) == (0.6, "low")

    def test_the_same_request_again_joins_the_job(self, waiting_api: Api, film: str) -> None:
        first = waiting_api.accepted(film)
        again = waiting_api.generate(film, locale="en-US", context_tag="DEFAULT")

        assert again.status_code == 202
        assert again.json()["job_id"] == first["job_id"]
        assert again.headers["location"] == f"/v1/jobs/{first['job_id']}"

    @pytest.mark.parametrize("other", [{"locale": "pl-PL"}, {"context_tag": "humorous"}])
    def test_another_language_or_style_is_another_job(
        self, waiting_api: Api, film: str, other: dict[str, str]
    ) -> None:
        first = waiting_api.accepted(film)
        second = waiting_api.accepted(film, **other)

        assert second["job_id"] != first["job_id"]
        assert other.items() <= second.items()

    def test_a_described_film_is_answered_at_once_with_the_job_that_made_the_text(
        self, api: Api, film: str
    ) -> None:
        job = api.described(film)

        response = api.generate(film)

        assert response.status_code == 200
        body = body_of(response)
        assert (body["status"], body["job_id"]) == ("DONE", job["job_id"])
        assert body["description_id"] == job["description_id"]
        assert body["existing_id"] == api.movie(film)["id"]
        assert "location" not in response.headers
        assert "retry-after" not in response.headers

    def test_force_makes_another_job_and_another_revision(self, api: Api, film: str) -> None:
        first = api.described(film)
        second = api.described(film, force=True)

        assert second["job_id"] != first["job_id"]
        shown = [
            (text["id"], text["revision"], text["is_current"]) for text in api.movie(film)["descriptions"]
        ]
        assert shown == [(first["description_id"], 1, False), (second["description_id"], 2, True)]

    def test_force_joins_a_job_that_is_still_active(self, waiting_api: Api, film: str) -> None:
        first = waiting_api.accepted(film)

        assert waiting_api.accepted(film, force=True)["job_id"] == first["job_id"]

    def test_the_facts_of_a_request_become_the_facts_of_the_film(self, api: Api) -> None:
        facts = {"title": "Łódź: A Film", "director": "Zoë Ünal", "genres": ["Drama", "Crime"]}
        slug = new_film("lodz-a-film")

        api.described(slug, release_year=1999, priority="bulk", **facts)

        movie = api.movie(slug)
        assert {name: movie[name] for name in facts} == facts
        assert movie["release_year"] == 1999


class TestARequestForSeveralStyles:
    def test_every_style_gets_a_job_of_its_own(self, waiting_api: Api, film: str) -> None:
        response = waiting_api.generate(film, context_tag=["modern", "DEFAULT"], locale="de-DE")

        assert response.status_code == 202
        body = body_of(response)
        assert set(body) == {"job_ids", "jobs", "slug", "locale", "context_tags", "status", "message"}
        assert (body["slug"], body["locale"], body["status"]) == (film, "de-DE", "PENDING")
        assert body["message"]
        assert body["context_tags"] == ["modern", "DEFAULT"]
        assert len(set(body["job_ids"])) == 2
        assert [job["job_id"] for job in body["jobs"]] == body["job_ids"]
        assert [job["context_tag"] for job in body["jobs"]] == body["context_tags"]
        assert [waiting_api.job(job_id)["locale"] for job_id in body["job_ids"]] == ["de-DE", "de-DE"]
        assert response.headers["location"] == f"/v1/jobs/{body['job_ids'][0]}"
        assert int(response.headers["retry-after"]) > 0

    def test_all_styles_are_accepted_in_one_append(self, waiting_api: Api, film: str) -> None:
        waiting_api.accepted(film, context_tag=["modern", "critical", "humorous"])

        registered, *requested = waiting_api.history(film)
        assert registered["event"] == "MovieRegistered"
        assert [entry["event"] for entry in requested] == ["GenerationRequested"] * 3
        assert len({entry["at"] for entry in requested}) == 1, "decided once"
        assert len({entry["correlation_id"] for entry in requested}) == 1

    def test_the_answer_is_200_when_all_styles_are_described(self, api: Api, film: str) -> None:
        tags = ["modern", "critical"]
        accepted = api.accepted(film, context_tag=tags)
        made = [api.ended(job_id)["description_id"] for job_id in accepted["job_ids"]]

        response = api.generate(film, context_tag=tags)

        assert response.status_code == 200
        body = body_of(response)
        assert (body["status"], body["job_ids"]) == ("DONE", accepted["job_ids"])
        assert [job["description_id"] for job in body["jobs"]] == made
        assert "location" not in response.headers

    def test_the_answer_is_202_and_leads_to_the_style_that_is_missing(self, api: Api, film: str) -> None:
        there = api.described(film, context_tag="modern")

        response = api.generate(film, context_tag=["modern", "critical"])

        assert response.status_code == 202
        body = body_of(response)
        described, missing = body["jobs"]
        assert (described["status"], described["job_id"]) == ("DONE", there["job_id"])
        assert described["description_id"] == there["description_id"]
        assert (missing["status"], missing["description_id"]) == ("PENDING", None)
        assert body["status"] == "PENDING"
        assert response.headers["location"] == f"/v1/jobs/{missing['job_id']}"

    @pytest.mark.parametrize("nothing", [{"context_tag": None}, {"context_tag": []}, {}])
    def test_no_style_is_the_default_style(
        self, waiting_api: Api, film: str, nothing: dict[str, Any]
    ) -> None:
        assert waiting_api.accepted(film, **nothing)["context_tag"] == "DEFAULT"

    def test_a_repeated_style_is_asked_for_once(self, waiting_api: Api, film: str) -> None:
        body = waiting_api.accepted(film, context_tag=["modern", "critical", "modern"])

        assert body["context_tags"] == ["modern", "critical"]
        assert len(body["job_ids"]) == 2


class TestTwoFilmsOfOneTitleAndYear:
    def test_another_director_makes_another_slug(self, waiting_api: Api, film: str) -> None:
        first = waiting_api.accepted(film, director="Jane Doe")
        second = waiting_api.accepted(film, director="Zoë Ünal")

        assert first["slug"] == film
        assert second["slug"] == f"{film}-zoe-unal"
        assert second["_links"]["movie"] == f"/v1/movies/{film}-zoe-unal"
        assert second["job_id"] != first["job_id"]
        job = waiting_api.job(second["job_id"])
        assert (job["slug"], job["requested_slug"]) == (f"{film}-zoe-unal", film)

    @pytest.mark.parametrize("same", ["Jane Doe", "jane DOE", "John Roe, Jane Doe", None])
    def test_the_same_director_or_none_joins(self, waiting_api: Api, film: str, same: str | None) -> None:
        first = waiting_api.accepted(film, director="Jane Doe")
        again = waiting_api.accepted(film, director=same)

        assert (again["slug"], again["job_id"]) == (film, first["job_id"])
