"""A file of a thousand real films, asked for twice."""

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from interfaces.cli.demo import FILMS
from tests.support.process import moviemind

MISSING_DIRECTORS, MISSING_GENRES = 4, 30


def test_a_thousand_films_are_described_once_and_the_second_run_adds_no_event(tmp_path: Path) -> None:
    data = tmp_path / "data"

    first = moviemind("generate", "--from", str(FILMS), "--data-dir", str(data), "--json", "all")
    events = _events(data)
    second = moviemind("generate", "--from", str(FILMS), "--data-dir", str(data), "--json", "all")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    summary = json.loads(first.stdout)["summary"]
    assert (summary["films"], summary["written"], summary["errors"]) == (1000, 1000, 0)
    assert json.loads(second.stdout)["summary"]["described_already"] == 1000
    assert _events(data) == events
    assert events["movie-generation:DescriptionGenerated"] == 1000
    _assert_facts_are_right(data)


def _events(data: Path) -> dict[str, int]:
    with closing(sqlite3.connect(data / "moviemind.db")) as store:
        return dict(store.execute("SELECT topic, count(*) FROM stored_events GROUP BY topic").fetchall())


def _assert_facts_are_right(data: Path) -> None:
    with closing(sqlite3.connect(data / "moviemind-views.db")) as views:
        rows = views.execute("SELECT slug, title, release_year, director, genres FROM movies").fetchall()
    films = {
        (title, year): (slug, director, json.loads(genres)) for slug, title, year, director, genres in rows
    }
    with FILMS.open(encoding="utf-8", newline="") as file:
        wanted = list(csv.DictReader(file))
    assert len(films) == len(wanted) == 1000
    for film in wanted:
        _, director, genres = films[film["title"], int(film["year"])]
        assert director == (film["director"].strip() or None)
        assert genres == [genre.strip() for genre in film["genre"].split(",") if genre.strip()]
    assert films["Amélie", 2001][0] == "amelie-2001"
    assert films["La Fièvre Monte à El Pao", 1959][0] == "la-fievre-monte-a-el-pao-1959"
    assert len({films["Heat", year][0] for title, year in films if title == "Heat"}) == 3
    assert sum(director is None for _, director, _ in films.values()) == MISSING_DIRECTORS
    assert sum(not genres for _, _, genres in films.values()) == MISSING_GENRES
