"""While AUTH is on, nothing but the public routes is answered without a key, and none beyond its scope."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from application.api_keys import Scope
from infrastructure.choices import Auth
from interfaces.http.gate import PUBLIC
from tests.integration.http.api import Api, Serve, body_of, filled, operations_of, problem_of, requests_to

KEY = "a-key-that-nobody-guesses"
NEEDS_GENERATE = {
    ("POST", "/v1/generate"),
    ("POST", "/v1/generate/preview"),
    ("POST", "/v1/jobs/{job_id}/retry"),
    ("DELETE", "/v1/jobs/{job_id}"),
}


@pytest.fixture
def guarded(serve: Serve) -> Iterator[Api]:
    with serve(auth=Auth.ON, bootstrap_admin_key=KEY) as api:
        yield api


@pytest.fixture
def admin(guarded: Api) -> Api:
    guarded.headers["X-API-Key"] = KEY
    return guarded


def _key(admin: Api, scope: Scope, name: str = "the shop") -> dict[str, Any]:
    response = admin.post("/v1/admin/keys", json={"name": name, "scope": scope})
    assert response.status_code == 201, response.text
    return body_of(response)


def _expected(method: str, path: str) -> Scope:
    """What a route must want. Whatever is new and writes is for admins until this says otherwise."""
    if (method, path) in NEEDS_GENERATE:
        return Scope.GENERATE
    return Scope.READ if method == "GET" and "/admin/" not in path else Scope.ADMIN


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": "another"},
        {"X-API-Key": KEY + "x"},
        {"X-API-Key": "mm_0f3a5c9be1d2_nobody-has-made-this-one"},
        {"Authorization": "Basic " + KEY},
        {"X-API-Key": "ł"},
    ],
    ids=["no key", "another key", "nearly the key", "a key made up", "another scheme", "no ASCII"],
)
def test_every_route_refuses_who_has_no_known_key(guarded: Api, headers: dict[str, str]) -> None:
    refused = []
    for method, path in requests_to(guarded):
        encoded = {name.encode(): value.encode() for name, value in headers.items()}
        response = guarded.request(method, path, headers=encoded)
        if response.status_code == 401:
            refused.append(path)
            assert response.headers["www-authenticate"] == 'Bearer realm="MovieMind"'
            assert response.json()["type"] == "unauthorized"
            assert KEY not in response.text

    assert set(refused) == {path for _, path in requests_to(guarded)} - PUBLIC


@pytest.mark.parametrize("headers", [{"X-API-Key": KEY}, {"Authorization": f"Bearer {KEY}"}])
def test_every_route_answers_who_has_the_key(guarded: Api, headers: dict[str, str]) -> None:
    answers = [
        guarded.request(method, path, headers=headers).status_code for method, path in requests_to(guarded)
    ]

    assert not {401, 403} & set(answers)
    assert len(answers) > 20


@pytest.mark.parametrize("scope", Scope)
def test_every_route_refuses_whose_key_does_not_hold_its_scope(admin: Api, scope: Scope) -> None:
    operations = operations_of(admin)
    admin.headers["X-API-Key"] = _key(admin, scope)["key"]

    for (method, path), told in operations.items():
        if path in PUBLIC:
            continue
        needed = _expected(method, path)
        response = admin.request(method, filled(path))
        if scope.holds(needed):
            assert response.status_code not in (401, 403), (method, path)
        else:
            problem = problem_of(response, 403, "scope-missing")
            assert (problem["needed"], problem["scope"]) == (needed, scope)
        assert ("403" in told["responses"]) == (needed is not Scope.READ), (method, path)
        assert told["security"] == [{"key": [needed]}, {"bearer": [needed]}], (method, path)


def test_what_somebody_with_the_key_does_is_recorded_under_its_name(admin: Api) -> None:
    admin.described("heat-1995")

    assert {entry["actor"] for entry in admin.history("heat-1995")[:2]} == {"bootstrap-admin"}


def test_what_a_key_does_is_recorded_under_its_id(admin: Api) -> None:
    key = _key(admin, Scope.GENERATE)
    admin.headers["X-API-Key"] = key["key"]

    admin.described("heat-1995")

    assert {entry["actor"] for entry in admin.history("heat-1995")[:2]} == {key["key_id"]}


def test_a_key_is_told_once(admin: Api) -> None:
    response = admin.post("/v1/admin/keys", json={"name": " the shop ", "scope": "generate"})
    made = body_of(response)

    assert response.headers["cache-control"] == "no-store"
    assert made["key"].startswith(f"{made['key_id']}_")
    assert (made["name"], made["scope"], made["created_by"]) == ("the shop", "generate", "bootstrap-admin")
    listed = admin.get("/v1/admin/keys")
    assert made["key"].removeprefix(made["key_id"]) not in listed.text
    assert body_of(listed)["items"] == [{field: made[field] for field in made if field != "key"}]


def test_the_last_use_is_told(admin: Api) -> None:
    key = _key(admin, Scope.READ)
    admin.get("/v1/jobs", headers={"X-API-Key": key["key"]})

    (listed,) = body_of(admin.get("/v1/admin/keys"))["items"]

    assert listed["last_used_at"] >= listed["created_at"]


def test_a_revoked_key_opens_nothing(admin: Api) -> None:
    key = _key(admin, Scope.ADMIN)
    mine = {"X-API-Key": key["key"]}
    assert admin.get("/v1/jobs", headers=mine).status_code == 200

    revoked = body_of(admin.delete(f"/v1/admin/keys/{key['key_id']}", headers=mine))

    assert revoked["revoked_at"] is not None
    problem_of(admin.get("/v1/jobs", headers=mine), 401, "unauthorized")
    assert body_of(admin.delete(f"/v1/admin/keys/{key['key_id']}")) == revoked
    problem_of(admin.delete("/v1/admin/keys/mm_nobody"), 404, "key-not-found")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": " "},
        {"name": "x" * 101},
        {"name": "a\u200bb"},
        {"name": "x", "scope": "root"},
        {"name": "x", "contact": " "},
        {"name": "x", "contact": "x" * 201},
        {"name": "x", "contact": "a\nb"},
    ],
)
def test_what_is_no_key_is_refused(admin: Api, body: dict[str, Any]) -> None:
    problem_of(admin.post("/v1/admin/keys", json=body), 422, "validation-error")


def test_whoever_is_forgotten_is_known_by_an_id_alone(admin: Api) -> None:
    body = {"name": "Anna", "contact": "anna@example.org", "scope": "admin"}
    key = body_of(admin.post("/v1/admin/keys", json=body))
    assert (key["name"], key["contact"]) == ("Anna", "anna@example.org")
    path = f"/v1/admin/actors/{key['key_id']}"

    forgotten = body_of(admin.delete(path))

    assert forgotten == {
        "actor": key["key_id"],
        "had_name": True,
        "had_contact": True,
        "revoked_at": None,
    }
    assert body_of(admin.delete(path)) == forgotten | {"had_name": False, "had_contact": False}
    listed = admin.get("/v1/admin/keys")
    assert (body_of(listed)["items"][0]["name"], "anna" in listed.text.lower()) == (None, False)
    mine = {"X-API-Key": key["key"]}
    assert admin.get("/v1/jobs", headers=mine).status_code == 200, "the key opens what it opened"
    admin.delete(f"/v1/admin/keys/{key['key_id']}")
    assert body_of(admin.delete(path))["revoked_at"] is not None


def test_what_cannot_be_undone_is_in_the_log_by_ids_alone(admin: Api) -> None:
    with capture_logs() as logs:
        key_id = _key(admin, Scope.READ, name="Anna")["key_id"]
        admin.delete(f"/v1/admin/keys/{key_id}")
        admin.delete(f"/v1/admin/actors/{key_id}")
        admin.delete("/v1/admin/actors/mm_nobody")

    assert [line for line in logs if "by" in line] == [
        {"event": event, "log_level": "info", "key_id": key_id, "by": "bootstrap-admin"}
        for event in ("key.created", "key.revoked", "actor.forgotten")
    ]
    assert "Anna" not in str(logs)


def test_only_those_who_have_a_key_can_be_forgotten(admin: Api) -> None:
    problem_of(admin.delete("/v1/admin/actors/bootstrap-admin"), 404, "key-not-found")
    problem_of(admin.delete("/v1/admin/actors/host:17:9f3a5c9b"), 404, "key-not-found")


def test_keys_outlive_the_service(serve: Serve) -> None:
    with serve(auth=Auth.ON, bootstrap_admin_key=KEY) as api:
        api.headers["X-API-Key"] = KEY
        kept, revoked = (_key(api, Scope.READ) for _ in range(2))
        api.delete(f"/v1/admin/keys/{revoked['key_id']}")

    with serve(auth=Auth.ON, bootstrap_admin_key="another-key-in-the-settings") as api:
        assert api.get("/v1/jobs", headers={"X-API-Key": kept["key"]}).status_code == 200
        for gone in (revoked["key"], KEY):
            assert api.get("/v1/jobs", headers={"X-API-Key": gone}).status_code == 401


class TestWhoMayOnlyRead:
    @pytest.fixture
    def reader(self, admin: Api) -> Iterator[httpx.Client]:
        with httpx.Client(
            base_url=admin.base_url, trust_env=False, headers={"X-API-Key": _key(admin, Scope.READ)["key"]}
        ) as reader:
            yield reader

    def test_reading_asks_for_nothing(self, admin: Api, reader: httpx.Client) -> None:
        problem = problem_of(reader.get("/v1/movies/heat-1995"), 404, "not-described")

        assert problem["_links"] == {"generate": "/v1/generate"}
        assert body_of(admin.get("/v1/jobs"))["items"] == []

    def test_what_is_described_is_shown(self, admin: Api, reader: httpx.Client) -> None:
        admin.described("heat-1995")

        assert body_of(reader.get("/v1/movies/heat-1995"))["slug"] == "heat-1995"
        problem_of(reader.get("/v1/movies/heat-1995", params={"context_tag": "modern"}), 404, "not-described")

    def test_what_was_withdrawn_is_gone(self, admin: Api, reader: httpx.Client) -> None:
        job = admin.described("heat-1995")
        shown = admin.described("heat-1995", context_tag="modern")
        admin.withdraw("heat-1995", job["description_id"])

        problem_of(reader.get("/v1/movies/heat-1995", params={"context_tag": "DEFAULT"}), 410)
        texts = {
            who: {
                entry["data"]["description_id"]: entry["data"]["text"]
                for entry in body_of(who.get("/v1/movies/heat-1995/history"))["items"]
                if entry["event"] == "DescriptionGenerated"
            }
            for who in (admin, reader)
        }
        assert texts[admin][job["description_id"]]
        assert texts[reader] == texts[admin] | {job["description_id"]: None}
        assert texts[reader][shown["description_id"]]

    def test_a_film_with_nothing_but_withdrawn_texts_is_gone(self, admin: Api, reader: httpx.Client) -> None:
        admin.withdraw("heat-1995", admin.described("heat-1995")["description_id"])

        problem_of(reader.get("/v1/movies/heat-1995"), 410, "description-is-withdrawn")


def test_a_route_there_is_not_is_no_secret_to_learn_without_a_key(guarded: Api) -> None:
    assert guarded.get("/v1/nothing").status_code == 401
