"""`python -m benchmarks.persistence`."""

import typer

from benchmarks.persistence.main import main

if __name__ == "__main__":
    typer.run(main)
