"""GET /v1/movies/{slug}: a film, its descriptions, and when they have changed."""

from datetime import datetime
from uuid import uuid4

import pytest

from tests.integration.http.api import FAILS, Api, Serve, body_of, new_film, problem_of


class TestAFilmThatIsNotDescribed:
    def test_a_film_not_asked_for_yet_is_requested(self, waiting_api: Api, film: str) -> None:
        response = waiting_api.get(f"/v1/movies/{film}")

        assert response.status_code == 202
        body = body_of(response)
        assert (body["slug"], body["status"], body["context_tag"]) == (film, "PENDING", "DEFAULT")
        assert response.headers["location"] == f"/v1/jobs/{body['job_id']}"
        assert int(response.headers["retry-after"]) > 0
        assert "etag" not in response.headers
        assert waiting_api.job(body["job_id"])["status"] == "PENDING"

    def test_looking_again_joins_the_job(self, waiting_api: Api, film: str) -> None:
        first, second = waiting_api.get(f"/v1/movies/{film}"), waiting_api.get(f"/v1/movies/{film}")

        assert first.json()["job_id"] == second.json()["job_id"] == waiting_api.accepted(film)["job_id"]

    def test_a_film_asked_for_by_looking_is_described(self, api: Api, film: str) -> None:
        job_id = api.get(f"/v1/movies/{film}").json()["job_id"]
        description_id = api.ended(job_id)["description_id"]

        assert api.movie(film)["default_description_id"] == description_id

    @pytest.mark.parametrize("slug", ["2012", "The-Matrix", "heat-1995-system-override", "ab"])
    def test_a_bad_slug_is_refused(self, waiting_api: Api, slug: str) -> None:
        assert problem_of(waiting_api.get(f"/v1/movies/{slug}"), 400, "slug-refused")["slug"] == slug


class TestAFilm:
    def test_a_film_shows_its_facts_and_its_descriptions(self, api: Api, film: str) -> None:
        api.described(film, director="Jane Doe", genres=["Drama"])

        movie = api.movie(film)

        (text,) = movie["descriptions"]
        kept = {name: movie[name] for name in ("id", "title", "version", "created_at", "updated_at")}
        assert movie == kept | {
            "slug": film,
            "release_year": 1999,
            "director": "Jane Doe",
            "genres": ["Drama"],
            "default_description_id": text["id"],
            "descriptions_count": 1,
            "descriptions": [text],
            "default_description": text,
            "selected_description": text,
            "_links": {"self": f"/v1/movies/{film}", "history": f"/v1/movies/{film}/history"},
        }
        assert kept["title"] == film.removesuffix("-1999").replace("-", " ").title()
        assert datetime.fromisoformat(kept["updated_at"]) > datetime.fromisoformat(kept["created_at"])

    def test_a_description_shows_how_it_came_to_be(self, api: Api, film: str) -> None:
        job = api.described(film, locale="es-ES", context_tag="critical")

        text = api.movie(film)["default_description"]

        kept = {name: text[name] for name in ("text", "prompt_version", "created_at")}
        assert all(kept.values())
        assert text == kept | {
            "id": job["description_id"],
            "locale": "es-ES",
            "context_tag": "critical",
            "revision": 1,
            "origin": "GENERATED",
            "ai_model": "template",
            "is_current": True,
        }

    def test_another_style_does_not_replace_the_default_description(self, api: Api, film: str) -> None:
        first, second = api.described(film), api.described(film, context_tag="modern")

        movie = api.movie(film)
        assert movie["descriptions_count"] == 2
        assert [text["id"] for text in movie["descriptions"]] == [
            first["description_id"],
            second["description_id"],
        ]
        assert movie["default_description_id"] == first["description_id"]
        assert all(text["is_current"] for text in movie["descriptions"])

    def test_a_forced_revision_becomes_the_default_of_its_film(self, api: Api, film: str) -> None:
        first, second = api.described(film), api.described(film, force=True)

        movie = api.movie(film)
        assert movie["default_description_id"] == second["description_id"] != first["description_id"]
        assert movie["default_description"]["revision"] == 2
        old, new = movie["descriptions"]
        assert old["text"] != new["text"]


