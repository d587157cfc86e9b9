"""`moviemind up`: serve until told to stop."""

from typing import Annotated

import typer

from infrastructure.logs import configure_logs
from infrastructure.settings import load_settings
from interfaces.cli.options import DataDir
from interfaces.cli.output import say
from interfaces.embedded import embedded_service
from interfaces.shared import shared_service
from interfaces.stop_signal import StopSignal


def up(
    host: Annotated[
        str | None, typer.Option(help="Loopback address to serve on.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.", show_default="8000")] = None,
    data_dir: DataDir = None,
) -> None:
    """Run everything in one process: API, projector, dispatcher, rescuer and workers."""
    settings = load_settings(host=host, port=port, data_dir=data_dir)
    configure_logs(settings.log_level, settings.log_format)
    stop = StopSignal()
    if settings.is_on_postgres:
        service, place = shared_service(settings, works=True), "a store on PostgreSQL"
    else:
        service, place = embedded_service(settings), str(settings.data_dir)
    with service as url:
        say(f"MovieMind serves {place} at {url}")
        say(f"  ask     curl -X POST {url}/v1/generate -H 'Content-Type: application/json' -d '{_EXAMPLE}'")
        say(f"  read    curl {url}/v1/movies/the-matrix-1999")
        say(f"  list    {url}/v1/movies   {url}/v1/jobs")
        say(f"  health  {url}/health")
        say(f"  API     {url}/openapi.json")
        say("Ctrl-C stops it.")
        stop.wait()
        say("Stopping; running attempts may finish. Ctrl-C again ends at once, nothing accepted is lost.")


_EXAMPLE = '{"slug": "the-matrix-1999"}'
