"""The process in which a service has views rebuilt: `python -m interfaces.rebuilder NAME…`.

A rebuild takes a processor for itself, which those who wait for answers would miss. Nothing comes in on its
standard input; that ends however the service does, and the process with it. On its standard output it says
BEGUN, or the code of the error that has kept it from that.
"""

import os
import signal
import sys
import threading
from contextlib import closing

import structlog

from domain.errors import MovieMindError
from infrastructure.logs import configure_logs
from infrastructure.settings import load_settings
from interfaces.bootstrap import open_store_beside
from interfaces.rebuild_processes import BEGUN
from interfaces.rebuilding import rebuild, tune_for_folding

log = structlog.get_logger()


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service, with which we end
    threading.Thread(target=_end_with_the_service, name="lifeline", daemon=True).start()
    tune_for_folding()
    try:
        settings = load_settings()
        configure_logs(settings.log_level, settings.log_format)
        with closing(open_store_beside(settings)) as store:
            rebuilt = rebuild(settings, store, sys.argv[1:], begun=lambda: _say(BEGUN))
    except MovieMindError as error:
        _say(error.code)
        log.error("rebuild.failed", reason=str(error))  # noqa: TRY400 - it says what to do, not where it was
        sys.exit(1)
    for one in rebuilt:
        log.info("rebuild.done", view=one.view, events=one.events, rows=one.rows)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _end_with_the_service() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