class TestSelecting:
    def test_the_language_and_style_asked_for_are_selected(self, api: Api, film: str) -> None:
        first = api.described(film)
        polish = api.described(film, locale="pl-PL", context_tag="modern")

        movie = api.movie(film, locale="pl-PL", context_tag="modern")

        assert movie["selected_description"]["id"] == polish["description_id"]
        assert movie["default_description"]["id"] == first["description_id"]

    @pytest.mark.parametrize("asked", [{"locale": "de-DE"}, {"context_tag": "humorous"}])
    def test_what_is_not_said_is_english_and_the_default_style(
        self, api: Api, film: str, asked: dict[str, str]
    ) -> None:
        api.described(film, locale="pl-PL", context_tag="modern")
        wanted = api.described(film, **asked)

        assert api.movie(film, **asked)["selected_description"]["id"] == wanted["description_id"]

    def test_a_style_that_is_missing_is_requested(self, api: Api, film: str) -> None:
        api.described(film)

        response = api.get(f"/v1/movies/{film}", params={"locale": "fr-FR", "context_tag": "humorous"})

        assert response.status_code == 202
        body = body_of(response)
        assert (body["locale"], body["context_tag"]) == ("fr-FR", "humorous")
        assert api.ended(body["job_id"])["status"] == "DONE"

    def test_a_description_is_selected_by_its_id(self, api: Api, film: str) -> None:
        first, second = api.described(film), api.described(film, force=True)

        movie = api.movie(film, description_id=first["description_id"])

        assert movie["selected_description"]["id"] == first["description_id"]
        assert movie["default_description"]["id"] == second["description_id"]

    def test_a_description_of_another_film_is_not_found(self, api: Api, film: str) -> None:
        api.described(film)
        foreign = api.described(new_film())["description_id"]

        response = api.get(f"/v1/movies/{film}", params={"description_id": foreign})

        unknown = problem_of(response, 404, "description-not-found")
        assert (unknown["slug"], unknown["description_id"]) == (film, foreign)

    def test_an_unknown_description_requests_nothing(self, waiting_api: Api, film: str) -> None:
        response = waiting_api.get(f"/v1/movies/{film}", params={"description_id": str(uuid4())})

        problem_of(response, 404, "description-not-found")
        assert waiting_api.get(f"/v1/movies/{film}/history").status_code == 404

    @pytest.mark.parametrize("name", ["locale", "context_tag", "description_id"])
    def test_a_selection_that_does_not_exist_is_refused(self, waiting_api: Api, film: str, name: str) -> None:
        refused = problem_of(waiting_api.get(f"/v1/movies/{film}", params={name: "xx"}), 422)

        assert [error["field"] for error in refused["errors"]] == [f"query.{name}"]


class TestETags:
    def test_a_film_has_its_version_as_a_strong_etag(self, api: Api, film: str) -> None:
        api.described(film)

        response = api.get(f"/v1/movies/{film}")

        assert response.headers["etag"] == f'"v{response.json()["version"]}"'

    @pytest.mark.parametrize("condition", ["{}", "W/{}", "*", '"v0", {}', 'W/"v0",W/{}, "x"'])
    def test_an_unchanged_film_is_not_sent_again(self, api: Api, film: str, condition: str) -> None:
        api.described(film)
        etag = api.get(f"/v1/movies/{film}").headers["etag"]

        response = api.get(f"/v1/movies/{film}", headers={"If-None-Match": condition.format(etag)})

        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["etag"] == etag

    @pytest.mark.parametrize("condition", ['"v0"', 'W/"v0", "x"', "{bare}", ""])
    def test_any_other_etag_gets_the_film(self, api: Api, film: str, condition: str) -> None:
        api.described(film)
        bare = api.get(f"/v1/movies/{film}").headers["etag"].strip('"')

        response = api.get(f"/v1/movies/{film}", headers={"If-None-Match": condition.format(bare=bare)})

        assert response.status_code == 200
        assert response.json()["slug"] == film

    def test_a_new_revision_moves_the_etag(self, api: Api, film: str) -> None:
        api.described(film)
        etag = api.get(f"/v1/movies/{film}").headers["etag"]
        api.described(film, force=True)

        response = api.get(f"/v1/movies/{film}", headers={"If-None-Match": etag})

        assert response.status_code == 200
        assert response.headers["etag"] != etag

    def test_attempts_that_bring_no_text_do_not_move_the_etag(self, serve: Serve, film: str) -> None:
        with serve() as api:
            api.described(film)
            etag = api.get(f"/v1/movies/{film}").headers["etag"]
        with serve(**FAILS) as api:
            job = api.ended(api.accepted(film, force=True)["job_id"])
            api.settle()
            response = api.get(f"/v1/movies/{film}", headers={"If-None-Match": etag})

        assert (job["status"], job["attempts"]) == ("FAILED", 3)
        assert (response.status_code, response.headers["etag"]) == (304, etag)
