"""A paid model as a real HTTP server on loopback: it speaks OpenAI's chat completions, and may misbehave."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Exchange"], None]
"""Answers one request, or fails to."""

TOKENS_IN, TOKENS_OUT = 1_000, 100


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request, and the connection to answer it on."""

    body: dict[str, Any]
    headers: dict[str, str]
    handler: BaseHTTPRequestHandler

    def film(self) -> dict[str, Any]:
        """The facts the writer was told."""
        told = self.body["messages"][-1]["content"]
        line = next(line for line in told.splitlines() if line.startswith("{"))
        facts: dict[str, Any] = json.loads(line)
        return facts

    def send(self, status: int, body: bytes, **headers: str) -> None:
        _server(self).model.answered(self)
        self.handler.send_response(status)
        self.handler.send_header("Content-Type", "application/json")
        self.handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()
        self.handler.wfile.write(body)


@dataclass
class ModelServer:
    """`behaviour` answers what is asked from now on; `asked` holds every request that came.

    `tokens_out` is what each answer is said to have taken, `most_at_once` how many requests were answered at
    the same time.
    """

    url: str
    behaviour: Behaviour
    asked: list[Exchange] = field(default_factory=list)
    tokens_out: int = TOKENS_OUT
    most_at_once: int = 0
    _unanswered: list[Exchange] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, exchange: Exchange) -> None:
        with self._lock:
            self.asked.append(exchange)
            self._unanswered.append(exchange)
            self.most_at_once = max(self.most_at_once, len(self._unanswered))
        try:
            self.behaviour(exchange)
        finally:
            self.answered(exchange)

    def answered(self, exchange: Exchange) -> None:
        """Before the client can know it, so that its next request is not counted beside this one."""
        with self._lock:
            self._unanswered = [other for other in self._unanswered if other is not exchange]


@contextmanager
def model_server(behaviour: Behaviour | None = None) -> Iterator[ModelServer]:
    """Stopped at the end, with whatever it was in the middle of."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.model = ModelServer(f"http://127.0.0.1:{server.server_address[1]}/v1", behaviour or answers())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.model
    finally:
        server.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()


def answers(**changes: Any) -> Behaviour:
    """A good answer about the film that was asked for, in English, with these fields changed."""

    def answer(exchange: Exchange) -> None:
        film = exchange.film()
        content = {
            "known": True,
            "title": film["title"],
            "release_year": film["release_year"],
            "director": film["director"],
            "genres": film["genres"],
            "description": [
                f"In this quiet and patient film called {film['title']}, two strangers share a train.",
                f"What they tell each other in {film['release_year']} changes how each of them goes home.",
            ],
        } | changes
        completes(json.dumps(content))(exchange)

    return answer


def completes(content: str | None, *, finish_reason: str = "stop", **message: Any) -> Behaviour:
    """A completion with this content, paid for."""

    def answer(exchange: Exchange) -> None:
        exchange.send(200, completion(exchange, content, finish_reason, message))

    return answer


def completion(
    exchange: Exchange, content: str | None, finish_reason: str, message: dict[str, Any] | None = None
) -> bytes:
    tokens_out = _server(exchange).model.tokens_out
    return json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": exchange.body["model"],
            "choices": [
                {
                    "index": 0,
                    "finish_reason": finish_reason,
                    "message": {"role": "assistant", "content": content, **(message or {})},
                }
            ],
            "usage": {
                "prompt_tokens": TOKENS_IN,
                "completion_tokens": tokens_out,
                "total_tokens": TOKENS_IN + tokens_out,
            },
        }
    ).encode()


def refuses(status: int, **headers: str) -> Behaviour:
    """An error of the provider, in OpenAI's form."""
    body = json.dumps({"error": {"message": "No.", "type": "error", "code": None}}).encode()
    return lambda exchange: exchange.send(status, body, **headers)


def one_after_the_other(*behaviours: Behaviour) -> Behaviour:
    """The last one again and again."""
    left = list(behaviours)
    lock = threading.Lock()

    def answer(exchange: Exchange) -> None:
        with lock:
            behaviour = left.pop(0) if len(left) > 1 else left[0]
        behaviour(exchange)

    return answer


def resets(exchange: Exchange) -> None:
    """The connection breaks in the middle of the body."""
    body = completion(exchange, "{}", "stop")
    exchange.handler.send_response(200)
    exchange.handler.send_header("Content-Length", str(len(body)))
    exchange.handler.end_headers()
    exchange.handler.wfile.write(body[: len(body) // 2])
    exchange.handler.wfile.flush()
    exchange.handler.connection.shutdown(2)


def serves_a_page(exchange: Exchange) -> None:
    """HTML for people, as something between a service and its provider may send."""
    page = b"<!DOCTYPE html><html><body><h1>We will be right back</h1></body></html>"
    exchange.handler.send_response(200)
    exchange.handler.send_header("Content-Type", "text/html")
    exchange.handler.send_header("Content-Length", str(len(page)))
    exchange.handler.end_headers()
    exchange.handler.wfile.write(page)


def trickles(seconds: float) -> Behaviour:
    """A byte now and then, for ever."""

    def answer(exchange: Exchange) -> None:
        exchange.handler.send_response(200)
        exchange.handler.send_header("Content-Length", "1000000")
        exchange.handler.end_headers()
        while not _ending(exchange).wait(seconds):
            exchange.handler.wfile.write(b" ")
            exchange.handler.wfile.flush()

    return answer


def never_answers(exchange: Exchange) -> None:
    _ending(exchange).wait()


def takes(seconds: float, then: Behaviour) -> Behaviour:
    def answer(exchange: Exchange) -> None:
        time.sleep(seconds)
        then(exchange)

    return answer


def gathers(number: int, then: Behaviour) -> Behaviour:
    """Keeps the first that ask until so many are asking at once."""

    def answer(exchange: Exchange) -> None:
        while _server(exchange).model.most_at_once < number and not _ending(exchange).wait(0.005):
            pass
        then(exchange)

    return answer


def _server(exchange: Exchange) -> "_Server":
    server = exchange.handler.server
    assert isinstance(server, _Server)
    return server


def _ending(exchange: Exchange) -> threading.Event:
    return _server(exchange).ending


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    model: ModelServer

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.ending = threading.Event()

    def handle_error(self, *_: Any) -> None:
        """Clients that give up in the middle are what is tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        exchange = Exchange(body, dict(self.headers.items()), self)
        self.server.model.answer(exchange)

    def log_message(self, *_: Any) -> None:
        """Silent."""
