"""A worker in a process of its own, to be killed: it begins the first message it gets and never ends it.

`python -m tests.conformance.queue_worker redis|database URL FILE`; the slug it has begun is written to FILE.
"""

import sys
import threading
from pathlib import Path
from uuid import UUID

from infrastructure.queues.database import DatabaseQueue
from infrastructure.queues.dramatiq_queue import DramatiqQueue
from tests.conformance.queue_drivers import LOG_EPOCH, redis_queue


def main(kind: str, url: str, begun: str) -> None:
    def hang(slug: str, _job_id: UUID) -> None:
        Path(begun).write_text(slug, encoding="utf-8")
        threading.Event().wait()

    _open(kind, url).start(hang, threads=1)
    threading.Event().wait()


def _open(kind: str, url: str) -> DramatiqQueue:
    if kind == "redis":
        return redis_queue(url)
    return DatabaseQueue(url, epoch=LOG_EPOCH)


if __name__ == "__main__":
    main(*sys.argv[1:])
