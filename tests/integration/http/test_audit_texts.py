"""GET /v1/audit/texts and /v1/audit/texts/{description_id}: where texts come from."""

from typing import Any

import pytest

from infrastructure.choices import Auth
from interfaces.http.cursors import encode
from tests.integration.http.api import Api, Serve, body_of, changed, new_film, problem_of

KEY = "a-key-that-nobody-guesses"
TEXTS = "/v1/audit/texts"


def _text(api: Api, description_id: str, **more: Any) -> dict[str, Any]:
    response = api.get(f"{TEXTS}/{description_id}", **more)
    assert response.status_code == 200, response.text
    return body_of(response)


def _all(api: Api, **params: Any) -> list[dict[str, Any]]:
    return [text for page in api.pages(TEXTS, **params) for text in page]


@pytest.fixture
def texts(own_api: Api) -> list[str]:
    """Of two films: a text in Polish, one that was withdrawn, and a person's."""
    polish = own_api.described(new_film(), locale="pl-PL")["description_id"]
    job = own_api.described(new_film())
    mine = changed(own_api.edit(job["slug"], "Mine.", based_on=job["description_id"]), 201)
    own_api.withdraw(job["slug"], job["description_id"])
    own_api.settle()
    return [polish, job["description_id"], mine["selected_description"]["id"]]


def test_a_text_is_traced_to_the_request_that_asked_for_it(api: Api, film: str) -> None:
    asked = api.post("/v1/generate", json={"slug": film}, headers={"X-Request-ID": "asked-by-the-shop"})
    job = api.ended(body_of(asked)["job_id"])
    api.settle()

    text = _text(api, job["description_id"])

    requested, started, generated = api.history(film)[1:]
    assert text["request"] == {
        "job_id": job["job_id"],
        "requested_by": "local",
        "requested_at": requested["at"],
        "correlation_id": "asked-by-the-shop",
        "requested_slug": film,
        "forced": False,
        "priority": "interactive",
        "version": 2,
    }
    (attempt,) = text["attempts"]
    assert (attempt["worker_id"], attempt["outcome"]) == (started["data"]["worker_id"], "accepted")
    assert (attempt["started_at"], attempt["ended_at"]) == (started["at"], generated["at"])
    for name in (
        "content_hash",
        "input_hash",
        "prompt_version",
        "prompt_hash",
        "ai_model",
        "attempt",
        "text",
    ):
        assert text[name] == generated["data"][name], name
    assert (text["version"], text["accepted_at"], text["actor"]) == (4, generated["at"], generated["actor"])
    assert (text["is_current"], text["is_default"], text["is_withdrawn"]) == (True, True, False)
    assert text["_links"]["job"] == f"/v1/jobs/{job['job_id']}"


def test_what_became_of_a_text_stands_as_in_the_history(api: Api, film: str) -> None:
    first = api.described(film)["description_id"]
    mine = changed(api.edit(film, "Mine.", based_on=first), 201)["selected_description"]["id"]
    changed(api.promote(film, first))
    history = api.history(film)

    assert _text(api, first)["afterwards"] == history[4:]
    assert _text(api, mine)["afterwards"] == history[5:]
    assert [_text(api, one)["is_current"] for one in (first, mine)] == [True, False]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_pages_hold_every_text_once_the_newest_first(own_api: Api, texts: list[str], limit: int) -> None:
    found = _all(own_api, limit=limit)

    assert [text["description_id"] for text in found[:3]] == texts[::-1]
    assert len({text["description_id"] for text in found}) == len(found)
    assert [text["at"] for text in found] == sorted((text["at"] for text in found), reverse=True)


