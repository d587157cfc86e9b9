"""The embedded queue: dramatiq's StubBroker and worker threads inside the process.

Messages live in memory and are gone with the process; a new epoch at each start makes the dispatcher send
again what is due.
"""

import secrets

from dramatiq.brokers.stub import StubBroker

from infrastructure.queues.dramatiq_queue import QUEUES, DramatiqQueue


class EmbeddedQueue(DramatiqQueue):
    def __init__(self) -> None:
        self._stub = StubBroker(middleware=[])
        self._epoch = secrets.token_hex(4)
        super().__init__(self._stub)

    def epoch(self) -> str:
        return self._epoch

    def waiting(self) -> int:
        """Also those that the worker has fetched and given to no thread: all is in one process."""
        in_queues: int = sum(self._stub.queues[name].qsize() for name in QUEUES)
        return in_queues + (self._worker.work_queue.qsize() if self._worker else 0)

    def _take_no_more(self) -> None:
        """There are no others."""
