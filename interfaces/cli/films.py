"""Films from a CSV file with the header `title,year,director,genre`."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from domain import slugs
from domain.errors import MovieMindError, TitleMakesNoSlug

COLUMNS = ("title", "year", "director", "genre")
REQUIRED_COLUMNS = ("title", "year")
MAX_LINE_LENGTH = 1_000_000

_SURPLUS = "surplus"


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


def read_films(path: Path, limit: int | None = None) -> Iterator[FilmRow]:
    """Row by row, so that a file may be of any size. Raises FilmsFileUnusable."""
    return (_film(line, cells) for line, cells in islice(_rows(path), limit))


def count_films(path: Path, limit: int | None = None) -> int:
    """How many rows there are, for progress. Raises FilmsFileUnusable: a file that cannot be read to its
    end is refused before anything of it is asked for."""
    return sum(1 for _ in islice(_rows(path), limit))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows that are not empty, with the line each ends on."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(_lines(file), strict=True, restkey=_SURPLUS)
            reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
            missing = [column for column in REQUIRED_COLUMNS if column not in reader.fieldnames]
            twice = [column for column in COLUMNS if reader.fieldnames.count(column) > 1]
            if twice:
                raise FilmsFileUnusable(str(path), f"its first line names {' and '.join(twice)} twice")
            if missing:
                raise FilmsFileUnusable(
                    str(path),
                    f"its first line must name the columns {','.join(COLUMNS)}, separated by commas; "
                    f"{' and '.join(missing)} not found",
                )
            for cells in reader:
                if any(str(cell or "").strip() for cell in cells.values()):
                    yield reader.line_num, cells
    except OSError as error:
        raise FilmsFileUnusable(str(path), error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise FilmsFileUnusable(str(path), "it is not UTF-8; save it as UTF-8") from error
    except csv.Error as error:
        raise FilmsFileUnusable(
            str(path), f"it is not well-formed CSV near line {reader.reader.line_num}: {error}"
        ) from error


def _lines(file: TextIO) -> Iterator[str]:
    """Line by line, but no line without an end."""
    while line := file.readline(MAX_LINE_LENGTH):
        if len(line) == MAX_LINE_LENGTH:
            raise csv.Error(f"a line has {MAX_LINE_LENGTH:,} characters or more")
        yield line


def _film(line: int, cells: dict[str, Any]) -> FilmRow:
    if _SURPLUS in cells:
        return FilmRow(
            line, None, "it has more cells than the first line names; put a cell with commas in quotes"
        )
    title, year, directors, genres = ((cells.get(column) or "").strip() for column in COLUMNS)
    if not title:
        return FilmRow(line, None, "title is empty; every film needs one")
    if year and not re.fullmatch(r"[0-9]{1,5}", year):
        return FilmRow(line, None, f"year '{year[:20]}' is not a number; write it as 1999 or leave it empty")
    release_year = int(year) if year else None
    try:
        slug = slugs.from_title(title, release_year)
    except TitleMakesNoSlug as error:
        return FilmRow(line, None, str(error))
    request = {
        "slug": slug,
        "title": title,
        "release_year": release_year,
        "director": directors or None,
        "genres": [genre.strip() for genre in genres.split(",") if genre.strip()],
    }
    return FilmRow(line, request)
