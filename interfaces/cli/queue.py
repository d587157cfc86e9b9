"""`moviemind queue`: whether jobs are started, and what waits."""

from typing import Annotated

import typer

from interfaces.cli.fields import fields_of, json_option, print_json
from interfaces.cli.options import DataDir, Reason, Url
from interfaces.cli.output import dollars, facts
from interfaces.cli.service import connected
from interfaces.http.schemas.admin import QueueAnswer
from interfaces.http.schemas.provider import ProviderAnswer

app = typer.Typer(help="Whether jobs are started, and what waits.", no_args_is_help=True)

AsJson = Annotated[str | None, json_option(fields_of(QueueAnswer))]


@app.command()
def status(data_dir: DataDir = None, url: Url = None, as_json: AsJson = None) -> None:
    """Print whether jobs are started, and how many wait. Ends with 1 while the queue cannot be reached."""
    with connected(data_dir, url, works=False) as service:
        queue = service.client.queue()
    _show(queue, as_json)
    if queue.messages_waiting is None:
        raise typer.Exit(1)


@app.command()
def pause(
    reason: Reason = "paused by hand", data_dir: DataDir = None, url: Url = None, as_json: AsJson = None
) -> None:
    """Start no more jobs until `queue resume`. Requests are still accepted; what runs may finish."""
    with connected(data_dir, url, works=False) as service:
        _show(service.client.pause_queue(reason), as_json)


@app.command()
def resume(data_dir: DataDir = None, url: Url = None, as_json: AsJson = None) -> None:
    """Start jobs again."""
    with connected(data_dir, url, works=False) as service:
        _show(service.client.resume_queue(), as_json)


@app.command()
def recover(data_dir: DataDir = None, url: Url = None, as_json: AsJson = None) -> None:
    """Send every due job to the queue again, and ask a provider again that is left alone; harms nobody."""
    with connected(data_dir, url, works=False) as service:
        _show(service.client.recover_queue(), as_json)


def _show(queue: QueueAnswer, as_json: str | None) -> None:
    if as_json:
        print_json(queue, as_json)
        return
    waiting = queue.messages_waiting
    shown = queue.model_dump(mode="json") | {
        "provider": queue.provider and _provider(queue.provider),
        "messages_waiting": "the queue cannot be reached" if waiting is None else waiting,
        "jobs": ", ".join(f"{count} {status}" for status, count in queue.jobs.items()) or "none",
    }
    facts("Queue", [(name, value) for name, value in shown.items() if value is not None])


def _provider(provider: ProviderAnswer) -> str:
    """Of a paid model: why nothing starts, or how much is going on, and what the day has cost."""
    spent, budget = provider.spent_today_microusd, provider.daily_budget_microusd
    of = f" of {dollars(budget)}" if budget is not None else ""
    calls = f"{provider.breaker}, {provider.calls_under_way} calls under way"
    return f"{provider.waits_for or calls}; {dollars(spent)}{of} US dollars spent today"
