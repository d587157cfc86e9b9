"""`moviemind jobs`: where each request stands."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from domain.values import FailureType, JobStatus
from interfaces.cli.fields import fields_of, json_option, print_json
from interfaces.cli.following import watch_all
from interfaces.cli.listings import taken
from interfaces.cli.moments import since_option
from interfaces.cli.options import DataDir, Limit, Reason, Url
from interfaces.cli.output import complain, complain_of, facts, listing, say
from interfaces.cli.service import connected
from interfaces.client import Client, ServiceRefused
from interfaces.http.schemas.admin import NotRetried, RetriedJobs
from interfaces.http.schemas.generation import JobAnswer

app = typer.Typer(help="Where each request stands.", no_args_is_help=True)

AsJson = Annotated[str | None, json_option(fields_of(JobAnswer))]
JobIds = Annotated[list[UUID], typer.Argument(help="Jobs, by their ids.", show_default=False)]
ErrorType = Annotated[FailureType | None, typer.Option("--type", help="Only jobs that failed in this way.")]
COLUMNS = ("job_id", "status", "slug", "locale", "style", "attempts", "requested", "error")


@app.command("list")
def list_jobs(
    status: Annotated[JobStatus | None, typer.Option(help="Only jobs of this status.")] = None,
    slug: Annotated[str | None, typer.Option(help="Only jobs of this film.")] = None,
    since: Annotated[datetime | None, since_option("Requested")] = None,
    limit: Limit = 50,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: AsJson = None,
) -> None:
    """Jobs, the newest request first."""
    moment = since.isoformat() if since else None
    with connected(data_dir, url, works=False) as service:
        _show(service.client.jobs(status=status, slug=slug, since=moment), limit, as_json)


@app.command()
def failed(
    error_type: ErrorType = None,
    limit: Limit = 50,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: AsJson = None,
) -> None:
    """Jobs that failed for good, the newest request first; see `jobs retry`."""
    with connected(data_dir, url, works=False) as service:
        _show(service.client.failed_jobs(error_type), limit, as_json)


@app.command()
def show(
    job_id: Annotated[UUID, typer.Argument(help="The job, by its id.")],
    data_dir: DataDir = None,
    url: Url = None,
    as_json: AsJson = None,
) -> None:
    """Print where one job stands."""
    with connected(data_dir, url, works=False) as service:
        job = service.client.job(job_id)
    if as_json:
        print_json(job, as_json)
        return
    shown = job.model_dump(mode="json", exclude={"links", "error"}, exclude_none=True)
    if job.error:
        shown |= {"error": job.error.type, "message": job.error.message}
    facts("Job", shown.items())


@app.command()
def retry(
    job_ids: Annotated[
        list[UUID] | None, typer.Argument(help="Jobs, by their ids.", show_default=False)
    ] = None,
    is_for_all: Annotated[bool, typer.Option("--all", help="All that have failed.")] = False,
    error_type: ErrorType = None,
    reason: Reason = "retried by hand",
    data_dir: DataDir = None,
    url: Url = None,
    as_json: AsJson = None,
) -> None:
    """Give failed jobs new tries: some, all, or those that failed in one way. They run when the service does.

    With --all or --type, --json all prints {"retried": …, "refused": […]}.
    """
    if [bool(job_ids), is_for_all, error_type is not None].count(True) != 1:
        raise typer.BadParameter("name jobs by their ids, or write --all, or --type and the type of failure")
    with connected(data_dir, url, works=False) as service:
        client = service.client
        if job_ids:
            _do_for_each(job_ids, lambda job_id: client.retry(job_id, reason), as_json)
        else:
            _tell_of_retries(client.retry_failed(reason, error_type), as_json)


@app.command()
def cancel(job_ids: JobIds, data_dir: DataDir = None, url: Url = None, as_json: AsJson = None) -> None:
    """Cancel jobs that are not final; a text that arrives later is refused."""
    with connected(data_dir, url, works=False) as service:
        _do_for_each(job_ids, service.client.cancel, as_json)


@app.command()
def watch(
    job_ids: Annotated[
        list[UUID] | None, typer.Argument(help="Jobs, by their ids; none: all that are active now.")
    ] = None,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: AsJson = None,
) -> None:
    """Follow jobs until all are final, a line for every change. Ends with 1 unless all are DONE."""
    with connected(data_dir, url, works=True) as service:
        ended = watch_all(job_ids or _active(service.client), service.client, tell=None if as_json else _tell)
    if as_json:
        print_json(ended, as_json)
    if any(job.status is not JobStatus.DONE for job in ended):
        raise typer.Exit(1)


def _active(client: Client) -> list[UUID]:
    return [job.job_id for status in JobStatus if status.is_active for job in client.jobs(status=status)]


def _tell(job: JobAnswer) -> None:
    why = f": {job.error.message}" if job.error else ""
    say(f"{job.job_id} {job.slug} {job.locale} {job.context_tag} {job.status}{why}")


def _do_for_each(job_ids: Iterable[UUID], do: Callable[[UUID], JobAnswer], as_json: str | None) -> None:
    """What is refused for one job does not keep the others waiting."""
    done, refused = [], False
    for job_id in job_ids:
        try:
            done.append(do(job_id))
        except ServiceRefused as refusal:
            complain_of(refusal)
            refused = True
    _show(done, len(done), as_json)
    if refused:
        raise typer.Exit(1)


def _tell_of_retries(answers: Iterable[RetriedJobs], as_json: str | None) -> None:
    retried, refused = 0, list[NotRetried]()
    for answer in answers:
        retried += answer.retried
        refused += answer.refused
    if as_json:
        print_json({"retried": retried, "refused": refused}, "all")
    else:
        say(f"{retried} jobs got new tries.")
        for job in refused:
            complain(f"{job.job_id}: {job.detail}")
    if refused:
        raise typer.Exit(1)


def _show(jobs: Iterable[JobAnswer], limit: int, as_json: str | None) -> None:
    found = taken(jobs, limit)
    if as_json:
        print_json(found, as_json)
    else:
        listing(COLUMNS, [_row(job) for job in found])


def _row(job: JobAnswer) -> tuple[object, ...]:
    tries, requested = f"{job.attempts}/{job.max_attempts}", f"{job.created_at:%Y-%m-%dT%H:%M:%S}"
    error = job.error.type if job.error else None
    return job.job_id, job.status, job.slug, job.locale, job.context_tag, tries, requested, error
