"""GET /v1/audit: everything that happened, once and in one order, however it is read."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from infrastructure.choices import Auth
from tests.integration.http.api import Api, Serve, body_of, changed, new_film, problem_of

KEY = "a-key-that-nobody-guesses"


@pytest.fixture
def films(own_api: Api) -> list[str]:
    """Two films that were described, one of them edited."""
    films = [new_film() for _ in range(2)]
    texts = [own_api.described(film)["description_id"] for film in films]
    changed(own_api.edit(films[0], "Mine.", based_on=texts[0]), 201)
    own_api.settle()
    return films


def _all(api: Api, **params: Any) -> list[dict[str, Any]]:
    return [entry for page in api.pages("/v1/audit", cursor="after", **params) for entry in page]


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_pages_hold_every_event_once_in_the_order_of_the_log(
    own_api: Api, films: list[str], limit: int
) -> None:
    entries = _all(own_api, limit=limit)

    positions = [int(entry["position"].partition(".")[2]) for entry in entries]
    assert positions == sorted(set(positions))
    for film in films:
        assert [_without_slug(entry) for entry in entries if entry["slug"] == film] == own_api.history(film)


def _without_slug(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "slug"}


def test_lines_hold_the_same(own_api: Api, films: list[str]) -> None:
    page = own_api.get("/v1/audit", params={"limit": 5})
    lines = own_api.get("/v1/audit", params={"limit": 5}, headers={"Accept": "application/x-ndjson"})

    assert lines.headers["content-type"].startswith("application/x-ndjson")
    assert [json.loads(line) for line in lines.text.splitlines()] == page.json()["items"]
    assert lines.links == page.links


def test_a_follower_that_remembers_a_position_misses_nothing(own_api: Api, films: list[str]) -> None:
    last = _all(own_api)[-1]["position"]
    assert _all(own_api, after=last) == []
    film = new_film()
    own_api.described(film)

    behind = _all(own_api, after=last)

    assert {entry["slug"] for entry in behind} == {film}
    assert [entry["version"] for entry in behind] == list(range(1, len(behind) + 1))


def test_nothing_is_missed_or_doubled_while_films_are_added(own_api: Api, films: list[str]) -> None:
    start = _all(own_api)[-1]["position"]
    added = [new_film() for _ in range(30)]
    followed: list[dict[str, Any]] = []

    def follow() -> None:
        described = 0
        while described < len(added):
            new = _all(own_api, after=followed[-1]["position"] if followed else start, limit=7)
            followed.extend(new)
            described += sum(entry["event"] == "DescriptionGenerated" for entry in new)

    with ThreadPoolExecutor(5) as threads:
        following = threads.submit(follow)
        list(threads.map(own_api.accepted, added))
        following.result(timeout=60)

    assert followed == _all(own_api, after=start)
    assert {entry["slug"] for entry in followed} == set(added)


def test_events_are_found_by_film_actor_kind_and_time(own_api: Api, films: list[str]) -> None:
    entries = _all(own_api)
    middle = entries[len(entries) // 2]["at"]

    for params, matches in (
        ({"slug": films[0]}, lambda entry: entry["slug"] == films[0]),
        ({"actor": "local"}, lambda entry: entry["actor"] == "local"),
        ({"event": "DescriptionEdited"}, lambda entry: entry["event"] == "DescriptionEdited"),
        ({"since": middle}, lambda entry: entry["at"] >= middle),
        ({"slug": films[0], "actor": "nobody"}, lambda _entry: False),
    ):
        found = _all(own_api, limit=2, **params)
        assert found == [entry for entry in entries if matches(entry)], params
        assert found or "nobody" in params.values()


@pytest.mark.parametrize(
    ("params", "status", "kind"),
    [
        ({"after": "nonsense"}, 400, "cursor-invalid"),
        ({"after": "0123abcd.5"}, 410, "cursor-expired"),
        ({"event": "Bored"}, 422, "validation-error"),
        ({"slug": "a\x00b"}, 422, "validation-error"),
        ({"actor": "a\x00b"}, 422, "validation-error"),
        ({"since": "yesterday"}, 422, "validation-error"),
        ({"limit": 101}, 422, "validation-error"),
    ],
)
def test_what_cannot_be_looked_for_is_refused(
    own_api: Api, params: dict[str, Any], status: int, kind: str
) -> None:
    problem_of(own_api.get("/v1/audit", params=params), status, kind)


def test_withdrawn_texts_are_told_to_admins_alone(serve: Serve) -> None:
    with serve(auth=Auth.ON, bootstrap_admin_key=KEY) as admin:
        admin.headers["X-API-Key"] = KEY
        gone, kept = (admin.described(new_film()) for _ in range(2))
        admin.withdraw(gone["slug"], gone["description_id"])
        admin.settle()
        reader = {"X-API-Key": body_of(admin.post("/v1/admin/keys", json={"name": "reader"}))["key"]}

        told = [
            {
                entry["slug"]: entry["data"]["text"]
                for entry in body_of(admin.get("/v1/audit", headers=headers))["items"]
                if entry["event"] == "DescriptionGenerated"
            }
            for headers in ({}, reader)
        ]

        assert told[0][gone["slug"]]
        assert told[1] == told[0] | {gone["slug"]: None}
        assert told[1][kept["slug"]]
