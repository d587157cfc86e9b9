"""`moviemind demo`: a herd of clients asks for the same films at the same moment."""

import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.values import ContextTag
from infrastructure.choices import Auth, LogLevel, Queue
from infrastructure.logs import configure_logs
from infrastructure.settings import load_settings
from interfaces.cli.fields import json_option, print_json
from interfaces.cli.films import read_films
from interfaces.cli.following import follow_all
from interfaces.cli.output import WaitingHint, complain, facts, hint, progress, timeline
from interfaces.client import Client, Operator
from interfaces.embedded import embedded_service
from interfaces.http.schemas.generation import GenerationAnswer

FILMS = Path(__file__).parents[1] / "data" / "films.csv"
STYLES = (ContextTag.MODERN, ContextTag.HUMOROUS)

AsJson = Annotated[
    str | None,
    json_option(("requests", "jobs", "accepted_descriptions", "duplicates_prevented", "seconds")),
]


def demo(
    clients: Annotated[int, typer.Option(min=1, max=200, help="Clients that ask at the same time.")] = 50,
    films: Annotated[int, typer.Option(min=1, max=1_000, help="Real films each of them asks for.")] = 20,
    latency_ms: Annotated[
        int, typer.Option(min=0, max=60_000, help="How long writing one text takes.")
    ] = 300,
    as_json: AsJson = None,
) -> None:
    """Start a service in a temporary directory and let many clients ask for the same films in two styles."""
    with tempfile.TemporaryDirectory(prefix="moviemind-demo-") as directory:
        settings = load_settings(
            data_dir=Path(directory),
            store_url="",
            queue=Queue.EMBEDDED,
            host="127.0.0.1",
            auth=Auth.OFF,
            port=0,
            template_latency_ms=latency_ms,
        )
        configure_logs(LogLevel.ERROR, settings.log_format)
        wanted = [row.request for row in islice(read_films(FILMS), films) if row.request]
        with embedded_service(settings) as url:
            hint(f"{clients} clients ask for {len(wanted)} films in {len(STYLES)} styles at once, at {url}")
            on_wait = WaitingHint()
            with Operator(url, connections=clients, on_wait=on_wait) as client:
                started = time.monotonic()
                answers = _herd(client, wanted, clients)
                ended = follow_all(sorted({answer.job_id for answer in answers}), client, on_wait=on_wait)
                seconds = time.monotonic() - started
                history = list(client.history(wanted[0]["slug"]))
                accepted = _accepted_descriptions(client, {answer.slug for answer in answers})
    variants = len(wanted) * len(STYLES)
    counted = {
        "requests": len(answers),
        "jobs": len(ended),
        "accepted_descriptions": accepted,
        "duplicates_prevented": len(answers) - len(ended),
        "seconds": round(seconds, 1),
    }
    if as_json:
        print_json(counted, as_json)
    else:
        facts("What happened", [(name.replace("_", " "), count) for name, count in counted.items()])
        timeline(wanted[0]["slug"], history)
    if not (len(ended) == accepted == variants):
        complain(f"{variants} descriptions should have been accepted, one for each film and style")
        raise typer.Exit(1)


def _herd(client: Client, wanted: list[dict[str, Any]], clients: int) -> list[GenerationAnswer]:
    """Every client asks for everything; a barrier makes them begin together."""
    together = threading.Barrier(clients)
    with progress() as bar, ThreadPoolExecutor(clients) as pool:
        task = bar.add_task("asking", total=clients * len(wanted) * len(STYLES))

        def ask_for_all(_client_number: int) -> list[GenerationAnswer]:
            together.wait()
            answers = []
            for film in wanted:
                for style in STYLES:
                    answers.append(client.generate(**film, context_tag=style))
                    bar.advance(task)
            return answers

        return [answer for answers in pool.map(ask_for_all, range(clients)) for answer in answers]


def _accepted_descriptions(client: Client, slugs: set[str]) -> int:
    """Counted in the event streams, not in what the jobs say."""
    return sum(
        entry.event == "DescriptionGenerated" for slug in sorted(slugs) for entry in client.history(slug)
    )