def test_texts_are_found_by_model_prompt_language_and_time(own_api: Api, texts: list[str]) -> None:
    everything = _all(own_api)
    middle = everything[1]["at"]

    for params, matches in (
        ({"model": "template"}, lambda text: text["ai_model"] == "template"),
        ({"prompt_version": "template-1"}, lambda text: text["prompt_version"] == "template-1"),
        ({"locale": "pl-PL"}, lambda text: text["locale"] == "pl-PL"),
        ({"since": middle}, lambda text: text["at"] >= middle),
        ({"model": "template", "locale": "de-DE"}, lambda _text: False),
        ({"model": "another"}, lambda _text: False),
    ):
        found = _all(own_api, limit=2, **params)
        assert found == [text for text in everything if matches(text)], params
        assert found or params.keys() & {"model"}


def test_a_listing_says_what_readers_see_of_each_now(own_api: Api, texts: list[str]) -> None:
    mine, withdrawn, polish = _all(own_api)[:3]

    assert [(one["is_current"], one["is_withdrawn"]) for one in (polish, withdrawn, mine)] == [
        (True, False),
        (False, True),
        (True, False),
    ]
    assert (mine["origin"], mine["job_id"], mine["ai_model"]) == ("EDITED", None, None)
    assert all("text" not in one for one in (mine, withdrawn, polish))


def test_a_text_that_was_withdrawn_is_told_to_admins_alone(serve: Serve) -> None:
    with serve(auth=Auth.ON, bootstrap_admin_key=KEY) as admin:
        admin.headers["X-API-Key"] = KEY
        job = admin.described(new_film())
        mine = changed(admin.edit(job["slug"], "Mine.", based_on=job["description_id"]), 201)
        admin.withdraw(job["slug"], mine["selected_description"]["id"])
        admin.settle()
        reader = {"X-API-Key": body_of(admin.post("/v1/admin/keys", json={"name": "reader"}))["key"]}

        told = [
            (
                _text(admin, mine["selected_description"]["id"], headers=headers)["text"],
                _text(admin, job["description_id"], headers=headers)["afterwards"][0]["data"]["text"],
            )
            for headers in ({}, reader)
        ]

        assert told == [("Mine.", "Mine."), (None, None)]


@pytest.mark.parametrize(
    "at",
    [
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2026-W01-1T00:00:00+00:00",
        "20260101T000000Z",
        "2026-01-01T00:00:00Z",
        "2026-01-01T01:00:00+01:00",
        "2026-01-01T00:00:00",
        "2026-01-01",
        "",
    ],
)
@pytest.mark.parametrize("listing", [TEXTS, "/v1/audit/refused"])
def test_a_cursor_with_a_moment_as_the_service_writes_none_is_refused(
    own_api: Api, listing: str, at: str
) -> None:
    view = body_of(own_api.get("/v1/admin/projections"))["items"][0]
    cursor = encode(view["position"].partition(".")[0], 5, at)

    problem_of(own_api.get(listing, params={"cursor": cursor}), 400, "cursor-invalid")


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/5f0e9a52-7d09-4b0e-8d3c-000000000000", 404, "text-not-found"),
        ("/x", 422, "validation-error"),
        ("?cursor=nonsense", 400, "cursor-invalid"),
        ("?cursor=b3RoZXIuNS4yMDI2", 410, "cursor-expired"),
        ("?locale=xx", 422, "validation-error"),
        ("?since=yesterday", 422, "validation-error"),
        ("?limit=0", 422, "validation-error"),
        ("?model=a%00b", 422, "validation-error"),
        ("?ai_model=template", 422, "validation-error"),
    ],
)
def test_what_cannot_be_asked_is_refused(own_api: Api, path: str, status: int, kind: str) -> None:
    problem_of(own_api.get(f"{TEXTS}{path}"), status, kind)


def test_a_cursor_of_another_listing_is_refused(own_api: Api, texts: list[str]) -> None:
    jobs = body_of(own_api.get("/v1/jobs", params={"limit": 1}))["next_cursor"]

    problem_of(own_api.get(TEXTS, params={"cursor": jobs}), 400, "cursor-invalid")
