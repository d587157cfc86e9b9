"""Tables of pages."""

from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers_from: int | None = None) -> str:
    """From the column `numbers_from` on there are numbers, which stand on the right."""
    words = len(columns) if numbers_from is None else numbers_from
    alignment = ["---"] * words + ["---:"] * (len(columns) - words)
    return "\n".join(f"| {' | '.join(line)} |" for line in (columns, alignment, *rows))
