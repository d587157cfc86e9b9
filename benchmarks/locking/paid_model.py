"""The paid model: an HTTP server on loopback that takes its time, and counts what it is asked."""

import http.client
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from benchmarks.locking.strategy import Job

ANSWER_SECONDS = 120


@dataclass(frozen=True, slots=True, eq=False)
class PaidCall:
    """Like no other, also one for the same job."""

    slug: str
    job_id: str
    worker_id: str


@dataclass
class PaidModel:
    """`seconds` is how long a call takes that comes from now on, by its film and its number there."""

    url: str
    seconds: Callable[[str, int], float] = lambda _slug, _number: 0.0
    _calls: defaultdict[str, list[PaidCall]] = field(default_factory=lambda: defaultdict(list))
    _open: set[PaidCall] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def calls(self, slug: str) -> list[PaidCall]:
        with self._changed:
            return [*self._calls[slug]]

    def wait_for_call(self, slug: str, number: int, seconds: float) -> PaidCall | None:
        """The first, second … for a film, as soon as it is there; None when it does not come in time."""
        with self._changed:
            calls = self._calls[slug]
            self._changed.wait_for(lambda: len(calls) >= number, seconds)
            return calls[number - 1] if len(calls) >= number else None

    def is_open(self, call: PaidCall) -> bool:
        """Its answer has not been sent yet: whoever asked is inside, or was until now."""
        with self._changed:
            return call in self._open

    def answer(self, call: PaidCall) -> str:
        with self._changed:
            self._open.add(call)
            self._calls[call.slug].append(call)
            number = len(self._calls[call.slug])
            self._changed.notify_all()
        time.sleep(self.seconds(call.slug, number))
        with self._changed:
            self._open.discard(call)
        return f"Description {number} of {call.slug}, paid for by the job {call.job_id}."


class ModelClient:
    """What a worker process asks the model with."""

    def __init__(self, url: str, worker_id: str) -> None:
        self._worker_id = worker_id
        self._line = http.client.HTTPConnection(str(urlsplit(url).netloc), timeout=ANSWER_SECONDS)

    def write(self, job: Job) -> str:
        asked = {"slug": job.slug, "job_id": str(job.job_id), "worker_id": self._worker_id}
        self._line.request("POST", "/", json.dumps(asked), {"Content-Type": "application/json"})
        text: str = json.loads(self._line.getresponse().read())["text"]
        return text


@contextmanager
def paid_model() -> Iterator[PaidModel]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.model = PaidModel(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.model
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    model: PaidModel

    def handle_error(self, *_: Any) -> None:
        """Workers that are killed in the middle of a request are what is measured."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        call = PaidCall(**json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        body = json.dumps({"text": self.server.model.answer(call)}).encode()
        with suppress(OSError):  # who asked was killed meanwhile
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Silent."""
