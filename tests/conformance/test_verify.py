"""A view is compared with a fresh fold, and the first row that is wrong is named."""

import json
from typing import Any

import pytest

from application.verify import Verified, verify
from application.view import View
from infrastructure import comparing
from infrastructure.store import Store
from interfaces.bootstrap import projections_of
from tests.support.random_films import RandomFilms
from tests.support.rebuilding import NAMES, Meanwhile, change, everything, follow, is_sqlite, select, tables


@pytest.fixture(autouse=True, params=[3, 5_000], ids=["many chunks", "one chunk"])
def _chunks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "CHUNK", request.param)


def verified(store: Store, **more: Any) -> list[Verified]:
    return verify(projections_of(store), log=store.log, second_sets=store.second_sets, **more)


def differences(store: Store) -> dict[str, str]:
    return {one.view: str(one.difference) for one in verified(store) if one.difference}


@pytest.mark.usefixtures("films")
def test_views_that_have_followed_the_log_hold_what_it_says(store: Store) -> None:
    before, kept = everything(store), tables(store)

    found = verified(store)

    assert [(one.view, one.difference) for one in found] == [(name, None) for name in NAMES]
    assert {one.position for one in found} == {store.log.head()}
    assert everything(store) == before, "nothing takes the place of live rows"
    assert tables(store) == kept


def test_views_of_an_empty_log_are_right(store: Store) -> None:
    assert differences(store) == {}


def test_the_first_row_that_is_wrong_is_named_with_what_is_wrong_in_it(
    store: Store, films: RandomFilms
) -> None:
    assert films.films
    slugs = [row["slug"] for row in select(store, "SELECT slug FROM movies ORDER BY slug")]
    jobs = [row["job_id"] for row in select(store, "SELECT job_id FROM jobs ORDER BY job_id")]
    position = select(store, "SELECT max(position) AS last FROM history")[0]["last"]
    change(
        store,
        f"UPDATE movies SET title = 'Wrong', director = 'Nobody' WHERE slug >= '{slugs[4]}'",
        f"DELETE FROM jobs WHERE job_id >= '{jobs[5]}'",
        f"UPDATE history SET position = position + 1 WHERE position = {position}",
    )

    assert differences(store) == {
        "movies": f"{slugs[4]} differs in title, director",
        "jobs": f"{jobs[5]} is missing",
        "history": f"{position} is missing",
    }


@pytest.mark.usefixtures("films")
def test_a_row_that_no_event_made_is_named(store: Store) -> None:
    columns = "attempt, slug, locale, context_tag, requested_by, at, model, calls, tokens_in, tokens_out"
    more = "cost_microusd, unknown_cost_calls, latency_ms, outcome, is_accepted, position"
    nobody = "00000000-0000-0000-0000-000000000000"
    change(
        store,
        f"INSERT INTO spending SELECT '{nobody}' AS job_id, {columns}, {more} FROM spending LIMIT 1",
    )

    assert differences(store) == {"spending": f"{nobody} 0 should not be there"}


@pytest.mark.usefixtures("films")
def test_a_document_that_is_only_written_otherwise_is_told_as_that(store: Store) -> None:
    (first,) = select(store, "SELECT min(position) AS position FROM history")
    (row,) = select(store, f"SELECT data FROM history WHERE position = {first['position']}")
    data = row["data"] if isinstance(row["data"], str) else json.dumps(row["data"])
    spaced = data.replace('":', '" :').replace("'", "''")
    change(store, f"UPDATE history SET data = '{spaced}' WHERE position = {first['position']}")

    (difference,) = differences(store).values()
    assert difference.startswith(f"{first['position']} differs in ")


@pytest.mark.usefixtures("films")
def test_what_stands_beside_a_table_is_compared_too(store: Store) -> None:
    if not is_sqlite(store):
        pytest.skip("there is nothing beside a table")
    (text,) = select(store, "SELECT min(description_id) AS first FROM movies_described")
    change(store, f"DELETE FROM movies_described WHERE description_id = '{text['first']}'")

    assert differences(store) == {"movies": f"{text['first']} is missing"}


def test_a_view_that_is_behind_is_compared_as_far_as_it_is(store: Store, films: RandomFilms) -> None:
    here = store.log.head()
    films.go_on(30)

    assert store.log.head() > here
    assert [(one.position, one.difference) for one in verified(store)] == [(here, None)] * len(NAMES)


def test_views_that_go_on_meanwhile_are_compared_as_they_were(store: Store, films: RandomFilms) -> None:
    def go_on(_: View[Any, Any]) -> None:
        films.go_on(10)
        follow(store)

    second_sets = Meanwhile(store, go_on)
    found = verify(projections_of(store), log=store.log, second_sets=second_sets)

    assert [one.difference for one in found] == [None] * len(NAMES)
    positions = [one.position for one in found]
    assert positions == sorted(set(positions)), "each was further than the one before"
