"""Client and AsyncClient do the same with a real service; each test is run with both."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from application.movie_listing import MovieOrder
from domain.errors import SlugRefused
from domain.values import ContextTag, JobStatus
from infrastructure.choices import Auth
from interfaces.client import (
    AsyncClient,
    JobEvent,
    JobNotEnded,
    KeyUnusable,
    ServiceRefused,
    ServiceUnreachable,
)
from interfaces.http.schemas.generation import GenerationAnswer
from interfaces.http.schemas.movies import MovieAnswer, MovieChoices
from tests.integration.http.api import Api, Serve, new_film
from tests.support.clients import KINDS, Connect, connecting
from tests.support.proxy import Proxy


@pytest.fixture(params=KINDS)
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    with connecting(request.param) as connect:
        yield connect


@pytest.fixture
def client(connect: Connect, api: Api) -> Any:
    return connect(api.base_url)


def test_a_film_is_asked_for_waited_for_and_read(client: Any, film: str) -> None:
    asked = client.generate(film, title="The Film", release_year=1999, director="Ann O'Lee")
    job = client.wait(asked.job_id, timeout_seconds=30)
    movie = client.movie(film)

    assert (asked.slug, job.status) == (film, JobStatus.DONE)
    assert isinstance(movie, MovieAnswer)
    assert (movie.title, movie.director) == ("The Film", "Ann O'Lee")
    assert [text.id for text in movie.descriptions] == [job.description_id]
    assert client.generate(film).description_id == job.description_id, "it is there now"


def test_a_request_may_wait_for_its_text(client: Any, film: str) -> None:
    assert client.generate(film, wait_seconds=20).status is JobStatus.DONE
    movie = client.movie(film, context_tag=ContextTag.MODERN, wait_seconds=20)
    assert isinstance(movie, MovieAnswer)
    assert movie.selected_description is not None
    assert movie.selected_description.context_tag is ContextTag.MODERN


def test_several_styles_are_asked_for_together(client: Any, film: str) -> None:
    styles = [ContextTag.MODERN, ContextTag.CRITICAL]
    asked = client.generate_styles(film, styles)

    assert [one.context_tag for one in asked] == styles
    assert {client.wait(one.job_id).status for one in asked} == {JobStatus.DONE}
    assert [one.context_tag for one in client.generate_styles(film, [])] == [ContextTag.DEFAULT]


def test_forced_texts_are_new_and_a_repeat_with_the_same_key_is_not(client: Any, film: str) -> None:
    first = client.generate(film, wait_seconds=20)
    key = str(uuid4())
    second = client.generate(film, force=True, idempotency_key=key)
    repeated = client.generate(film, force=True, idempotency_key=key)

    assert first.job_id != second.job_id == repeated.job_id


def test_reading_tells_what_there_is_not_yet_and_what_may_be_meant(
    client: Any, connect: Connect, waiting_api: Api
) -> None:
    assert isinstance(connect(waiting_api.base_url).movie(new_film()), GenerationAnswer)

    title = f"twin-{uuid4().hex[:8]}x"
    for year in (1990, 1991):
        client.generate(f"{title}-{year}", wait_seconds=20)
    choices = client.movie(title)
    assert isinstance(choices, MovieChoices)
    assert {option.slug for option in choices.options} == {f"{title}-1990", f"{title}-1991"}


def test_a_film_is_read_as_it_was(client: Any, film: str) -> None:
    client.generate(film, wait_seconds=20)

    assert client.movie(film, version=1).descriptions == []
    with pytest.raises(ServiceRefused, match="has no version 99") as refused:
        client.movie(film, version=99)
    assert (refused.value.status, refused.value.code) == (404, "version-not-found")


def test_listings_are_read_to_their_end(
    client: Any, api: Api, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interfaces.client.calls.PAGE", 3)
    for asked in client.generate_styles(film, list(ContextTag)):
        client.wait(asked.job_id)
    api.settle()

    versions = [entry.version for entry in client.history(film)]
    assert versions == list(range(1, 3 * len(ContextTag) + 2)), "registered; requested, started, written"
    assert len({job.job_id for job in client.jobs(slug=film)}) == len(ContextTag)
    for order in ("asc", "desc"):
        found = client.movies(slug=film, sort=MovieOrder.TITLE, order=order)
        assert [movie.slug for movie in found] == [film]


def test_every_change_of_a_job_is_told_and_what_was_heard_is_not_told_again(client: Any, film: str) -> None:
    job_id = client.generate(film).job_id

    events = list(client.events(job_id))

    assert [event.job.status.value for event in events] == ["PENDING", "IN_PROGRESS", "DONE"]
    assert list(client.events(job_id, after=events[0].id)) == events[1:]
    assert list(client.events(job_id, after=events[-1].id)) == []


def test_a_stream_that_breaks_is_taken_up_where_it_was(connect: Connect, serve: Serve, film: str) -> None:
    with serve(template_latency_ms=500) as api, _through_a_proxy(api) as (proxy, url):
        client = connect(url)
        job_id = client.generate(film).job_id
        events = []
        for event in client.events(job_id):
            events.append(event)
            proxy.go_down()
            proxy.come_up()

    assert [event.job.status.value for event in events] == ["PENDING", "IN_PROGRESS", "DONE"]


def test_who_follows_jobs_can_ask_with_the_only_connection(
    connect: Connect, waiting_api: Api, film: str
) -> None:
    client = connect(waiting_api.base_url, connections=1)
    job_id = client.generate(film).job_id
    asked = list[JobStatus]()

    def ask_while_following() -> None:
        events = [client.events(job_id) for _ in range(3)]
        asked.extend(client.job(next(one).job.job_id).status for one in events)
        for one in events:
            one.close()

    following = threading.Thread(target=ask_while_following, daemon=True)
    following.start()
    following.join(20)
    assert asked == [JobStatus.PENDING] * 3


def test_a_stream_can_be_left_before_it_ends(waiting_api: Api, film: str) -> None:
    async def first_event() -> JobEvent:
        async with AsyncClient(str(waiting_api.base_url)) as client:
            job_id = (await client.generate(film)).job_id
            async with aclosing(client.events(job_id)) as events:
                return await anext(events)

    assert asyncio.run(first_event()).job.status is JobStatus.PENDING


def test_who_waits_is_told_when_it_takes_too_long(connect: Connect, waiting_api: Api, film: str) -> None:
    client = connect(waiting_api.base_url)
    job_id = client.generate(film).job_id

    with pytest.raises(JobNotEnded, match=r"has not ended within 0\.3 seconds"):
        client.wait(job_id, timeout_seconds=0.3)


def test_what_is_refused_is_told_with_its_problem(client: Any) -> None:
    for call in (
        lambda: client.generate("1999"),
        lambda: client.job(uuid4()),
        lambda: list(client.events(uuid4())),
        lambda: list(client.history("no-such-film-1999")),
    ):
        with pytest.raises(ServiceRefused) as refused:
            call()
        assert refused.value.status in {400, 404}
        assert refused.value.problem["type"] == refused.value.code


@pytest.mark.parametrize("slug", [".", "..", "../admin/keys", "heat-1995/history", "heat 1995", ""])
def test_what_is_no_slug_never_becomes_part_of_a_path(client: Any, slug: str) -> None:
    for call in (lambda: client.movie(slug), lambda: list(client.history(slug))):
        with pytest.raises(SlugRefused):
            call()


@pytest.mark.parametrize("url", ["http://[::1", "localhost:8000", "ftp://localhost", "", "http://"])
def test_what_is_no_address_is_told(connect: Connect, url: str) -> None:
    with pytest.raises(ServiceUnreachable, match="address"):
        connect(url)


def test_a_key_is_never_quoted_and_a_line_break_of_its_file_not_sent(connect: Connect, serve: Serve) -> None:
    key = "a-key-that-nobody-guesses"
    with serve(auth=Auth.ON, bootstrap_admin_key=key) as api:
        connect(api.base_url, key=f"{key}\n").generate(new_film())
        for unusable in (f"{key}\nX-Evil: 1", f"{key}é"):
            with pytest.raises(KeyUnusable) as told:
                connect(api.base_url, key=unusable)
            assert key not in str(told.value)


def test_nobody_answers(connect: Connect) -> None:
    client = connect("http://127.0.0.1:9")

    for call in (lambda: client.job(uuid4()), lambda: list(client.events(uuid4()))):
        with pytest.raises(ServiceUnreachable, match=r"does not answer at http://127\.0\.0\.1:9"):
            call()


def test_a_key_is_sent_and_requests_wait_where_it_has_sent_too_many(connect: Connect, serve: Serve) -> None:
    key = "a-key-that-nobody-guesses"
    with serve(auth=Auth.ON, bootstrap_admin_key=key, rate_limit_generate=3) as api:
        client = connect(api.base_url, key=key, patience_seconds=0)
        for _ in range(3):
            client.generate(new_film())
        with pytest.raises(ServiceRefused) as refused:
            client.generate(new_film())
        assert refused.value.code == "rate-limited"
        assert refused.value.retry_after_seconds >= 1
        with pytest.raises(ServiceRefused, match="No known key"):
            connect(api.base_url).generate(new_film())


@contextmanager
def _through_a_proxy(api: Api) -> Iterator[tuple[Proxy, str]]:
    port = urlsplit(str(api.base_url)).port
    assert port is not None
    proxy = Proxy(port)
    yield proxy, f"http://127.0.0.1:{proxy.port}"
    proxy.close()
