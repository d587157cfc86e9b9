"""Asking for many films: a chunk of them in flight at a time, so that a file may be of any size."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from domain.values import ContextTag, JobStatus
from interfaces.cli.films import FilmRow
from interfaces.cli.following import follow
from interfaces.cli.output import progress
from interfaces.client import Client, Operator, ServiceRefused
from interfaces.client.calls import Wanted
from interfaces.http.schemas.generation import GenerationAnswer, JobAnswer

CONNECTIONS = 8
CHUNK = 200

_FOR_ALL = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)

T = TypeVar("T")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a row, or why the service refused it."""

    line: int
    slug: str | None
    error: str


@dataclass(slots=True)
class Asked:
    """`films` were read; of the texts asked for, `described_already` were there; the `jobs` of the others
    ended as `written` or `failed`, or are `still_being_written`. `errors` counts bad rows."""

    films: int = 0
    described_already: int = 0
    jobs: int = 0
    written: int = 0
    failed: int = 0
    still_being_written: int = 0
    errors: int = 0


def ask_each(
    rows: Iterable[FilmRow],
    total: int | None,
    ask: Callable[[dict[str, Any]], Answer],
    client: Client,
    *,
    doing: str,
) -> Generator[tuple[FilmRow, Answer | RowError], None, None]:
    """The answer to every row, with a progress bar. Rows of one slug are asked one after the other: which of
    two films of one title and year comes first decides which of them has the plain slug.

    Raises ServiceUnreachable, and ServiceRefused when the service cannot serve at all or the budget is
    spent: the other rows would fare no better.
    """

    def answer(row: FilmRow) -> tuple[FilmRow, Answer | RowError]:
        if row.request is None:
            return row, RowError(row.line, None, row.error or "")
        try:
            return row, ask(row.request)
        except ServiceRefused as refusal:
            if refusal.status in _FOR_ALL:
                raise
            return row, RowError(row.line, row.request["slug"], str(refusal))

    def answer_in_order(group: list[FilmRow]) -> list[tuple[FilmRow, Answer | RowError]]:
        return [answer(row) for row in group]

    with ThreadPoolExecutor(CONNECTIONS) as pool, progress() as bar:
        task = bar.add_task(doing, total=total)
        try:
            for chunk in _chunks(rows):
                for group in pool.map(answer_in_order, _by_slug(chunk)):
                    for answered in group:
                        bar.advance(task)
                        yield answered
        except BaseException:
            # Interrupted, or the service is gone: what has not been sent need not be.
            client.stop_waiting()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def ask_all(
    rows: Iterable[FilmRow],
    total: int | None,
    client: Operator,
    context_tags: Sequence[ContextTag],
    wanted: Wanted,
    *,
    asked: Asked,
    waits: bool,
    on_wait: Callable[[str], None],
    on_error: Callable[[RowError], None],
    on_end: Callable[[JobAnswer], None],
) -> None:
    """Ask for every film, and with `waits` follow the jobs while others are asked for.

    `asked` is kept up to date, so that it is true also after an interruption.
    """
    known: set[UUID] = set()
    waiting: deque[UUID] = deque()

    def follow_oldest(most_waiting: int) -> None:
        while len(waiting) > most_waiting:
            job = follow(waiting.popleft(), client, on_wait=on_wait)
            is_written = job.status is JobStatus.DONE
            asked.still_being_written -= 1
            asked.written += is_written
            asked.failed += not is_written
            on_end(job)

    def take(answers: list[GenerationAnswer]) -> None:
        for one in answers:
            if one.status is JobStatus.DONE:
                asked.described_already += 1
            elif one.job_id not in known:
                known.add(one.job_id)
                asked.jobs += 1
                asked.still_being_written += 1
                if waits:
                    waiting.append(one.job_id)
                    follow_oldest(CHUNK)

    def ask(film: dict[str, Any]) -> list[GenerationAnswer]:
        return client.generate_styles(context_tags=context_tags, **film, **wanted)

    with closing(ask_each(rows, total, ask, client, doing="asking")) as answers:
        for _, answer in answers:
            asked.films += 1
            if isinstance(answer, RowError):
                asked.errors += 1
                on_error(answer)
            else:
                take(answer)
    if waiting:
        with progress() as bar:
            writing = bar.add_task("writing", total=len(waiting))
            while waiting:
                follow_oldest(len(waiting) - 1)
                bar.advance(writing)


def _by_slug(rows: Iterable[FilmRow]) -> list[list[FilmRow]]:
    groups: dict[str | int, list[FilmRow]] = {}
    for row in rows:
        groups.setdefault(row.request["slug"] if row.request else row.line, []).append(row)
    return list(groups.values())


def _chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk
