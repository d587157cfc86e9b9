"""GET /v1/movies/{slug}?version= and ?as_of=: a film as readers saw it then."""

from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.choices import Auth
from tests.integration.http.api import Api, Serve, body_of, changed, problem_of

KEY = "a-key-that-nobody-guesses"


@pytest.fixture
def history(api: Api, film: str) -> list[dict[str, Any]]:
    """Of a film that was described, edited, corrected, described in another style and promoted."""
    first = api.described(film)["description_id"]
    edited = changed(api.edit(film, "A good film.", based_on=first), 201)["selected_description"]["id"]
    changed(api.correct(film, title="Another Title", director="Somebody"))
    modern = api.described(film, context_tag="modern")["description_id"]
    changed(api.promote(film, modern, "film"))
    changed(api.promote(film, first))
    assert len({first, edited, modern}) == 3
    return api.history(film)


def _then(api: Api, film: str, **query: Any) -> dict[str, Any]:
    response = api.get(f"/v1/movies/{film}", params=query)
    assert response.status_code == 200, response.text
    assert "etag" not in response.headers
    return body_of(response)


def test_every_version_is_shown_as_it_was(api: Api, film: str, history: list[dict[str, Any]]) -> None:
    titles = [_then(api, film, version=entry["version"])["title"] for entry in history]
    counts = [_then(api, film, version=entry["version"])["descriptions_count"] for entry in history]

    corrected = next(entry["version"] for entry in history if entry["event"] == "MovieFactsCorrected")
    assert titles == [titles[0]] * (corrected - 1) + ["Another Title"] * (len(history) - corrected + 1)
    assert counts[0] == 0
    assert counts[-1] == 3
    assert counts == sorted(counts)


def test_the_newest_version_is_what_is_shown_now(api: Api, film: str, history: list[dict[str, Any]]) -> None:
    assert _then(api, film, version=len(history)) == api.movie(film)


def test_a_moment_is_the_newest_version_of_that_time(
    api: Api, film: str, history: list[dict[str, Any]]
) -> None:
    for entry in history:
        newest = max(one["version"] for one in history if one["at"] <= entry["at"])
        assert _then(api, film, as_of=entry["at"]) == _then(api, film, version=newest)
    assert _then(api, film, as_of="2999-01-01T00:00:00+02:00") == api.movie(film)


def test_a_variant_and_a_description_can_be_selected_of_then(
    api: Api, film: str, history: list[dict[str, Any]]
) -> None:
    generated = [entry for entry in history if entry["event"] == "DescriptionGenerated"]
    plain, modern = (entry["data"]["description_id"] for entry in generated)
    before = {"version": generated[0]["version"]}

    assert _then(api, film, **before, context_tag="DEFAULT")["selected_description"]["id"] == plain
    assert _then(api, film, **before, context_tag="modern")["selected_description"] is None
    assert _then(api, film, **before, description_id=plain)["selected_description"]["id"] == plain
    not_yet = api.get(f"/v1/movies/{film}", params={**before, "description_id": modern})
    problem_of(not_yet, 404, "description-not-found")


def test_looking_back_asks_for_nothing(api: Api, film: str) -> None:
    problem_of(api.get(f"/v1/movies/{film}", params={"version": 1}), 404, "movie-not-found")
    problem_of(
        api.get(f"/v1/movies/{film}", params={"as_of": "2026-01-01T00:00:00Z"}), 404, "movie-not-found"
    )
    assert body_of(api.get("/v1/jobs", params={"slug": film}))["items"] == []


@pytest.mark.parametrize(
    ("query", "status", "kind"),
    [
        ({"version": 999}, 404, "version-not-found"),
        ({"as_of": "1999-01-01T00:00:00Z"}, 404, "not-known-yet"),
        ({"version": 0}, 422, "validation-error"),
        ({"version": 2**31}, 422, "validation-error"),
        ({"as_of": "yesterday"}, 422, "validation-error"),
        ({"as_of": "2026-01-01T00:00:00"}, 422, "validation-error"),
        ({"version": 1, "as_of": "2026-01-01T00:00:00Z"}, 422, "validation-error"),
    ],
)
def test_a_point_there_is_not_is_refused(
    api: Api, film: str, query: dict[str, Any], status: int, kind: str
) -> None:
    api.described(film)

    problem_of(api.get(f"/v1/movies/{film}", params=query), status, kind)


class TestTextsThatWereWithdrawnSince:
    @pytest.fixture
    def admin(self, serve: Serve) -> Iterator[Api]:
        with serve(auth=Auth.ON, bootstrap_admin_key=KEY) as api:
            api.headers["X-API-Key"] = KEY
            yield api

    def test_are_not_shown_but_to_admins(self, admin: Api, film: str) -> None:
        gone = admin.described(film)["description_id"]
        then = {"version": len(admin.history(film))}
        changed(admin.withdraw(film, gone))
        reader = {"X-API-Key": body_of(admin.post("/v1/admin/keys", json={"name": "reader"}))["key"]}

        shown = body_of(admin.get(f"/v1/movies/{film}", params=then))
        hidden = body_of(admin.get(f"/v1/movies/{film}", params=then, headers=reader))

        assert [text["id"] for text in shown["descriptions"]] == [gone]
        assert shown["default_description"]["text"]
        assert (hidden["descriptions"], hidden["default_description_id"]) == ([], None)
        assert hidden["default_description"] is hidden["selected_description"] is None
        by_id = admin.get(f"/v1/movies/{film}", params={**then, "description_id": gone}, headers=reader)
        problem_of(by_id, 410, "description-is-withdrawn")
