"""`moviemind up` with a Redis beside it: the same answers, whatever becomes of Redis."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from application.tallies import Tally
from infrastructure.settings import load_settings
from interfaces.bootstrap import open_store
from interfaces.embedded import embedded_service
from tests.integration.http.api import FAILS, Api, new_film
from tests.support.core import in_threads
from tests.support.servers import Redis

Serve = Callable[..., Any]


@pytest.fixture
def serve(server: Redis, tmp_path: Path) -> Serve:
    @contextmanager
    def serving(*, works: bool = True, **settings: Any) -> Iterator[Api]:
        configured = load_settings(
            data_dir=tmp_path / "data", port=0, poll_seconds=0.05, redis_url=server.url, **settings
        )
        with embedded_service(configured, works=works) as url, Api(url) as api:
            yield api

    return serving


def _keys(server: Redis) -> set[str]:
    """What kinds of keys there are."""
    with closing(server.client()) as client:
        return {str(key).split(":")[2] for key in client.keys("*")}


def test_redis_is_used_where_it_is_named(serve: Serve, server: Redis) -> None:
    with serve(works=False) as api:
        api.accepted(new_film())
        api.settle()

        assert _keys(server) == {"in-flight", "job", "job-cache", "job-cache-lease"}


def test_a_herd_over_http_is_one_job(serve: Serve) -> None:
    film = new_film()
    with serve(works=False) as api:
        answers = in_threads(*[lambda: api.accepted(film)] * 40)

        assert len({answer["job_id"] for answer in answers}) == 1
        assert {answer["status"] for answer in answers} == {"PENDING"}
        assert len(api.get("/v1/jobs").json()["items"]) == 1


def test_what_a_token_answered_is_counted_as_a_duplicate_prevented(serve: Serve, tmp_path: Path) -> None:
    film = new_film()
    with serve(works=False) as api:
        in_threads(*[lambda: api.accepted(film)] * 40)

    with closing(open_store(load_settings(data_dir=tmp_path / "data"))) as store:
        assert store.tallies.totals()[Tally.DUPLICATES_PREVENTED] == 39


def test_who_reads_a_film_that_is_being_written_is_answered_by_its_token_too(serve: Serve) -> None:
    film = new_film()
    with serve(works=False) as api:
        first = api.get(f"/v1/movies/{film}")
        again = api.get(f"/v1/movies/{film}")

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["job_id"] == again.json()["job_id"]


def test_a_described_film_leaves_no_token_and_answers_200(serve: Serve, server: Redis) -> None:
    film = new_film()
    with serve() as api:
        job = api.described(film)

        assert api.job(job["job_id"]) == job
        assert api.generate(film).status_code == 200
        assert "in-flight" not in _keys(server)


def test_a_cancelled_job_and_a_retried_one_are_shown_as_they_are(serve: Serve) -> None:
    film, failing = new_film(), new_film()
    with serve(works=False) as api:
        cancelled = api.accepted(film)["job_id"]
        assert api.delete(f"/v1/jobs/{cancelled}").json()["status"] == "CANCELLED"
        assert api.job(cancelled)["status"] == "CANCELLED"
        assert api.accepted(film)["job_id"] != cancelled
    with serve(**FAILS) as api:
        failed = api.ended(api.accepted(failing)["job_id"])
        assert failed["status"] == "FAILED"
    with serve(works=False) as api:
        assert api.post(f"/v1/jobs/{failed['job_id']}/retry").json()["status"] == "PENDING"
        assert api.job(failed["job_id"])["status"] == "PENDING"
        assert api.accepted(failing)["job_id"] == failed["job_id"]


def _kill(server: Redis) -> None:
    server.kill9()


def _freeze(server: Redis) -> None:
    server.freeze()


@pytest.mark.parametrize("damage", [_kill, _freeze])
def test_without_redis_every_request_is_accepted_and_every_job_ends(
    serve: Serve, server: Redis, damage: Callable[[Redis], None]
) -> None:
    with serve() as api:
        before = api.accepted(new_film())["job_id"]
        damage(server)
        jobs = [api.accepted(new_film())["job_id"] for _ in range(10)]

        assert {api.ended(job)["status"] for job in [before, *jobs]} == {"DONE"}


def test_a_service_starts_without_its_redis_and_uses_it_once_it_is_there(
    serve: Serve, server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infrastructure.redis.optional.REST_SECONDS", 0.05)
    server.kill9()
    with serve() as api:
        assert api.ended(api.accepted(new_film())["job_id"])["status"] == "DONE"
        server.start()
        server.client().flushall()

        assert api.ended(api.accepted(new_film())["job_id"])["status"] == "DONE"
