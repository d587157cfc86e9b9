"""What all changes that people make have in common: If-Match, who made them, and what they are refused."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.integration.http.api import Api, changed, problem_of
from tests.support.core import in_threads

Change = tuple[str, str, dict[str, Any], str]
"""Method, path behind the film, body, and the event it becomes. TEXT stands for the film's first text."""

PROMOTE: Change = (
    "POST",
    "/promotions",
    {"description_id": "TEXT", "scope": "variant"},
    "DescriptionPromoted",
)
EDIT: Change = (
    "POST",
    "/descriptions",
    {"locale": "en-US", "context_tag": "DEFAULT", "text": "Mine.", "based_on": "TEXT"},
    "DescriptionEdited",
)
CORRECT: Change = ("PATCH", "", {"title": "The Film", "reason": "misspelt"}, "MovieFactsCorrected")
WITHDRAW: Change = (
    "POST",
    "/withdrawals",
    {"description_id": "TEXT", "reason": "wrong"},
    "DescriptionWithdrawn",
)

ON_A_VERSION = pytest.mark.parametrize("change", [PROMOTE, EDIT, CORRECT], ids=["promote", "edit", "correct"])
EVERY = pytest.mark.parametrize(
    "change", [PROMOTE, EDIT, CORRECT, WITHDRAW], ids=["promote", "edit", "correct", "withdraw"]
)
NOBODYS_ID = "00000000-0000-4000-8000-000000000000"
ROUNDS = 5


class TestIfMatch:
    @ON_A_VERSION
    def test_without_it_nothing_is_changed(self, api: Api, film: str, change: Change) -> None:
        text, before = _two_revisions(api, film), api.history(film)

        missing = problem_of(_send(api, film, change, text), 428, "precondition-required")

        assert "If-Match" in missing["detail"]
        assert api.history(film) == before

    def test_a_withdrawal_needs_none(self, api: Api, film: str) -> None:
        text = _two_revisions(api, film)

        changed(_send(api, film, WITHDRAW, text))

    @EVERY
    @pytest.mark.parametrize("condition", ["{}", '{} ,"x"', '"v1",{}', 'W/"v1", "v2",{}', "*"])
    def test_a_version_that_is_the_films_lets_it_pass(
        self, api: Api, film: str, change: Change, condition: str
    ) -> None:
        text, etag = _two_revisions(api, film), api.etag(film)

        response = _send(api, film, change, text, on=condition.format(etag))

        changed(response, 201 if change is EDIT else 200)

    @EVERY
    @pytest.mark.parametrize(
        "condition",
        [
            '"v1"',
            'W/"v1", "v2", "v9999"',
            "W/{}",
            "w/{}",
            "{}x",
            "x{}",
            "{bare}",
            '"v0{number}"',
            '"V{number}"',
            '"{number}"',
            '"*"',
            '"v99999999999999999999"',
            "garbage",
            "",
            ",",
        ],
    )
    def test_any_other_is_refused_and_nothing_is_changed(
        self, api: Api, film: str, change: Change, condition: str
    ) -> None:
        text, etag, before = _two_revisions(api, film), api.etag(film), api.history(film)
        bare = etag.strip('"')

        on = condition.format(etag, bare=bare, number=bare.removeprefix("v"))
        stale = problem_of(_send(api, film, change, text, on=on), 412, "stale-version")

        assert (stale["slug"], stale["actual"]) == (film, int(bare.removeprefix("v")))
        assert api.history(film) == before

    def test_a_stale_one_is_told_what_it_was_decided_on_and_what_there_is(self, api: Api, film: str) -> None:
        text = _two_revisions(api, film)
        old = api.movie(film)["version"]
        now = changed(api.correct(film, title="The Film"))["version"]

        stale = problem_of(_send(api, film, PROMOTE, text, on=f'"v{old}"'), 412, "stale-version")

        assert f"is at version {now}, not at {old}; read it again" in stale["detail"]

    @ON_A_VERSION
    def test_the_answer_of_a_change_carries_the_etag_of_the_next(
        self, api: Api, film: str, change: Change
    ) -> None:
        text, etag = _two_revisions(api, film), api.etag(film)
        first = _send(api, film, change, text, on=etag)

        second = api.correct(film, director="Jane Doe", on=first.headers["etag"])

        assert changed(second)["director"] == "Jane Doe"

    def test_an_attempt_that_merely_starts_makes_no_version_stale(self, waiting_api: Api, film: str) -> None:
        waiting_api.accepted(film)
        etag = f'"v{changed(waiting_api.correct(film, title="The Film"))["version"]}"'
        waiting_api.accepted(film, context_tag="modern")

        assert changed(waiting_api.correct(film, title="Der Film", on=etag))["title"] == "Der Film"


