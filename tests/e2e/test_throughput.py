"""`moviemind throughput`, beside a service and alone on the data it left."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from interfaces.client import Client
from tests.e2e.conftest import Ended
from tests.support.process import Up, moviemind

Command = Callable[..., Ended]
OF_TWO_FILMS = "2\t2\t2\t0\t0\t0\t0"


def test_it_is_told_beside_a_service_and_alone(
    start_up: Callable[..., Up], connect: Callable[[Up], Client], command: Command
) -> None:
    begun = datetime.now(UTC).date()
    up = start_up()
    client = connect(up)
    for slug in ("heat-1995", "alien-1979"):
        client.wait(client.generate(slug).job_id)

    beside = command("throughput", "--from", str(begun), "--url", up.url)
    assert (beside.code, beside.out.splitlines()[-1]) == (0, f"total\t{OF_TWO_FILMS}")
    answer = command("throughput", "--by", "minute", "--url", up.url, "--json", "all").json()
    assert answer["group_by"] == "minute"
    assert up.stop() == 0
    (up.data_dir / "moviemind-views.db").unlink()

    alone = moviemind("throughput", "--from", str(begun), "--data-dir", str(up.data_dir))

    assert alone.stdout.splitlines()[-1] == f"total\t{OF_TWO_FILMS}"


def test_where_nothing_happened_a_sentence_says_so(start_up: Callable[..., Up], command: Command) -> None:
    up = start_up()

    told = command("throughput", "--to", "2026-01-31", "--by", "hour", "--url", up.url)

    assert told == Ended(0, "Nothing was asked for or written from 2026-01-25 to 2026-01-31.\n", "")


def test_days_that_are_none_or_too_many_are_refused(start_up: Callable[..., Up], command: Command) -> None:
    up = start_up()

    malformed = command("throughput", "--from", "31.1.2026", "--url", up.url)
    assert malformed.code == 2
    assert "write a day such as 2026-01-31" in " ".join(malformed.err.replace("│", " ").split())

    week_ago = datetime.now(UTC).date() - timedelta(days=7)
    too_many = command("throughput", "--from", str(week_ago), "--by", "minute", "--url", up.url)
    assert (too_many.code, too_many.out) == (1, "")
    assert too_many.err == "error: query.to: ask for 2 days at most\n"
