"""The client of the command line, told by a service that it has to wait."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from interfaces.cli.client import Client, NotMovieMind, ServiceRefused

FULL = {"type": "store-unavailable", "detail": "The store cannot be used at the moment: its disk is full."}


def _client(answers: Iterator[httpx.Response], monkeypatch: pytest.MonkeyPatch) -> Client:
    client = Client("http://service")
    answering = httpx.Client(
        base_url="http://service", transport=httpx.MockTransport(lambda _request: next(answers))
    )
    client._http.close()
    monkeypatch.setattr("interfaces.cli.client.BUSY_SECONDS", 0.001)
    monkeypatch.setattr(client, "_http", answering)
    return client


def _busy() -> httpx.Response:
    return httpx.Response(503, json=FULL)


def test_a_request_waits_for_a_service_that_cannot_serve_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job = {"job_id": "1", "status": "DONE"}
    answers = iter([_busy(), _busy(), httpx.Response(200, json=job), _busy(), httpx.Response(200, json=job)])
    client = _client(answers, monkeypatch)

    assert [client.job("1"), client.job("1")] == [job, job]
    assert capsys.readouterr().err == f"waiting: {FULL['detail']}\n"


def test_patience_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interfaces.cli.client.PATIENCE_SECONDS", 0.0)
    client = _client(iter([_busy()]), monkeypatch)

    with pytest.raises(ServiceRefused) as refused:
        client.job("1")
    assert refused.value.code == "store-unavailable"


def test_waiting_can_be_ended_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    client = _client(iter([_busy()]), monkeypatch)
    client.stop_waiting()

    with pytest.raises(ServiceRefused):
        client.job("1")


def test_what_must_not_happen_twice_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    changes: tuple[Callable[[Client], object], ...] = (
        lambda client: client.change("POST", "heat-1995", "/descriptions", {}, seen=4),
        lambda client: client.generate({"slug": "heat-1995", "force": True}),
        lambda client: client.cancel("1"),
        lambda client: client.retry("1", "again"),
    )
    for change in changes:
        with pytest.raises(ServiceRefused):
            change(_client(iter([_busy()]), monkeypatch))


@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize("body", ["<html>", "[]"])
def test_what_speaks_no_moviemind_is_named(body: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    client = _client(iter([httpx.Response(status, text=body)]), monkeypatch)

    with pytest.raises(NotMovieMind, match="What answers at http://service is not MovieMind"):
        client.job("1")
