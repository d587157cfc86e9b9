"""Many clients ask for one film at the same moment."""

from collections import Counter
from collections.abc import Callable

from domain.values import ContextTag
from interfaces.client import Client
from tests.support.herd import assert_consistent, stampede
from tests.support.process import Up

SLUG = "the-matrix-1999"
PROCESSES = 5


def test_500_parallel_requests_for_one_film_make_one_job_and_one_description(
    start_up: Callable[..., Up], connect: Callable[[Up], Client]
) -> None:
    up = start_up(template_latency_ms="200")
    client = connect(up)

    answers = stampede(up.url, [{"slug": SLUG}] * 500, processes=PROCESSES)

    assert len(answers) == 500
    assert {status for status, _ in answers} <= {200, 202}
    (job_id,) = {answer["job_id"] for _, answer in answers}
    ended = client.wait(job_id)
    assert_consistent(answers, SLUG, {job_id: ended})
    assert _events(client)["DescriptionGenerated"] == 1
    assert _events(client)["GenerationRequested"] == 1


def test_500_parallel_requests_for_four_styles_make_four_jobs_and_one_description_each(
    start_up: Callable[..., Up], connect: Callable[[Up], Client]
) -> None:
    up = start_up(template_latency_ms="200")
    client = connect(up)
    bodies = [{"slug": SLUG, "context_tag": tag} for tag in ContextTag] * 125

    answers = stampede(up.url, bodies, processes=PROCESSES)

    assert {status for status, _ in answers} <= {200, 202}
    job_of = {(answer["context_tag"], answer["job_id"]) for _, answer in answers}
    assert len(job_of) == len({tag for tag, _ in job_of}) == 4
    ended = {job_id: client.wait(job_id) for _, job_id in job_of}
    assert_consistent(answers, SLUG, ended)
    assert len({job.description_id for job in ended.values()}) == 4
    assert _events(client)["DescriptionGenerated"] == 4
    assert _events(client)["GenerationRequested"] == 4


def _events(client: Client) -> Counter[str]:
    return Counter(entry.event for entry in client.history(SLUG))
