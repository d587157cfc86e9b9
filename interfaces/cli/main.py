"""`moviemind`. Exit codes: 0 fine, 1 the thing asked about is bad, 2 usage, 130 interrupted."""

import sys

from domain.errors import MovieMindError

INTERRUPTED = 130


def main() -> None:
    """The console script: known errors become a sentence, not a traceback."""
    try:
        # Imported here: it takes a second, in which Ctrl-C must not end in a traceback either.
        from interfaces.cli.app import app
        from interfaces.cli.output import complain

        try:
            app()
        except MovieMindError as error:
            complain(str(error))
            sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
