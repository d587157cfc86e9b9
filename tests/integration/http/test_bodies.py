"""Bodies of requests: how long they may be, and what may stand in them."""

import json

import pytest

from tests.integration.http.api import BODY_LIMIT_BYTES, Api, problem_of

JSON = {"Content-Type": "application/json"}
HALF_A_CHARACTER = "\\ud800"
"""As JSON writes it; it is no text in any encoding."""


def test_a_body_longer_than_64_kib_is_refused(waiting_api: Api, film: str) -> None:
    body = json.dumps({"slug": film}).encode().ljust(BODY_LIMIT_BYTES + 1)

    response = waiting_api.post("/v1/generate", content=body, headers=JSON)

    assert "65,536 bytes" in problem_of(response, 413, "content-too-large")["detail"]


def test_a_long_body_that_no_route_reads_does_no_harm(waiting_api: Api) -> None:
    response = waiting_api.request("GET", "/v1/movies", content=b"x" * (BODY_LIMIT_BYTES + 1))

    assert response.status_code == 200


@pytest.mark.parametrize("content", [b"\xff", b"[" * 60_000])
def test_a_body_that_is_no_text_or_nested_too_deep_is_a_bad_request(waiting_api: Api, content: bytes) -> None:
    response = waiting_api.post("/v1/generate", content=content, headers=JSON)

    problem_of(response, 400, "bad-request")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
def test_json_that_is_not_said_to_be_json_is_told_how(waiting_api: Api, film: str, content_type: str) -> None:
    response = waiting_api.post(
        "/v1/generate", content=f'{{"slug": "{film}"}}', headers={"Content-Type": content_type}
    )

    (error,) = problem_of(response, 422, "validation-error")["errors"]
    assert error == {"field": "body", "message": "send JSON, with the header Content-Type: application/json"}


def test_broken_json_is_said_to_be_that(waiting_api: Api) -> None:
    response = waiting_api.post("/v1/generate", content='{"slug": ', headers=JSON)

    (error,) = problem_of(response, 422, "validation-error")["errors"]
    assert error["field"] == "body"
    assert error["message"].startswith("not valid JSON: ")


@pytest.mark.parametrize("field", ["slug", "title", "director", "genres"])
def test_half_a_character_is_refused(waiting_api: Api, film: str, field: str) -> None:
    wanted = json.dumps({"slug": film} | {field: ["TEXT"] if field == "genres" else "TEXT"})

    response = waiting_api.post(
        "/v1/generate", content=wanted.replace("TEXT", HALF_A_CHARACTER), headers=JSON
    )

    problem_of(response, 422, "validation-error")


def test_half_a_character_in_the_reason_of_a_retry_is_refused(failing_api: Api, film: str) -> None:
    job = failing_api.ended(failing_api.accepted(film)["job_id"])

    response = failing_api.post(
        f"/v1/jobs/{job['job_id']}/retry", content=f'{{"reason": "{HALF_A_CHARACTER}"}}', headers=JSON
    )

    problem_of(response, 422, "validation-error")


@pytest.mark.parametrize("character", ["\x00", "\n", "\x1b", "\x85", "\u2028", "\u202e", "\u2066"])
def test_what_would_disturb_a_screen_is_refused(waiting_api: Api, film: str, character: str) -> None:
    refused = problem_of(waiting_api.generate(film, director=f"Jane{character}Doe"), 422)

    assert [error["field"] for error in refused["errors"]] == ["body.director"]
    assert not refused["errors"][0]["message"].startswith("Value error")


@pytest.mark.parametrize(
    "character",
    [
        "\u00ad",
        "\u200b",
        "\u200c",
        "\u200d",
        "\u200f",
        "\u2060",
        "\u3164",
        "\ufeff",
        "\U000e0041",
        "م\u200c\u200c",
    ],
)
@pytest.mark.parametrize("field", ["title", "director", "genres"])
def test_what_nobody_sees_is_refused_and_named(
    waiting_api: Api, film: str, field: str, character: str
) -> None:
    text = f"Jane{character}Doe"

    refused = problem_of(waiting_api.generate(film, **{field: [text] if field == "genres" else text}), 422)

    assert f"U+{ord(character[-1]):04X}" in refused["detail"]


@pytest.mark.parametrize("title", ["Amélie", "七人の侍", "می‌خواهم", "Léon: The Professional", "👩‍🚀"])
def test_every_script_is_welcome(waiting_api: Api, film: str, title: str) -> None:
    waiting_api.accepted(film, title=title)

    (registered, _) = waiting_api.history(film)
    assert registered["data"]["title"] == title


@pytest.mark.parametrize(
    ("given", "field"), [("sarcastic", "body.context_tag.0"), (["modern", "sarcastic"], "body.context_tag.1")]
)
def test_a_wrong_style_is_named_by_its_place(waiting_api: Api, film: str, given: object, field: str) -> None:
    refused = problem_of(waiting_api.generate(film, context_tag=given), 422)

    assert [error["field"] for error in refused["errors"]] == [field]
