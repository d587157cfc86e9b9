"""A file of a thousand real films, asked for twice."""

import csv
import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from subprocess import DEVNULL, Popen

from interfaces.cli.demo import FILMS
from tests.support.process import MOVIEMIND, environment, moviemind, wait_until

GENERATED = "movie-generation:DescriptionGenerated"
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
    assert events[GENERATED] == 1000
    _assert_facts_are_right(data)


def test_a_killed_command_is_run_again_and_completes_the_file_with_nothing_twice(tmp_path: Path) -> None:
    films, data, rows = tmp_path / "films.csv", tmp_path / "data", 600
    films.write_text("title,year\n" + "".join(f"Killed {n},1999\n" for n in range(rows)), encoding="utf-8")
    command = [str(MOVIEMIND), "generate", "--from", str(films), "--data-dir", str(data)]
    with Popen(command, env=environment(template_latency_ms="20"), stdout=DEVNULL) as process:
        wait_until(lambda: (data / "moviemind-views.db").exists(), "the service has begun")
        wait_until(lambda: _events(data)[GENERATED] > 20, "texts are written")
        process.kill()
    assert _events(data)[GENERATED] < rows, "it was killed in the middle"

    again = moviemind("generate", "--from", str(films), "--data-dir", str(data), "--json", "summary")

    assert again.returncode == 0, again.stderr
    with closing(sqlite3.connect(data / "moviemind.db")) as store:
        per_film = store.execute(
            "SELECT count(*) FROM stored_events WHERE topic = ? GROUP BY originator_id", (GENERATED,)
        ).fetchall()
    assert per_film == [(1,)] * rows


def _events(data: Path) -> Counter[str]:
    with closing(sqlite3.connect(data / "moviemind.db", timeout=30)) as store:
        query = "SELECT topic, count(*) FROM stored_events GROUP BY topic"
        return Counter(dict(store.execute(query).fetchall()))


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
