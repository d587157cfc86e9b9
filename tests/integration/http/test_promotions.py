"""POST /v1/movies/{slug}/promotions: going back to an earlier text, for its variant or for the film."""

from typing import Any
from uuid import uuid4

import pytest

from tests.integration.http.api import Api, changed, new_film, problem_of


class TestAPromotionForItsVariant:
    def test_an_earlier_revision_is_shown_again(self, api: Api, film: str) -> None:
        first, second = _two_revisions(api, film)

        answer = changed(api.promote(film, first))

        assert _current(answer) == [first]
        assert answer["selected_description"]["id"] == first
        assert [text["id"] for text in answer["descriptions"]] == [first, second]

    def test_the_default_of_the_film_stays(self, api: Api, film: str) -> None:
        first, second = _two_revisions(api, film)

        answer = changed(api.promote(film, first))

        assert answer["default_description_id"] == answer["default_description"]["id"] == second

    def test_texts_of_other_variants_stay_current(self, api: Api, film: str) -> None:
        first, _ = _two_revisions(api, film)
        polish = api.described(film, locale="pl-PL")["description_id"]

        assert _current(changed(api.promote(film, first))) == [first, polish]


class TestAPromotionForTheFilm:
    def test_another_variant_becomes_the_default(self, api: Api, film: str) -> None:
        english = api.described(film)["description_id"]
        polish = api.described(film, locale="pl-PL")["description_id"]

        answer = changed(api.promote(film, polish, "film"))

        assert answer["default_description_id"] == answer["default_description"]["id"] == polish
        assert _current(answer) == [english, polish]

    def test_its_variant_goes_on_showing_what_it_showed(self, api: Api, film: str) -> None:
        first, second = _two_revisions(api, film)

        answer = changed(api.promote(film, first, "film"))

        assert answer["default_description_id"] == first
        assert _current(answer) == [second]


@pytest.mark.parametrize("scope", ["variant", "film"])
class TestEveryPromotion:
    def test_the_film_is_read_as_it_was_answered(self, api: Api, film: str, scope: str) -> None:
        first, _ = _two_revisions(api, film)

        answer = changed(api.promote(film, first, scope))
        api.settle()

        assert api.movie(film, description_id=first) == answer

    def test_the_etag_moves_and_is_that_of_the_film(self, api: Api, film: str, scope: str) -> None:
        first, _ = _two_revisions(api, film)
        before = api.etag(film)

        response = api.promote(film, first, scope, on=before)

        changed(response)
        assert api.etag(film) == response.headers["etag"] != before

    def test_the_history_tells_it(self, api: Api, film: str, scope: str) -> None:
        first, second = _two_revisions(api, film)
        changed(api.promote(film, first, scope))

        entry = api.history(film)[-1]

        assert entry["event"] == "DescriptionPromoted"
        assert entry["data"] == {"description_id": first, "previous_description_id": second, "scope": scope}

    def test_promoting_what_is_in_place_changes_nothing(self, api: Api, film: str, scope: str) -> None:
        _, second = _two_revisions(api, film)
        before, etag = api.history(film), api.etag(film)

        response = api.promote(film, second, scope, on=etag)

        changed(response)
        assert response.headers["etag"] == etag
        assert api.history(film) == before

    def test_a_description_of_another_film_is_not_found(self, api: Api, film: str, scope: str) -> None:
        api.described(film)
        foreign = api.described(new_film())["description_id"]

        unknown = problem_of(api.promote(film, foreign, scope), 404, "description-not-found")

        assert (unknown["slug"], unknown["description_id"]) == (film, foreign)

    def test_a_withdrawn_description_is_gone(self, api: Api, film: str, scope: str) -> None:
        first, _ = _two_revisions(api, film)
        changed(api.withdraw(film, first))

        problem_of(api.promote(film, first, scope), 410, "description-is-withdrawn")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scope": "everything"}, "body.scope"),
        ({"scope": None}, "body.scope"),
        ({"description_id": "x"}, "body.description_id"),
        ({"description_id": 1}, "body.description_id"),
        ({"reason": "better"}, "body.reason"),
    ],
)
def test_a_wrong_field_is_named(api: Api, film: str, wrong: dict[str, Any], field: str) -> None:
    body = {"description_id": str(uuid4()), "scope": "film"} | wrong

    response = api.post(f"/v1/movies/{film}/promotions", json=body, headers={"If-Match": "*"})

    assert [error["field"] for error in problem_of(response, 422)["errors"]] == [field]


def _two_revisions(api: Api, film: str) -> tuple[str, str]:
    first = api.described(film)["description_id"]
    return first, api.described(film, force=True)["description_id"]


def _current(movie: dict[str, Any]) -> list[str]:
    return [text["id"] for text in movie["descriptions"] if text["is_current"]]