class TestTwoPeopleAtOnce:
    def test_of_two_promotions_of_one_version_one_is_made_and_one_is_stale(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        second = api.described(film, force=True)["description_id"]
        api.described(film, force=True)
        for _ in range(ROUNDS):
            etag = api.etag(film)

            answers = in_threads(
                _promotion(api, film, first, on=etag), _promotion(api, film, second, on=etag)
            )

            assert sorted(answer.status_code for answer in answers) == [200, 412]
            (made,) = [answer for answer in answers if answer.status_code == 200]
            assert api.etag(film) == made.headers["etag"] != etag
            api.described(film, force=True)

        promoted = [entry for entry in api.history(film) if entry["event"] == "DescriptionPromoted"]
        assert len(promoted) == ROUNDS

    def test_of_two_edits_of_any_version_both_are_kept(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]

        answers = in_threads(
            *[lambda text=text: api.edit(film, text, based_on=first) for text in ("One.", "Two.")]
        )

        assert sorted(changed(answer, 201)["selected_description"]["revision"] for answer in answers) == [
            2,
            3,
        ]
        api.settle()
        assert {text["text"] for text in api.movie(film)["descriptions"][1:]} == {"One.", "Two."}


class TestEveryChange:
    @EVERY
    def test_it_is_one_event_with_its_actor_and_the_id_of_its_request(
        self, api: Api, film: str, change: Change
    ) -> None:
        text, before = _two_revisions(api, film), api.history(film)

        response = _send(api, film, change, text, on="*", headers={"X-Request-ID": "mine-1"})

        assert response.headers["x-request-id"] == "mine-1"
        *others, entry = api.history(film)
        assert others == before
        assert (entry["event"], entry["actor"]) == (change[3], "local")
        assert entry["correlation_id"] == "mine-1"

    @EVERY
    def test_a_film_nobody_asked_for_is_not_found_and_not_begun(
        self, api: Api, film: str, change: Change
    ) -> None:
        unknown = problem_of(_send(api, film, change, NOBODYS_ID, on="*"), 404, "movie-not-found")

        assert unknown["slug"] == film
        problem_of(api.get(f"/v1/movies/{film}/history"), 404, "movie-not-found")

    @EVERY
    @pytest.mark.parametrize("slug", ["2012", "The-Matrix", "heat-1995-system-override", "ab"])
    def test_a_bad_slug_is_refused(self, api: Api, slug: str, change: Change) -> None:
        refused = problem_of(_send(api, slug, change, NOBODYS_ID, on="*"), 400, "slug-refused")

        assert refused["slug"] == slug

    @EVERY
    @pytest.mark.parametrize("content", ["[]", '"x"', "null"])
    def test_a_body_that_is_no_object_is_refused(
        self, api: Api, film: str, content: str, change: Change
    ) -> None:
        headers = {"If-Match": "*", "Content-Type": "application/json"}

        response = api.request(change[0], f"/v1/movies/{film}{change[1]}", content=content, headers=headers)

        assert [error["field"] for error in problem_of(response, 422)["errors"]] == ["body"]


def _two_revisions(api: Api, film: str) -> str:
    """Describe a film twice; the id of its first text."""
    first: str = api.described(film)["description_id"]
    api.described(film, force=True)
    return first


def _send(
    api: Api,
    film: str,
    change: Change,
    text: str,
    *,
    on: str | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    method, path, body, _ = change
    filled = {name: text if value == "TEXT" else value for name, value in body.items()}
    conditions = {} if on is None else {"If-Match": on}
    return api.request(method, f"/v1/movies/{film}{path}", json=filled, headers=conditions | (headers or {}))


def _promotion(api: Api, film: str, text: str, *, on: str) -> Callable[[], httpx.Response]:
    return lambda: _send(api, film, PROMOTE, text, on=on)
