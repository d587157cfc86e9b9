"""People who go on asking for films, whatever happens to the service."""

import threading
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any, Self

import httpx

from tests.support.process import wait_until

ASKERS = 3
PAUSE_SECONDS = 0.2
PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Answered:
    """`body` is the answer, or its problem document."""

    slug: str
    status: int
    body: dict[str, Any]


class Traffic:
    """While the block runs, some clients ask for one new film after the other."""

    def __init__(self, url: str, films: str) -> None:
        """The films are `films-1-1999`, `films-2-1999` and so on."""
        self._url = url
        self._films = films
        self._numbers = count(1)
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._ask, name=f"asker-{n}") for n in range(ASKERS)]
        self.answers: list[Answered] = []
        self.errors: list[httpx.TransportError] = []

    def accepted(self) -> list[Answered]:
        return [answer for answer in self.answers if answer.status == httpx.codes.ACCEPTED]

    def refused(self) -> list[Answered]:
        return [answer for answer in self.answers if answer.status != httpx.codes.ACCEPTED]

    def wait_for_accepted(self, more: int = 4) -> None:
        wanted = len(self.accepted()) + more
        wait_until(lambda: len(self.accepted()) >= wanted, f"{more} more requests are accepted")

    def wait_for_refused(self, more: int = 1) -> None:
        wanted = len(self.refused()) + more
        wait_until(lambda: len(self.refused()) >= wanted, f"{more} more requests are refused")

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        with httpx.Client(base_url=self._url, timeout=PATIENCE_SECONDS) as client:
            while not self._ending.wait(PAUSE_SECONDS):
                slug = f"{self._films}-{next(self._numbers)}-1999"
                try:
                    response = client.post("/v1/generate", json={"slug": slug})
                except httpx.TransportError as error:
                    self.errors.append(error)
                else:
                    self.answers.append(Answered(slug, response.status_code, response.json()))
