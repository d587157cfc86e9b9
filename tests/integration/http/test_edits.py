"""POST /v1/movies/{slug}/descriptions: a text that a person wrote."""

from typing import Any
from uuid import uuid4

import pytest

from tests.integration.http.api import Api, Serve, changed, new_film, problem_of
from tests.support.process import wait_until

SLOW: dict[str, Any] = {"template_latency_ms": 5_000}
"""Settings under which a person is quicker than the writer."""


class TestAnEdit:
    def test_it_is_the_next_revision_and_current(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]

        answer = changed(api.edit(film, "A better text.", based_on=first), 201)

        generated, edited = answer["descriptions"]
        assert edited == {
            "id": edited["id"],
            "locale": "en-US",
            "context_tag": "DEFAULT",
            "revision": 2,
            "text": "A better text.",
            "origin": "EDITED",
            "ai_model": None,
            "prompt_version": None,
            "is_current": True,
            "created_at": answer["updated_at"],
        }
        assert (generated["id"], generated["is_current"]) == (first, False)
        assert answer["selected_description"] == edited

    def test_its_location_shows_it(self, api: Api, film: str) -> None:
        response = api.edit(film, "Mine.", based_on=api.described(film)["description_id"])
        answer = changed(response, 201)
        api.settle()

        assert api.get(response.headers["location"]).json() == answer == api.movie(film)

    def test_the_etag_moves_and_is_that_of_the_film(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        before = api.etag(film)

        response = api.edit(film, "Mine.", based_on=first, on=before)

        changed(response, 201)
        assert api.etag(film) == response.headers["etag"] != before

    def test_the_history_tells_it(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        edited = changed(api.edit(film, "Mine.", based_on=first), 201)["selected_description"]["id"]

        entry = api.history(film)[-1]

        assert entry["event"] == "DescriptionEdited"
        told = {name: entry["data"][name] for name in ("description_id", "revision", "text", "based_on")}
        assert told == {"description_id": edited, "revision": 2, "text": "Mine.", "based_on": first}

    def test_a_request_is_answered_with_it(self, api: Api, film: str) -> None:
        job = api.described(film)
        edited = changed(api.edit(film, "Mine.", based_on=job["description_id"]), 201)

        answer = api.generate(film)

        assert answer.status_code == 200
        assert answer.json()["description_id"] == edited["selected_description"]["id"]
        assert answer.json()["job_id"] == job["job_id"]


class TestTheDefaultOfTheFilm:
    def test_the_edit_of_the_default_is_the_new_default(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]

        answer = changed(api.edit(film, "Mine.", based_on=first), 201)

        assert answer["default_description_id"] == answer["selected_description"]["id"] != first

    def test_the_edit_of_another_variant_is_not(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]

        answer = changed(api.edit(film, "Mój.", based_on=first, locale="pl-PL"), 201)

        assert answer["default_description_id"] == first
        assert answer["selected_description"]["locale"] == "pl-PL"

    def test_the_edit_beside_a_promoted_default_is_not(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        api.described(film, force=True)
        changed(api.promote(film, first, "film"))

        answer = changed(api.edit(film, "Mine.", based_on=first), 201)

        assert answer["default_description_id"] == first

    def test_a_film_without_one_gets_the_edit(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        polish = api.described(film, locale="pl-PL")["description_id"]
        changed(api.withdraw(film, first))

        answer = changed(api.edit(film, "Für alle.", based_on=polish, locale="de-DE"), 201)

        assert answer["default_description_id"] == answer["selected_description"]["id"]


class TestWhatItIsBasedOn:
    def test_a_text_of_another_variant_makes_the_first_revision(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]

        answer = changed(api.edit(film, "So modern.", based_on=first, context_tag="modern"), 201)

        assert answer["selected_description"]["revision"] == 1
        assert [text["is_current"] for text in answer["descriptions"]] == [True, True]

    def test_an_unknown_description_is_not_found(self, api: Api, film: str) -> None:
        api.described(film)
        unknown = str(uuid4())

        refused = problem_of(api.edit(film, "Mine.", based_on=unknown), 404, "description-not-found")

        assert refused["description_id"] == unknown

    def test_a_description_of_another_film_is_not_found(self, api: Api, film: str) -> None:
        api.described(film)
        foreign = api.described(new_film())["description_id"]

        problem_of(api.edit(film, "Mine.", based_on=foreign), 404, "description-not-found")

    def test_a_withdrawn_description_is_gone(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        changed(api.withdraw(film, first))

        problem_of(api.edit(film, "Mine.", based_on=first), 410, "description-is-withdrawn")


class TestTexts:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("One.\n\nTwo.", "One.\n\nTwo."),
            ("One.\r\nTwo.\r\n", "One.\nTwo."),
            ("\n  Mine. \n", "Mine."),
            ("Zażółć 七人の侍 👩‍🚀 “…”", "Zażółć 七人の侍 👩‍🚀 “…”"),
            ("x" * 5_000, "x" * 5_000),
        ],
    )
    def test_what_was_written_is_shown(self, api: Api, film: str, given: str, kept: str) -> None:
        first = api.described(film)["description_id"]

        answer = changed(api.edit(film, given, based_on=first), 201)

        assert answer["selected_description"]["text"] == kept

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "  \n ",
            "\u200b",
            "…",
            "x" * 5_001,
            *[f"Mine{character}." for character in "\x00\x07\x1b\r\t\x85\u2028\u202e\u2066"],
        ],
    )
    def test_a_text_that_nobody_could_read_is_refused(self, api: Api, film: str, text: str) -> None:
        refused = problem_of(api.edit(film, text, based_on=str(uuid4())), 422)

        assert [error["field"] for error in refused["errors"]] == ["body.text"]

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"text": None}, "body.text"),
            ({"text": 7}, "body.text"),
            ({"locale": "xx"}, "body.locale"),
            ({"context_tag": ["modern"]}, "body.context_tag"),
            ({"based_on": "x"}, "body.based_on"),
            ({"revision": 7}, "body.revision"),
        ],
    )
    def test_a_wrong_field_is_named(self, api: Api, film: str, wrong: dict[str, Any], field: str) -> None:
        body = {"locale": "en-US", "context_tag": "modern", "text": "Mine.", "based_on": str(uuid4())} | wrong

        response = api.post(f"/v1/movies/{film}/descriptions", json=body, headers={"If-Match": "*"})

        assert [error["field"] for error in problem_of(response, 422)["errors"]] == [field]

    @pytest.mark.parametrize("name", ["locale", "context_tag", "text", "based_on"])
    def test_a_missing_field_is_named(self, api: Api, film: str, name: str) -> None:
        body = {"locale": "en-US", "context_tag": "modern", "text": "Mine.", "based_on": str(uuid4())}
        del body[name]

        response = api.post(f"/v1/movies/{film}/descriptions", json=body, headers={"If-Match": "*"})

        assert [error["field"] for error in problem_of(response, 422)["errors"]] == [f"body.{name}"]


def test_an_edit_while_the_same_variant_is_being_written_is_what_the_job_ends_with(
    serve: Serve, film: str
) -> None:
    with serve() as api:
        first = api.described(film)["description_id"]
    with serve(**SLOW) as api:
        job_id = api.accepted(film, context_tag="modern")["job_id"]
        wait_until(lambda: api.job(job_id)["status"] == "IN_PROGRESS", "the job is being written")
        answer = changed(api.edit(film, "Mine.", based_on=first, context_tag="modern"), 201)
        job, edited = api.ended(job_id), answer["selected_description"]["id"]
        events = api.history(film)[-3:]
        movie = api.movie(film)

    assert (job["status"], job["description_id"]) == ("DONE", edited)
    assert [entry["event"] for entry in events] == [
        "DescriptionEdited",
        "StaleResultRejected",
        "GenerationSatisfied",
    ]
    assert events[1]["data"]["existing_description_id"] == edited
    assert [text["id"] for text in movie["descriptions"]] == [first, edited]


def test_an_edit_before_the_same_variant_is_written_spares_the_writing(serve: Serve, film: str) -> None:
    with serve() as api:
        first = api.described(film)["description_id"]
    with serve(works=False) as api:
        job_id = api.accepted(film, context_tag="modern")["job_id"]
        answer = changed(api.edit(film, "Mine.", based_on=first, context_tag="modern"), 201)
    with serve() as api:
        job = api.ended(job_id)

    assert (job["status"], job["attempts"]) == ("DONE", 0)
    assert job["description_id"] == answer["selected_description"]["id"]
