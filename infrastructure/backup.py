"""Backups of the event log: a directory with every event, readable without this program, and a manifest.

    events.ndjson.gz    an event a line, in the order of the log: stream, version, topic, and its stored text
    manifest.json       how many events, the SHA-256 of the lines, when, and from which log

The manifest is written last, so that a directory with one holds a whole backup. Everything else a store
holds is made again from the events. Restored events keep streams, versions and bytes; they get positions of
their new log, which has an epoch of its own.
"""

import gzip
import hashlib
import json
import os
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, IntegrityError, StoredEvent

from application.errors import store_errors
from application.event_log import LogRecorder
from infrastructure.errors import BackupNotUsable, BackupNotWritten, StoreHoldsOthers

EVENTS, MANIFEST = "events.ndjson.gz", "manifest.json"
FORMAT = 1
BATCH_SIZE = 500
SETTLE_SECONDS = 10.0
POLL_SECONDS = 0.05

Progress = Callable[[int], None]
"""Told how many more events are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`sha256` is that of all lines, `log_epoch` and `head` name the moment in the log that was copied."""

    format: int
    events: int
    sha256: str
    taken_at: str
    log_epoch: str
    head: int


def write_backup(
    directory: Path, recorder: LogRecorder, *, log_epoch: str, progress: Progress = lambda _: None
) -> Manifest:
    """Copy what is in the log now; the service may go on meanwhile. Nothing is left of one that fails.

    Raises BackupNotWritten, StoreUnavailable.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise BackupNotWritten(str(directory), "it is not empty; name a new one")
        with _discarded_if_unfinished(directory):
            return _write(directory, recorder, log_epoch, progress)
    except OSError as error:
        raise BackupNotWritten(str(directory), error.strerror or str(error)) from error


def read_manifest(directory: Path) -> Manifest:
    """Raises BackupNotUsable."""
    try:
        found = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest(**found)
    except OSError as error:
        raise BackupNotUsable(str(directory), f"{MANIFEST}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise BackupNotUsable(str(directory), f"{MANIFEST} cannot be read, or is none of a backup") from error
    if manifest.format != FORMAT:
        raise BackupNotUsable(
            str(directory), f"it has format {manifest.format}, and this version reads {FORMAT}"
        )
    return manifest


def check_backup(directory: Path) -> Manifest:
    """Read a backup from end to end. Raises BackupNotUsable."""
    manifest = read_manifest(directory)
    digest, count = hashlib.sha256(), 0
    for line in _lines(directory):
        digest.update(line)
        count += 1
    if (count, digest.hexdigest()) != (manifest.events, manifest.sha256):
        raise BackupNotUsable(
            str(directory), f"its {count} events are not the {manifest.events} that its manifest tells of"
        )
    return manifest


def restore_backup(
    directory: Path, recorder: ApplicationRecorder, *, progress: Progress = lambda _: None
) -> int:
    """Append the events of a checked backup to an empty log, or go on with a restore that was cut short.

    Returns how many were appended. Raises BackupNotUsable, StoreHoldsOthers, StoreUnavailable.
    """
    events = map(_event, _lines(directory))
    there = _skip_what_is_there(events, recorder, directory)
    progress(there)
    appended = 0
    while batch := list(islice(events, BATCH_SIZE)):
        try:
            with store_errors():
                recorder.insert_events(batch)
        except IntegrityError:
            raise StoreHoldsOthers(str(directory)) from None
        appended += len(batch)
        progress(len(batch))
    _skip_what_is_there(map(_event, _lines(directory)), recorder, directory)  # and nothing came between
    return appended


def _write(directory: Path, recorder: LogRecorder, log_epoch: str, progress: Progress) -> Manifest:
    head = _settled_head(directory, recorder)
    count, digest = _write_events(directory / EVENTS, recorder, head, progress)
    manifest = Manifest(
        format=FORMAT,
        events=count,
        sha256=digest,
        taken_at=datetime.now(UTC).isoformat(timespec="seconds"),
        log_epoch=log_epoch,
        head=head,
    )
    _sync(directory / EVENTS)
    (directory / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")
    _sync(directory / MANIFEST)
    _sync(directory)
    return manifest


def _settled_head(directory: Path, recorder: LogRecorder) -> int:
    """Of what is committed now, as soon as it can be read in order: a write under way may come before it."""
    deadline = time.monotonic() + SETTLE_SECONDS
    with store_errors():
        head = recorder.committed_head() or 0
        while (recorder.max_notification_id() or 0) < head:
            if time.monotonic() > deadline:
                raise BackupNotWritten(
                    str(directory),
                    "a transaction that does not end holds the log back; moviemind doctor says which",
                )
            time.sleep(POLL_SECONDS)
    return head


def _sync(path: Path) -> None:
    """What is told to be a backup shall be one after a power cut too."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _discarded_if_unfinished(directory: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):
            for name in (EVENTS, MANIFEST):
                (directory / name).unlink(missing_ok=True)
            directory.rmdir()
        raise


def _write_events(
    path: Path, recorder: ApplicationRecorder, head: int, progress: Progress
) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    with gzip.open(path, "wb") as file:
        for stored in _log(recorder, head):
            line = _line(stored)
            digest.update(line)
            file.write(line)
            count += 1
            progress(1)
    return count, digest.hexdigest()


def _log(recorder: ApplicationRecorder, head: int | None = None) -> Iterator[StoredEvent]:
    position = None
    while True:
        with store_errors():
            page = recorder.select_notifications(position, BATCH_SIZE, stop=head, inclusive_of_start=False)
        if not page:
            return
        position = page[-1].id
        yield from page


def _skip_what_is_there(events: Iterator[StoredEvent], recorder: ApplicationRecorder, directory: Path) -> int:
    """What an earlier restore has appended. Raises StoreHoldsOthers for anything else."""
    count = 0
    for there in _log(recorder):
        expected = next(events, None)
        if expected is None or _line(expected) != _line(there):
            raise StoreHoldsOthers(str(directory))
        count += 1
    return count


def _line(stored: StoredEvent) -> bytes:
    event: dict[str, Any] = {
        "stream": str(stored.originator_id),
        "version": stored.originator_version,
        "topic": stored.topic,
        "state": bytes(stored.state).decode(),
    }
    return json.dumps(event, ensure_ascii=False).encode() + b"\n"


def _event(line: bytes) -> StoredEvent:
    event = json.loads(line)
    return StoredEvent(
        originator_id=UUID(event["stream"]),
        originator_version=event["version"],
        topic=event["topic"],
        state=event["state"].encode(),
    )


def _lines(directory: Path) -> Iterator[bytes]:
    """Raises BackupNotUsable."""
    try:
        with gzip.open(directory / EVENTS, "rb") as file:
            yield from file
    except (OSError, EOFError, zlib.error) as error:
        raise BackupNotUsable(str(directory), f"{EVENTS}: {error}") from error
