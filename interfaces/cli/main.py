"""`moviemind`. Exit codes: 0 fine, 1 the thing asked about is bad, 2 usage, 130 interrupted."""

import os
import sys

from domain.errors import MovieMindError

INTERRUPTED = 130


def main() -> None:
    """The console script: known errors become a sentence, not a traceback."""
    try:
        # Imported here: it takes a second, in which Ctrl-C must not end in a traceback either.
        from interfaces.cli.app import app
        from interfaces.cli.fields import with_bare_json
        from interfaces.cli.output import complain_of

        try:
            app(with_bare_json(sys.argv[1:]))
        except MovieMindError as error:
            complain_of(error)
            sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # who reads us has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
