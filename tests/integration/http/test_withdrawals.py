"""POST /v1/movies/{slug}/withdrawals: a text that must not be read any more."""

from typing import Any
from uuid import uuid4

import pytest

from tests.integration.http.api import Api, changed, new_film, problem_of


class TestAWithdrawnText:
    def test_it_is_gone_by_its_id(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        changed(api.withdraw(film, first))
        api.settle()

        response = api.get(f"/v1/movies/{film}", params={"description_id": first})

        gone = problem_of(response, 410, "description-is-withdrawn")
        assert (gone["slug"], gone["description_id"]) == (film, first)

    def test_only_the_history_has_it_any_more(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        edited = changed(api.edit(film, "Slander!", based_on=first), 201)["selected_description"]["id"]
        places = [
            f"/v1/movies/{film}",
            f"/v1/movies?q={film}",
            f"/v1/movies?description_id={edited}",
            f"/v1/movies/{film}/diff",
            f"/v1/movies/{film}/diff?from=4&to=5",
            f"/v1/movies/{film}/diff?from=5&to=4",
        ]
        api.settle()
        assert all("Slander!" in api.get(place).text for place in places)

        answer = api.withdraw(film, edited)
        api.settle()

        changed(answer)
        places.append(f"/v1/movies/{film}/diff?from=5")
        assert not [place for place in places if "Slander!" in api.get(place).text]
        assert "Slander!" not in answer.text
        assert [e["version"] for e in api.history(film) if e["data"].get("text") == "Slander!"] == [5]

    def test_the_film_is_read_as_it_was_answered(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        api.described(film, force=True)
        before = api.etag(film)

        response = api.withdraw(film, first)

        answer = changed(response)
        assert api.etag(film) == response.headers["etag"] != before
        assert api.movie(film) == answer

    def test_the_history_tells_it(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        second = api.described(film, force=True)["description_id"]
        changed(api.withdraw(film, second))

        entry = api.history(film)[-1]

        assert entry["event"] == "DescriptionWithdrawn"
        assert entry["data"] == {"description_id": second, "reason": "wrong", "replaced_by": first}
        assert entry["line"] == f"Description {second} was withdrawn: wrong."

    def test_it_cannot_be_withdrawn_twice(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        changed(api.withdraw(film, first))
        before = api.history(film)

        gone = problem_of(api.withdraw(film, first), 410, "description-is-withdrawn")

        assert gone["description_id"] == first
        assert api.history(film) == before


class TestWhatTakesItsPlace:
    def test_the_newest_other_revision_is_shown_and_the_default(self, api: Api, film: str) -> None:
        ids = [api.described(film)["description_id"]]
        ids += [api.described(film, force=True)["description_id"] for _ in range(2)]

        answer = changed(api.withdraw(film, ids[2]))

        assert _current(answer) == [ids[1]]
        assert answer["default_description_id"] == answer["selected_description"]["id"] == ids[1]

    def test_a_revision_that_was_not_shown_leaves_everything_in_place(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        second = api.described(film, force=True)["description_id"]

        answer = changed(api.withdraw(film, first))

        assert _current(answer) == [answer["default_description_id"]] == [second]
        assert answer["descriptions_count"] == 1

    def test_a_withdrawn_default_gives_way_to_what_its_variant_shows(self, api: Api, film: str) -> None:
        ids = [api.described(film)["description_id"]]
        ids += [api.described(film, force=True)["description_id"] for _ in range(2)]
        changed(api.promote(film, ids[0], "film"))
        changed(api.promote(film, ids[1]))

        answer = changed(api.withdraw(film, ids[0]))

        assert answer["default_description_id"] == ids[1]
        assert _current(answer) == [ids[1]]

    def test_no_other_variant_becomes_the_default_by_itself(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        polish = api.described(film, locale="pl-PL")["description_id"]

        answer = changed(api.withdraw(film, first))

        assert answer["default_description_id"] is answer["default_description"] is None
        assert [text["id"] for text in answer["descriptions"]] == [polish]
        api.settle()
        assert api.movie(film) == answer

    def test_a_new_revision_has_the_next_number(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        changed(api.withdraw(film, first))

        api.described(film)

        assert [text["revision"] for text in api.movie(film)["descriptions"]] == [2]


class TestAFilmWhoseLastTextWasWithdrawn:
    def test_it_is_as_if_it_had_never_been_described(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]

        answer = changed(api.withdraw(film, first))

        assert answer["descriptions"] == []
        assert answer["descriptions_count"] == 0
        assert answer["default_description"] is answer["selected_description"] is None

    def test_it_is_not_listed_until_it_is_described_again(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        before = _listed(api, film)
        changed(api.withdraw(film, first))
        without = _listed(api, film)
        api.described(film)

        assert without == []
        assert before == _listed(api, film) == [film]

    def test_it_gets_its_place_in_the_listing_back(self, api: Api, film: str) -> None:
        first, later = api.described(film)["description_id"], new_film()
        api.described(later)
        changed(api.withdraw(film, first))
        api.described(film)

        pages = api.pages("/v1/movies", limit=100)
        listed = [movie["slug"] for page in pages for movie in page]
        assert listed.index(film) < listed.index(later)

    def test_whoever_looks_does_not_bring_a_text_back_and_whoever_asks_does(
        self, api: Api, film: str
    ) -> None:
        first = api.described(film)["description_id"]
        changed(api.withdraw(film, first))

        for query in ({}, {"locale": "en-US"}):
            gone = problem_of(api.get(f"/v1/movies/{film}", params=query), 410, "description-is-withdrawn")
            assert gone["description_id"] == first
        assert api.get(f"/v1/movies/{film}", params={"locale": "pl-PL"}).status_code == 202, "another variant"

        assert api.described(film)["description_id"] != first
        assert api.movie(film, locale="en-US")["selected_description"]["revision"] == 2


class TestWhatIsRefused:
    def test_an_unknown_description_is_not_found(self, api: Api, film: str) -> None:
        api.described(film)

        problem_of(api.withdraw(film, str(uuid4())), 404, "description-not-found")

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"reason": ""}, "body.reason"),
            ({"reason": "   "}, "body.reason"),
            ({"reason": None}, "body.reason"),
            ({"reason": "x" * 501}, "body.reason"),
            ({"reason": "one\ntwo"}, "body.reason"),
            ({"description_id": "x"}, "body.description_id"),
            ({"replaced_by": str(uuid4())}, "body.replaced_by"),
        ],
    )
    def test_a_wrong_field_is_named(self, api: Api, film: str, wrong: dict[str, Any], field: str) -> None:
        body = {"description_id": str(uuid4()), "reason": "wrong"} | wrong

        response = api.post(f"/v1/movies/{film}/withdrawals", json=body)

        assert [error["field"] for error in problem_of(response, 422)["errors"]] == [field]

    def test_a_reason_is_wanted(self, api: Api, film: str) -> None:
        response = api.post(f"/v1/movies/{film}/withdrawals", json={"description_id": str(uuid4())})

        assert [error["field"] for error in problem_of(response, 422)["errors"]] == ["body.reason"]


def _current(movie: dict[str, Any]) -> list[str]:
    return [text["id"] for text in movie["descriptions"] if text["is_current"]]


def _listed(api: Api, film: str) -> list[str]:
    """Found by its title, which no other film has."""
    found = api.get("/v1/movies", params={"q": film}).json()["items"]
    return [movie["slug"] for movie in found]
