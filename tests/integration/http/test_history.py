"""GET /v1/movies/{slug}/history: a film's stream, readable."""

from itertools import chain

import pytest

from tests.integration.http.api import Api, problem_of

STORY = ["MovieRegistered", "GenerationRequested", "GenerationStarted", "DescriptionGenerated"]
MEMBERS = {"position", "version", "event", "at", "actor", "correlation_id", "data", "line"}


def test_a_films_events_are_told_in_order(api: Api, film: str) -> None:
    api.described(film)

    entries = api.history(film)

    assert [entry["event"] for entry in entries] == STORY
    assert [entry["version"] for entry in entries] == [1, 2, 3, 4]
    assert all(set(entry) == MEMBERS for entry in entries)
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)


def test_a_page_behind_the_last_event_is_empty(api: Api, film: str) -> None:
    api.described(film)
    other = f"other-{film}"
    api.described(other)
    cursor = api.get(f"/v1/movies/{other}/history", params={"limit": 3}).json()["next_cursor"]

    response = api.get(f"/v1/movies/{film}/history", params={"cursor": cursor})

    assert (response.status_code, response.json()) == (200, {"items": [], "next_cursor": None})


def test_the_history_of_a_job_that_is_done_is_complete(api: Api) -> None:
    for film in [f"complete-{number}-1999" for number in range(20)]:
        api.ended(api.accepted(film)["job_id"])
        entries = api.get(f"/v1/movies/{film}/history").json()["items"]
        assert [entry["event"] for entry in entries] == STORY


def test_positions_rise_within_one_epoch_of_the_log(api: Api, film: str) -> None:
    api.described(film)

    positions = [entry["position"].split(".") for entry in api.history(film)]

    assert len({epoch for epoch, _ in positions}) == 1
    numbers = [int(number) for _, number in positions]
    assert numbers == sorted(set(numbers))
    assert numbers[0] >= 1


def test_an_entry_has_its_data_and_a_line_in_plain_language(api: Api, film: str) -> None:
    job = api.described(film, locale="de-DE", context_tag="humorous", director="Jane Doe")

    registered, requested, started, generated = api.history(film)

    assert (registered["data"]["slug"], registered["data"]["director"]) == (film, "Jane Doe")
    assert requested["data"]["job_id"] == started["data"]["job_id"] == job["job_id"]
    assert requested["line"] == "A humorous description in de-DE was requested."
    assert started["line"].startswith("Attempt 1 was started by ")
    assert generated["data"]["description_id"] == job["description_id"]
    assert generated["data"]["text"] == api.movie(film)["default_description"]["text"]
    assert "Revision 1 of the humorous description in de-DE" in generated["line"]


def test_the_client_and_the_worker_are_the_actors(api: Api, film: str) -> None:
    api.described(film)

    registered, requested, started, generated = [entry["actor"] for entry in api.history(film)]

    assert registered == requested == "local"
    assert started == generated != "local"


def test_every_failed_attempt_is_told(failing_api: Api, film: str) -> None:
    failing_api.ended(failing_api.accepted(film)["job_id"])

    events = [entry["event"] for entry in failing_api.history(film)]

    assert events == [*STORY[:2], *["GenerationStarted", "GenerationAttemptFailed"] * 3, "GenerationFailed"]


def test_an_accepted_request_can_be_read_at_once(waiting_api: Api, film: str) -> None:
    waiting_api.accepted(film)

    entries = waiting_api.get(f"/v1/movies/{film}/history").json()["items"]

    assert [entry["event"] for entry in entries] == STORY[:2]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
def test_pages_hold_every_event_exactly_once(api: Api, film: str, limit: int) -> None:
    api.described(film)

    pages = list(api.pages(f"/v1/movies/{film}/history", limit=limit))

    assert [entry["version"] for entry in chain(*pages)] == [1, 2, 3, 4]
    assert all(len(page) == limit for page in pages[:-1])
    assert pages[-1]


def test_a_film_nobody_asked_for_has_no_history_and_gets_none(waiting_api: Api, film: str) -> None:
    for _ in range(2):
        unknown = problem_of(waiting_api.get(f"/v1/movies/{film}/history"), 404, "movie-not-found")
        assert unknown["slug"] == film


@pytest.mark.parametrize("slug", ["2012", "The-Matrix", "ab"])
def test_a_bad_slug_is_refused(waiting_api: Api, slug: str) -> None:
    problem_of(waiting_api.get(f"/v1/movies/{slug}/history"), 400, "slug-refused")
