"""Films from a CSV file with the header `title,year,director,genre`."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain import slugs
from domain.errors import MovieMindError, TitleMakesNoSlug

COLUMNS = ("title", "year", "director", "genre")
REQUIRED_COLUMNS = ("title", "year")


@dataclass(eq=False)
class FilmsFileUnusable(MovieMindError):
    """The file {path} cannot be used: {reason}."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class FilmRow:
    """A row of the file: the film as the API wants it, or what is wrong with it."""

    line: int
    request: dict[str, Any] | None
    error: str | None = None


def read_films(path: Path) -> Iterator[FilmRow]:
    """Row by row, so that a file may be of any size. Raises FilmsFileUnusable."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
            missing = [column for column in REQUIRED_COLUMNS if column not in reader.fieldnames]
            if missing:
                raise FilmsFileUnusable(
                    str(path),
                    f"its first line must name the columns {','.join(COLUMNS)}; "
                    f"{' and '.join(missing)} not found",
                )
            for row in reader:
                if any(str(cell or "").strip() for cell in row.values()):
                    yield _film(reader.line_num, row)
    except OSError as error:
        raise FilmsFileUnusable(str(path), error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise FilmsFileUnusable(
            str(path), f"it is not UTF-8 (byte {error.start}); save it as UTF-8"
        ) from error
    except csv.Error as error:
        raise FilmsFileUnusable(
            str(path), f"it is not well-formed CSV near line {reader.reader.line_num}: {error}"
        ) from error


def count_films(path: Path) -> int:
    """How many rows there are, for progress. Raises FilmsFileUnusable."""
    return sum(1 for _ in read_films(path))


def _film(line: int, row: dict[str, str | None]) -> FilmRow:
    title, year = (row["title"] or "").strip(), (row["year"] or "").strip()
    if not title:
        return FilmRow(line, None, "title is empty; every film needs one")
    if year and not re.fullmatch(r"[0-9]{1,5}", year):
        return FilmRow(line, None, f"year '{year[:20]}' is not a number; write it as 1999 or leave it empty")
    release_year = int(year) if year else None
    try:
        slug = slugs.from_title(title, release_year)
    except TitleMakesNoSlug as error:
        return FilmRow(line, None, str(error))
    genres = [genre.strip() for genre in (row.get("genre") or "").split(",")]
    request = {
        "slug": slug,
        "title": title,
        "release_year": release_year,
        "director": (row.get("director") or "").strip() or None,
        "genres": [genre for genre in genres if genre],
    }
    return FilmRow(line, request)
