"""What the commands about films and jobs print beside a running service, and what they never do."""

import os
import pty
import re
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest

from domain.values import ContextTag, JobStatus, Locale
from interfaces.client import Client
from interfaces.http.schemas.movies import MovieAnswer
from tests.e2e.conftest import Ended
from tests.support.process import MOVIEMIND, Up, environment, moviemind, wait_until

SLUG = "the-matrix-1999"
NOBODY = "00000000-0000-4000-8000-000000000000"
Command = Callable[..., Ended]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A service for all tests here, which keep apart by asking for films of their own."""
    up = Up(tmp_path_factory.mktemp("up") / "data").start()
    yield up
    up.close()


@pytest.fixture
def client(up: Up) -> Iterator[Client]:
    client = Client(up.url)
    yield client
    client.close()


@pytest.fixture
def at(up: Up) -> tuple[str, str]:
    return "--url", up.url


def _described(client: Client, slug: str, **more: Any) -> MovieAnswer:
    """The film, once a text of it is written."""
    answer = client.generate(slug, **more)
    assert client.wait(answer.job_id).status is JobStatus.DONE
    return _film(client, slug)


def _film(client: Client, slug: str) -> MovieAnswer:
    film = client.movie(slug)
    assert isinstance(film, MovieAnswer)
    return film


class TestMovies:
    def test_a_search_finds_films_whatever_the_case_and_the_accents(
        self, client: Client, at: tuple[str, str], command: Command
    ) -> None:
        _described(client, "amelie-2001", title="Amélie", director="Jean-Pierre Jeunet", genres=["Romance"])

        for words in (["AMELIE"], ["amélie", "jeun"], ["--director", "jeunet"], ["2001", "romance"]):
            assert (
                command("movies", "search", *words, *at).out
                == "amelie-2001\tAmélie\t2001\tJean-Pierre Jeunet\t1\n"
            )
        assert command("movies", "search", "melie", *at).out == "", "words are found by their beginnings"
        assert command("movies", "search", "amelie", "--year", "1999", *at).out == ""

    def test_a_listing_is_cut_at_the_limit_and_says_so(
        self, client: Client, at: tuple[str, str], command: Command
    ) -> None:
        for slug in ("limit-one-1999", "limit-two-1999"):
            _described(client, slug)

        cut = command("movies", "search", "limit", "--limit", "1", *at)
        assert cut.out.count("\n") == 1
        assert cut.err == "there are more than 1; see them with a larger --limit\n"
        assert command("movies", "search", "limit", "--limit", "2", *at).err == ""

    def test_a_film_is_shown_with_its_texts_and_nothing_is_asked_for_by_looking(
        self, client: Client, at: tuple[str, str], command: Command
    ) -> None:
        movie = _described(client, "heat-1995", context_tag=ContextTag.CRITICAL)
        (text,) = movie.descriptions

        shown = command("movies", "show", "heat-1995", *at).out
        assert shown.startswith("Heat (1995)  heat-1995  v")
        assert str(text.id) in shown
        assert text.text in shown
        polish = command("movies", "show", "heat-1995", "--locale", "pl-PL", *at)
        assert polish.err.startswith(
            "error: The film 'heat-1995' has no pl-PL description to show; ask for one"
        )

        missing = command("movies", "show", "never-asked-1999", *at)
        assert (missing.code, missing.err) == (
            1,
            "error: The film 'never-asked-1999' has no description to show; ask for one with: "
            "moviemind generate never-asked-1999\n",
        )
        assert [job.slug for job in client.jobs(slug="never-asked-1999")] == []

    def test_json_alone_lists_the_fields_and_with_fields_prints_those(
        self, client: Client, at: tuple[str, str], command: Command
    ) -> None:
        _described(client, "fields-1999")

        assert {"slug", "title", "version"} <= set(command("movies", "list", *at, "--json").json())
        assert "job_id" in command("jobs", "show", "--json").json(), "whatever else is missing"
        wanted = command("movies", "search", "fields", "--json", "title,slug", *at)
        assert wanted.json() == [{"title": "Fields", "slug": "fields-1999"}]
        (whole,) = command("movies", "search", "fields", "--json", "all", *at).json()
        assert set(whole) == set(command("movies", "list", "--json").json())

        unknown = command("movies", "list", "--json", "titel", *at)
        assert unknown.code == 2
        assert "there is no field titel; there are id, slug" in " ".join(
            unknown.err.replace("│", " ").split()
        )


class TestCorrections:
    def test_people_edit_promote_correct_and_withdraw_and_the_history_tells_it(
        self, client: Client, at: tuple[str, str], command: Command
    ) -> None:
        slug = "corrected-1999"
        first = str(_described(client, slug).default_description_id)

        edited = command(
            "edit", first, "--text", "Somebody wrote this. It is short.", *at, "--json", "all"
        ).json()
        second = edited["default_description_id"]
        assert second != first
        assert [text["origin"] for text in edited["descriptions"]] == ["GENERATED", "EDITED"]
        promoted = command("promote", first, *at, "--json", "descriptions").json()
        assert [text["is_current"] for text in promoted["descriptions"]] == [True, False]
        command("promote", first, "--scope", "film", *at)
        corrected = command(
            "correct", slug, "--director", "Jane Doe", "--genre", "Drama", "--reason", "unknown", *at
        ).out
        assert "by Jane Doe; Drama" in corrected
        withdrawn = command("withdraw", first, "--reason", "wrong", *at).out
        assert first not in withdrawn
        assert f"{second} current default" in withdrawn

        told = command("history", slug, *at).out
        for line in (
            "A person wrote revision 2 of the DEFAULT description in en-US.",
            f"Description {first} was promoted (variant).",
            f"Description {first} was promoted (film).",
            "by Jane Doe: unknown.",
            f"Description {first} was withdrawn: wrong.",
        ):
            assert line in told

    def test_a_withdrawn_text_is_told_from_one_that_never_was(
        self, client: Client, at: tuple[str, str], command: Command
    ) -> None:
        text = _described(client, "withdrawn-1999").default_description_id
        command("withdraw", text, "--reason", "wrong", *at)

        for again in (
            ["withdraw", text, "--reason", "wrong"],
            ["promote", text],
            ["edit", text, "--text", "New."],
        ):
            refused = command(*again, *at)
            assert refused.code == 1
            assert refused.err.startswith(f"error: Description {text} of 'withdrawn-1999' has been withdrawn")
        assert "has no description to show" in command("movies", "show", "withdrawn-1999", *at).err

    def test_a_film_without_a_text_can_be_corrected(self, tmp_path: Path, command: Command) -> None:
        fails = Up(tmp_path / "data", template_latency_ms="50", ai_deadline_seconds="0.01").start()
        try:
            client = Client(fails.url)
            client.generate(SLUG)
            corrected = command("correct", SLUG, "--title", "Matrix", "--reason", "wrong", "--url", fails.url)
            assert corrected.out.startswith("Matrix (1999)")
            client.close()
        finally:
            fails.close()

    def test_a_text_may_come_from_a_file(
        self, client: Client, at: tuple[str, str], command: Command, tmp_path: Path
    ) -> None:
        movie = _described(client, "from-a-file-1999")
        file = tmp_path / "text.txt"
        file.write_text("Line one.\nLine two.\n", encoding="utf-8")

        options = ("--file", file, "--locale", "pl-PL", "--context-tag", "humorous")
        command("edit", movie.default_description_id, *options, *at)

        film = client.movie("from-a-file-1999", locale=Locale.PL_PL, context_tag=ContextTag.HUMOROUS)
        assert isinstance(film, MovieAnswer)
        mine = film.selected_description
        assert mine is not None
        assert mine.text == "Line one.\nLine two."
        missing = command("edit", mine.id, "--file", tmp_path / "none", *at)
        assert missing.code == 1
        assert missing.err.startswith(f"error: The text in {tmp_path / 'none'} cannot be read: ")

    def test_what_is_unknown_or_nothing_is_said_in_a_sentence(
        self, client: Client, at: tuple[str, str], command: Command
    ) -> None:
        unknown = command("promote", NOBODY, *at)
        assert unknown.code == 1
        assert unknown.err.startswith(f"error: No film has a description {NOBODY}; ")

        movie = _described(client, "nothing-1999")
        blank = command("edit", movie.default_description_id, "--text", " ", *at)
        assert blank.code == 1
        assert "body.text" in blank.err
        nothing = command("correct", "nothing-1999", "--reason", "none", *at)
        assert nothing.code == 2
        assert "say what is right: --title, --year, --director or --genre" in nothing.err


class TestDiff:
    def test_two_versions_of_a_film_and_two_texts_are_compared_word_by_word(
        self, client: Client, at: tuple[str, str], command: Command
    ) -> None:
        slug = "compared-1999"
        first = _described(client, slug)
        base = first.default_description_id
        one = command("edit", base, "--text", "A good film.", *at, "--json", "all").json()
        two = command("edit", base, "--text", "A very good film.", *at, "--json", "all").json()

        versions = command("diff", f"{slug}@{one['version']}", f"{slug}@{two['version']}", *at).out
        assert "A {+very+} good film.\n" in versions
        ids = [movie["default_description_id"] for movie in (two, one)]
        assert "A [-very-] good film.\n" in command("diff", *ids, *at).out
        same = command("diff", f"{slug}@{two['version']}", f"{slug}@{two['version']}", *at)
        assert same.out == "Nothing that readers see.\n"

    @pytest.mark.parametrize(
        ("a", "b", "code", "reason"),
        [
            ("heat-1995@1", "alien-1979@2", 2, "compare two versions of one film"),
            ("heat-1995", "alien-1979", 2, "write two versions of a film"),
            ("heat-1995@1", NOBODY, 2, "write two versions of a film"),
            (NOBODY, NOBODY, 1, "No film has a description"),
            ("unheard-of-1999@1", "unheard-of-1999@2", 1, "There is no film 'unheard-of-1999'"),
        ],
    )
    def test_what_cannot_be_compared_is_refused(
        self, a: str, b: str, code: int, reason: str, at: tuple[str, str], command: Command
    ) -> None:
        refused = command("diff", a, b, *at)

        assert refused.code == code
        assert reason in " ".join(refused.err.replace("│", " ").split())


class TestJobs:
    def test_jobs_are_listed_shown_and_watched_to_their_end(
        self, client: Client, at: tuple[str, str], command: Command
    ) -> None:
        job_id = client.generate("watched-1999").job_id

        watched = command("jobs", "watch", job_id, *at)
        assert watched.code == 0
        assert watched.out.splitlines()[-1] == f"{job_id} watched-1999 en-US DEFAULT DONE"
        assert command("jobs", "list", "--since", "2999-01-01T00:00:00+02:00", *at).out == ""
        assert "2026-01-31T12" in command("jobs", "list", "--since", "yesterday", *at).err
        since = ("--since", "2026-01-31T12:00:00Z")
        listed = command("jobs", "list", "--slug", "watched-1999", "--status", "DONE", *since, *at).out
        assert listed.startswith(f"{job_id}\tDONE\twatched-1999\ten-US\tDEFAULT\t1/3\t")
        assert re.search(r"│ status +│ DONE +│", command("jobs", "show", job_id, *at).out)

    def test_a_job_that_is_final_or_unknown_is_named_and_the_others_are_still_done(
        self, client: Client, at: tuple[str, str], command: Command
    ) -> None:
        done = client.generate("final-1999").job_id
        client.wait(done)

        refused = command("jobs", "cancel", NOBODY, done, *at)
        assert refused.code == 1
        assert refused.err == (
            f"error: There is no job {NOBODY}.\n"
            f"error: Job {done} has ended as DONE and cannot be changed any more.\n"
        )
        assert "only a FAILED job can be retried" in command("jobs", "retry", done, *at).err

    def test_failed_jobs_are_listed_retried_and_cancelled(self, tmp_path: Path, command: Command) -> None:
        fails = Up(
            tmp_path / "data",
            template_latency_ms="50",
            ai_deadline_seconds="0.01",
            retry_backoff_seconds="5,0.01",  # so that it is still active when it is watched
        ).start()
        try:
            at = ("--url", fails.url)
            with closing(Client(fails.url)) as client:
                job_id = client.generate(SLUG).job_id

            watched = command("jobs", "watch", *at)
            assert (watched.code, watched.out.splitlines()[-1]) == (
                1,
                f"{job_id} {SLUG} en-US DEFAULT FAILED: Writing took too long.",
            )
            assert command("jobs", "failed", *at).out.endswith("\tTIMEOUT\n")
            assert command("jobs", "retry", job_id, "--reason", "again", *at).code == 0
            command("jobs", "watch", job_id, *at)
            told = command("history", SLUG, *at).out
            assert "New tries were requested: again." in told
        finally:
            fails.close()


class TestDryRuns:
    def test_a_dry_run_says_what_would_be_asked_and_asks_for_nothing(
        self, client: Client, at: tuple[str, str], command: Command, tmp_path: Path
    ) -> None:
        _described(client, "dry-one-1999", director="A")
        films = tmp_path / "films.csv"
        films.write_text(
            "title,year,director,genre\nDry One,1999,A,\nDry Two,1999,A,\nDry Two,1999,A,\n"
            "Dry Two,1999,B,\nDry One,1999,B,\n$,1999,,\n",
            encoding="utf-8",
        )
        before = list(client.jobs())

        dry = command("generate", "--from", films, "--dry-run", "--json", "all", *at)

        assert dry.code == 1, "a row is bad"
        assert dry.json()["summary"] == {
            "films": 6,
            "described_already": 1,
            "being_written": 0,
            "calls": 3,
            "estimated_cost_microusd": 0,
            "errors": 1,
        }
        assert {film["slug"] for film in dry.json()["films"]} == {
            "dry-two-1999",
            "dry-two-1999-b",
            "dry-one-1999-b",
        }
        assert list(client.jobs()) == before
        told = command(
            "generate", "--from", films, "--dry-run", "--limit", "2", "--context-tag", "modern", *at
        )
        assert "would ask for dry-two-1999 in modern\n" in told.out
        real = command("generate", "--from", films, "--wait", "--json", "summary", *at).json()["summary"]
        assert real["written"] == dry.json()["summary"]["calls"], "it has told the truth"

    def test_several_styles_are_asked_for_at_once_and_force_asks_for_another_text(
        self, client: Client, at: tuple[str, str], command: Command
    ) -> None:
        styles = ("--context-tag", "modern", "--context-tag", "critical")
        asked = command("generate", "styles-1999", *styles, "--wait", "--json", "all", *at).json()
        assert {job["context_tag"] for job in asked["jobs"]} == {"modern", "critical"}

        again = command("generate", "styles-1999", *styles, "--json", "summary", *at).json()["summary"]
        assert (again["described_already"], again["jobs"]) == (2, 0)
        command("generate", "styles-1999", "--context-tag", "modern", "--force", "--wait", *at)
        texts = _film(client, "styles-1999").descriptions
        assert sorted((text.context_tag, text.revision) for text in texts) == [
            ("critical", 1),
            ("modern", 1),
            ("modern", 2),
        ]


class TestExplain:
    def test_a_code_is_explained_without_a_service_in_any_case_and_a_misspelt_one_is_guessed(
        self, command: Command
    ) -> None:
        explained = command("explain", "timeout").out
        assert explained.startswith("TIMEOUT: The text was not there within the deadline")
        assert "What to do: " in explained
        assert command("explain", "slug-refused", "--json", "code,met").json() == {
            "code": "slug-refused",
            "met": "api",
        }
        guessed = command("explain", "slug-refsed")
        assert guessed.code == 2
        assert "did you mean slug-refused?" in " ".join(guessed.err.replace("│", " ").split())


class TestManners:
    def test_a_service_that_is_not_there_or_is_no_moviemind_is_named(
        self, command: Command, tmp_path: Path
    ) -> None:
        gone = command("movies", "list", "--url", "http://127.0.0.1:9")
        assert gone.code == 1
        assert gone.err.startswith("error: The service does not answer at http://127.0.0.1:9: ")

    def test_nothing_but_the_facts_is_printed_to_a_pipe_and_colour_is_for_terminals(
        self, up: Up, client: Client
    ) -> None:
        _described(client, "piped-1999")
        for arguments in (["movies", "show", "piped-1999"], ["history", "piped-1999"], ["jobs", "list"]):
            ended = moviemind(*arguments, "--url", up.url)
            assert (ended.returncode, ended.stderr) == (0, "")
            assert "\x1b" not in ended.stdout

    def test_on_a_terminal_there_is_colour_unless_no_color_is_set(self, up: Up, client: Client) -> None:
        _described(client, "coloured-1999")
        arguments = ["history", "coloured-1999", "--url", up.url]

        assert "\x1b[1m" in _on_a_terminal(arguments)
        coloured = re.compile(r"\x1b\[(\d;)?3[0-9]")
        assert coloured.search(_on_a_terminal(["jobs", "show", NOBODY, "--url", up.url]))
        assert not coloured.search(_on_a_terminal(["jobs", "show", NOBODY, "--url", up.url], NO_COLOR="1"))

    def test_a_reader_that_has_seen_enough_ends_a_listing_without_a_traceback(
        self, up: Up, client: Client
    ) -> None:
        _described(client, "broken-pipe-1999")
        with Popen(
            [MOVIEMIND, "explain", "--json", "all"], env=environment(), stdout=PIPE, stderr=PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert "Traceback" not in process.stderr.read()

    @pytest.mark.parametrize("output", ["/dev/full", None])
    def test_an_output_that_cannot_be_written_is_no_traceback(self, output: str | None) -> None:
        redirect = f">{output}" if output else ">&-"
        ended = subprocess.run(
            f"{MOVIEMIND} explain {redirect}",
            shell=True,
            env=environment(),
            stderr=PIPE,
            text=True,
            check=False,
        )
        said = "error: The command cannot go on: No space left on device.\n" if output else ""
        assert ended.stderr == said

    def test_an_output_without_curly_quotes_gets_something_for_them(self, up: Up, client: Client) -> None:
        _described(client, "latin-1999")
        ended = subprocess.run(
            [MOVIEMIND, "history", "latin-1999", "--url", up.url],
            env=environment() | {"PYTHONIOENCODING": "latin-1"},
            capture_output=True,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (0, b"")

    @pytest.mark.parametrize("endless", [["edit", NOBODY, "--file"], ["generate", "--from"]])
    def test_an_endless_file_is_refused(self, endless: list[str], command: Command, tmp_path: Path) -> None:
        refused = command(*endless, "/dev/zero", "--data-dir", tmp_path)
        assert refused.code == 1
        assert "/dev/zero cannot be" in refused.err

    def test_the_shell_completes_commands(self) -> None:
        asked = {"_MOVIEMIND_COMPLETE": "complete_bash", "COMP_WORDS": "moviemind jo", "COMP_CWORD": "1"}
        with Popen([MOVIEMIND], env=environment() | asked, stdout=PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.read().split() == ["jobs"]

    def test_a_long_work_shows_its_rate_on_a_terminal(self, up: Up, tmp_path: Path) -> None:
        films = tmp_path / "films.csv"
        films.write_text("title,year\n" + "".join(f"Rate {n},1999\n" for n in range(50)), encoding="utf-8")

        shown = _on_a_terminal(["generate", "--from", str(films), "--wait", "--url", up.url])

        assert re.search(r"asking .*50/50\x1b\[0m \d+/s", shown), shown
        assert re.search(r"writing .*50/50", shown), "also while the last texts are waited for"

    def test_a_file_ends_with_its_counts_when_the_service_is_gone(self, tmp_path: Path) -> None:
        films = tmp_path / "films.csv"
        films.write_text("title,year\n" + "".join(f"Gone {n},1999\n" for n in range(5_000)), encoding="utf-8")
        gone = Up(tmp_path / "data", template_latency_ms="20").start()
        arguments = [str(MOVIEMIND), "generate", "--from", str(films), "--url", gone.url]
        with Popen(arguments, env=environment(), stdout=PIPE, stderr=PIPE, text=True) as process:
            wait_until(lambda: _texts(gone.data_dir) > 5, "texts are written")
            gone.kill9()
            out, err = process.communicate(timeout=60)

        assert process.returncode == 1
        assert err.startswith(
            "Stopped. What was accepted is kept; ask again to go on.\nerror: The service does not"
        )
        assert "│ jobs" in out

    def test_ctrl_c_ends_a_file_also_while_the_service_cannot_serve(self, tmp_path: Path) -> None:
        films = tmp_path / "films.csv"
        films.write_text("title,year\n" + "".join(f"Busy {n},1999\n" for n in range(50)), encoding="utf-8")
        with _busy_service() as url:
            arguments = [str(MOVIEMIND), "generate", "--from", str(films), "--url", url]
            with Popen(arguments, env=environment(), stdout=PIPE, stderr=PIPE, text=True) as process:
                assert process.stderr is not None
                assert process.stderr.readline() == "waiting: The disk is full.\n"
                process.send_signal(signal.SIGINT)
                _, err = process.communicate(timeout=20)

        assert process.returncode == 130, err
        assert err == "Interrupted. What was accepted is kept; ask again to go on.\n"

    @pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
    def test_a_stop_signal_ends_a_file_with_its_counts_and_asking_again_completes_it(
        self, stop: signal.Signals, tmp_path: Path
    ) -> None:
        films, data = tmp_path / "films.csv", tmp_path / "data"
        rows = "".join(f"Interrupted {number},1999\n" for number in range(600))
        films.write_text("title,year\n" + rows, encoding="utf-8")
        arguments = [str(MOVIEMIND), "generate", "--from", str(films), "--data-dir", str(data)]
        with Popen(
            arguments, env=environment(template_latency_ms="20"), stdout=PIPE, stderr=PIPE, text=True
        ) as process:
            wait_until((data / "moviemind-views.db").exists, "the service has begun")
            wait_until(lambda: _texts(data) > 20, "texts are written")
            os.kill(process.pid, stop)
            out, err = process.communicate(timeout=60)

        assert process.returncode == 130, err
        assert err == "Interrupted. What was accepted is kept; ask again to go on.\n"
        assert "│ written" in out
        again = moviemind("generate", "--from", str(films), "--data-dir", str(data), "--json", "summary")
        assert again.returncode == 0, again.stderr
        assert _texts(data) == 600


@contextmanager
def _busy_service() -> Iterator[str]:
    """A service that says 503 to everything."""

    class Busy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b'{"type": "store-unavailable", "status": 503, "detail": "The disk is full."}'
            self.send_response(503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _texts(data: Path) -> int:
    """Accepted descriptions in the event store."""
    with closing(sqlite3.connect(data / "moviemind.db", timeout=30)) as store:
        query = "SELECT count(*) FROM stored_events WHERE topic LIKE '%:DescriptionGenerated'"
        try:
            return int(store.execute(query).fetchone()[0])
        except sqlite3.OperationalError:  # its table is not there yet
            return 0


def _on_a_terminal(arguments: list[str], **variables: str) -> str:
    """Everything a command prints to a terminal."""
    ours, theirs = pty.openpty()
    variables = environment() | {"TERM": "xterm-256color"} | variables
    with Popen([MOVIEMIND, *arguments], env=variables, stdout=theirs, stderr=theirs, stdin=theirs) as process:
        os.close(theirs)
        printed = b""
        while True:
            try:
                printed += os.read(ours, 65_536)
            except OSError:  # the other side is closed
                break
        process.wait()
    os.close(ours)
    return printed.decode()
