"""`moviemind`. Exit codes: 0 fine, 1 the thing asked about is bad, 2 usage, 130 interrupted."""

import os
import signal
import sys
from types import FrameType

from domain.errors import MovieMindError

INTERRUPTED = 130


def main() -> None:
    """The console script: known errors become a sentence, not a traceback."""
    signal.signal(signal.SIGTERM, _interrupt)
    _make_output_usable()
    try:
        # Imported here: it takes a second, in which Ctrl-C must not end in a traceback either.
        from interfaces.cli.app import app_for
        from interfaces.cli.fields import with_bare_json
        from interfaces.cli.output import complain_of

        try:
            app_for(sys.argv[1:])(with_bare_json(sys.argv[1:]))
        except MovieMindError as error:
            complain_of(error)
            sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # who reads us has seen enough, as `head` does
        _drop_output()
        sys.exit(1)
    except OSError as error:  # such as an output on a full disk
        _drop_output()
        sys.stderr.write(f"error: The command cannot go on: {error.strerror or error}.\n")
        sys.exit(1)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """A supervisor's way to stop a command; `up` has its own."""
    raise KeyboardInterrupt


def _make_output_usable() -> None:
    """Outputs may be closed, or in an encoding that lacks the quotes of most descriptions."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _drop_output() -> None:
    """What is still buffered must not fail once more when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
