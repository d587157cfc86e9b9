"""GET /v1/movies/{slug}/diff: what changed between two versions of a film."""

from typing import Any

import pytest

from tests.integration.http.api import Api, body_of, changed, problem_of


class TestADiff:
    def test_without_versions_the_whole_life_of_the_film_is_compared(self, api: Api, film: str) -> None:
        job = api.described(film)

        diff = _diff(api, film)

        text = api.movie(film)["default_description"]["text"]
        assert diff == {
            "slug": film,
            "from_version": 1,
            "to_version": 4,
            "facts": [],
            "default_before_id": None,
            "default_after_id": job["description_id"],
            "texts": [
                {
                    "locale": "en-US",
                    "context_tag": "DEFAULT",
                    "before_id": None,
                    "after_id": job["description_id"],
                    "words": [{"change": "added", "text": " ".join(text.split())}],
                }
            ],
        }

    def test_an_edit_is_shown_word_by_word(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        one = changed(api.edit(film, "A hacker\nwakes up.", based_on=first), 201)
        two = changed(api.edit(film, "A hacker sleeps.", based_on=first), 201)

        (change,) = _diff(api, film, one["version"], two["version"])["texts"]

        assert change["before_id"] == one["selected_description"]["id"]
        assert change["after_id"] == two["selected_description"]["id"]
        assert change["words"] == [
            {"change": "same", "text": "A hacker"},
            {"change": "removed", "text": "wakes up."},
            {"change": "added", "text": "sleeps."},
        ]

    def test_corrected_facts_are_shown_before_and_after(self, api: Api, film: str) -> None:
        api.described(film, title="The Film", genres=["Drama"])
        changed(api.correct(film, title="Der Film", release_year=None, genres=["Drama", "Crime"]))

        diff = _diff(api, film, 4)

        assert diff["facts"] == [
            {"field": "title", "before": "The Film", "after": "Der Film"},
            {"field": "release_year", "before": 1999, "after": None},
            {"field": "genres", "before": ["Drama"], "after": ["Drama", "Crime"]},
        ]
        assert diff["texts"] == []

    def test_a_promotion_for_its_variant_is_a_change_of_its_text(self, api: Api, film: str) -> None:
        first, second = _two_revisions(api, film)
        before = api.movie(film)["version"]
        after = changed(api.promote(film, first))["version"]

        diff = _diff(api, film, before, after)

        (change,) = diff["texts"]
        assert (change["before_id"], change["after_id"]) == (second, first)
        assert diff["default_before_id"] == diff["default_after_id"] == second

    def test_a_promotion_for_the_film_is_a_change_of_its_default(self, api: Api, film: str) -> None:
        first, second = _two_revisions(api, film)
        changed(api.promote(film, first, "film"))

        diff = _diff(api, film, 7)

        assert (diff["default_before_id"], diff["default_after_id"]) == (second, first)
        assert diff["texts"] == []

    def test_every_variant_is_compared_with_itself(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        changed(api.edit(film, "Po polsku.", based_on=first, locale="pl-PL"), 201)
        changed(api.edit(film, "Shorter.", based_on=first), 201)

        english, polish = _diff(api, film, 4)["texts"]

        assert (english["locale"], english["before_id"]) == ("en-US", first)
        assert (polish["locale"], polish["before_id"]) == ("pl-PL", None)
        assert polish["words"] == [{"change": "added", "text": "Po polsku."}]

    def test_backwards_what_was_added_is_removed(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        changed(api.edit(film, "Mine.", based_on=first, context_tag="modern"), 201)

        (change,) = _diff(api, film, 5, 4)["texts"]

        assert change["after_id"] is None
        assert change["words"] == [{"change": "removed", "text": "Mine."}]

    def test_a_version_is_no_different_from_itself(self, api: Api, film: str) -> None:
        api.described(film)

        diff = _diff(api, film, 4, 4)

        assert (diff["facts"], diff["texts"]) == ([], [])
        assert diff["default_before_id"] == diff["default_after_id"] is not None

    def test_what_no_reader_sees_is_no_difference(self, waiting_api: Api, film: str) -> None:
        waiting_api.accepted(film, context_tag=["DEFAULT", "modern"])

        diff = _diff(waiting_api, film)

        assert (diff["to_version"], diff["facts"], diff["texts"]) == (3, [], [])

    def test_a_withdrawn_text_is_named_and_not_shown(self, api: Api, film: str) -> None:
        first = api.described(film)["description_id"]
        edited = changed(api.edit(film, "Slander!", based_on=first), 201)["selected_description"]["id"]
        changed(api.withdraw(film, edited))

        (gone,) = _diff(api, film, 5, 6)["texts"]

        assert (gone["before_id"], gone["after_id"]) == (edited, first)
        assert {words["change"] for words in gone["words"]} == {"added"}
        (came,) = _diff(api, film, 4, 5)["texts"]
        assert (came["before_id"], came["after_id"]) == (first, edited)
        assert {words["change"] for words in came["words"]} == {"removed"}

    def test_a_change_can_be_seen_as_soon_as_it_is_made(self, api: Api, film: str) -> None:
        api.described(film)
        for number in range(10):
            title = f"Film {number}"
            version = changed(api.correct(film, title=title))["version"]
            diff = _diff(api, film, version - 1)
            assert [fact["after"] for fact in diff["facts"]] == [title]


class TestWhatIsRefused:
    @pytest.mark.parametrize("versions", [(5, None), (1, 5), (5, 1), (2**31 - 1, None)])
    def test_a_version_the_film_never_had_is_not_found(
        self, api: Api, film: str, versions: tuple[int, int | None]
    ) -> None:
        api.described(film)

        unknown = problem_of(_ask(api, film, *versions), 404, "version-not-found")

        assert (unknown["slug"], unknown["newest"]) == (film, 4)
        assert unknown["version"] in versions
        assert unknown["detail"].endswith("its versions are 1 to 4.")

    @pytest.mark.parametrize("value", ["0", "-1", "x", "", "1.5", str(2**31)])
    @pytest.mark.parametrize("name", ["from", "to"])
    def test_what_is_no_version_is_refused(self, api: Api, film: str, name: str, value: str) -> None:
        response = api.get(f"/v1/movies/{film}/diff", params={name: value})

        assert [error["field"] for error in problem_of(response, 422)["errors"]] == [f"query.{name}"]

    def test_a_film_nobody_asked_for_is_not_found_and_not_begun(self, api: Api, film: str) -> None:
        for _ in range(2):
            assert problem_of(_ask(api, film), 404, "movie-not-found")["slug"] == film

    @pytest.mark.parametrize("slug", ["2012", "The-Matrix", "ab"])
    def test_a_bad_slug_is_refused(self, api: Api, slug: str) -> None:
        problem_of(_ask(api, slug), 400, "slug-refused")


def _ask(api: Api, film: str, from_version: int | None = None, to_version: int | None = None) -> Any:
    versions = {"from": from_version, "to": to_version}
    given = {name: version for name, version in versions.items() if version is not None}
    return api.get(f"/v1/movies/{film}/diff", params=given)


def _diff(api: Api, film: str, *versions: int) -> dict[str, Any]:
    response = _ask(api, film, *versions)
    assert response.status_code == 200, response.text
    return body_of(response)


def _two_revisions(api: Api, film: str) -> tuple[str, str]:
    first = api.described(film)["description_id"]
    return first, api.described(film, force=True)["description_id"]
