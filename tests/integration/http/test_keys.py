"""While AUTH is on, nothing but the public routes is answered without the key."""

from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.choices import Auth
from interfaces.http.gate import PUBLIC
from tests.integration.http.api import Api, Serve

KEY = "a-key-that-nobody-guesses"
PLACEHOLDERS = {"{job_id}": "5f0e9a52-7d09-4b0e-8d3c-000000000000", "{slug}": "heat-1995"}


@pytest.fixture
def guarded(serve: Serve) -> Iterator[Api]:
    with serve(auth=Auth.ON, bootstrap_admin_key=KEY) as api:
        yield api


def _requests(api: Api) -> list[tuple[str, str]]:
    """One for every method of every route, so that a new one cannot be forgotten."""
    paths: dict[str, dict[str, Any]] = api.get("/openapi.json").json()["paths"]
    return [(method.upper(), _filled(path)) for path, methods in paths.items() for method in methods]


def _filled(path: str) -> str:
    for name, value in PLACEHOLDERS.items():
        path = path.replace(name, value)
    return path


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": "another"},
        {"X-API-Key": KEY + "x"},
        {"Authorization": "Basic " + KEY},
        {"X-API-Key": "ł"},
    ],
    ids=["no key", "another key", "nearly the key", "another scheme", "no ASCII"],
)
def test_every_route_refuses_who_has_no_known_key(guarded: Api, headers: dict[str, str]) -> None:
    refused = []
    for method, path in _requests(guarded):
        encoded = {name.encode(): value.encode() for name, value in headers.items()}
        response = guarded.request(method, path, headers=encoded)
        if response.status_code == 401:
            refused.append(path)
            assert response.headers["www-authenticate"] == 'Bearer realm="MovieMind"'
            assert response.json()["type"] == "unauthorized"
            assert KEY not in response.text

    assert set(refused) == {path for _, path in _requests(guarded)} - PUBLIC


@pytest.mark.parametrize("headers", [{"X-API-Key": KEY}, {"Authorization": f"Bearer {KEY}"}])
def test_every_route_answers_who_has_the_key(guarded: Api, headers: dict[str, str]) -> None:
    answers = [
        guarded.request(method, path, headers=headers).status_code for method, path in _requests(guarded)
    ]

    assert 401 not in answers
    assert len(answers) > 20


def test_what_somebody_with_the_key_does_is_recorded_under_its_name(guarded: Api) -> None:
    guarded.headers["X-API-Key"] = KEY
    guarded.described("heat-1995")

    assert {entry["actor"] for entry in guarded.history("heat-1995")[:2]} == {"bootstrap-admin"}


def test_a_route_there_is_not_is_no_secret_to_learn_without_a_key(guarded: Api) -> None:
    assert guarded.get("/v1/nothing").status_code == 401
