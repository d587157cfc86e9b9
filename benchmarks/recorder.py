"""`python -m benchmarks.recorder`: appends per second on PostgreSQL, beside the library's own recorder.

Both on one server, one after the other in each round, 8 threads that append events of 300 bytes, one at a
time, as commands do. The server is PostgreSQL with its default durability: every commit is synced.
"""

import statistics
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from eventsourcing.persistence import ApplicationRecorder

from tests.support.recorders import postgres_recorders, stock_recorders, stored
from tests.support.servers import Postgres

THREADS, SECONDS, ROUNDS = 8, 4.0, 5
WANTED_RATIO = 2.5
STATE = b"x" * 300


def main() -> None:
    with TemporaryDirectory(prefix="moviemind-benchmark-") as home, ExitStack() as stack:
        Path(home).chmod(0o755)
        server = Postgres(Path(home))
        server.start()
        stack.callback(server.stop)
        ours = stack.enter_context(postgres_recorders(server))()
        stock = stack.enter_context(stock_recorders(server))()
        _say(f"{server.execute('SHOW server_version')[0][0]}, {THREADS} threads, rounds of {SECONDS:g} s")
        ratios = []
        for number in range(1, ROUNDS + 1):
            theirs, own = _appends_per_second(stock), _appends_per_second(ours)
            ratios.append(own / theirs)
            _say(f"round {number}: library {theirs:,.0f}/s, ours {own:,.0f}/s, ratio {ratios[-1]:.1f}")
        ratio = statistics.median(ratios)
        follow = statistics.median(
            _milliseconds(lambda: ours.select_notifications(1 << 62, 10)) for _ in range(200)
        )
        _say(f"median ratio {ratio:.1f}; a look of a follower for what is new takes {follow:.2f} ms")
    sys.exit(ratio < WANTED_RATIO)


def _appends_per_second(recorder: ApplicationRecorder) -> float:
    ends_at = time.monotonic() + SECONDS
    counts = [0] * THREADS

    def append(thread: int) -> None:
        while time.monotonic() < ends_at:
            recorder.insert_events([stored(state=STATE)])
            counts[thread] += 1

    threads = [threading.Thread(target=append, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


def _milliseconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
