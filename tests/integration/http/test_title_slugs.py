"""GET /v1/movies/{slug} with a slug without a year: the film of that title, or which there are."""

from typing import Any
from uuid import uuid4

import pytest

from tests.integration.http.api import Api, body_of


@pytest.fixture
def title() -> str:
    """Of films that no other test knows."""
    return f"film-{uuid4().hex[:12]}x"


def _choices(api: Api, title: str, **params: Any) -> dict[str, Any]:
    response = api.get(f"/v1/movies/{title}", params=params)
    assert response.status_code == 300, response.text
    return body_of(response)


def test_the_one_film_of_a_title_is_shown(api: Api, title: str) -> None:
    api.described(f"{title}-1999")

    response = api.get(f"/v1/movies/{title}")

    assert (response.status_code, response.headers["content-location"]) == (200, f"/v1/movies/{title}-1999")
    assert body_of(response) == api.movie(f"{title}-1999")
    again = api.get(f"/v1/movies/{title}", headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 200, "the same tag of another film would mean nothing"


def test_what_the_one_film_lacks_is_asked_for_under_its_own_slug(api: Api, title: str) -> None:
    api.described(f"{title}-1999")

    response = api.get(f"/v1/movies/{title}", params={"context_tag": "modern"})

    assert (response.status_code, body_of(response)["slug"]) == (202, f"{title}-1999")
    assert response.headers["content-location"] == f"/v1/movies/{title}-1999"


def test_a_film_that_is_being_described_is_not_asked_for_twice(waiting_api: Api, title: str) -> None:
    job_id = waiting_api.accepted(f"{title}-1999")["job_id"]

    response = waiting_api.get(f"/v1/movies/{title}")

    assert (response.status_code, body_of(response)["job_id"]) == (202, job_id)


def test_of_several_films_each_can_be_selected(api: Api, title: str) -> None:
    api.accepted(f"{title}-2010", director="Somebody")
    api.described(f"{title}-1999")
    namesake = api.accepted(f"{title}-2010", director="Another")["slug"]

    choices = _choices(api, title)

    assert [option["slug"] for option in choices["options"]] == [f"{title}-1999", f"{title}-2010", namesake]
    assert choices["count"] == 3
    assert choices["hint"]
    second = choices["options"][1]
    assert (second["release_year"], second["director"]) == (2010, "Somebody")
    for option in choices["options"]:
        assert api.get(option["select_url"]).status_code in (200, 202)


def test_longer_titles_are_other_films(waiting_api: Api, title: str) -> None:
    for other in (f"{title}-reloaded-2003", f"{title}-2-1999", f"{title}-2000x-1999", f"{title}1999"):
        waiting_api.accepted(other)

    response = waiting_api.get(f"/v1/movies/{title}")

    assert (response.status_code, body_of(response)["slug"]) == (202, title)
    assert "content-location" not in response.headers


def test_a_film_that_has_the_slug_itself_is_meant(api: Api, title: str) -> None:
    api.described(title)
    api.described(f"{title}-1999")

    response = api.get(f"/v1/movies/{title}")

    assert (response.status_code, body_of(response)["slug"]) == (200, title)
    assert "content-location" not in response.headers
