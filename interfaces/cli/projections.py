"""`moviemind projections`: how far the views have followed the events, and folding them anew."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Annotated

import typer

from application.reading import lag
from application.rebuild import rebuild as rebuild_views
from application.verify import verify as verify_views
from infrastructure.choices import LogLevel
from infrastructure.errors import StoreInUse
from infrastructure.logs import configure_logs
from infrastructure.settings import Settings, load_settings
from infrastructure.store import Store
from infrastructure.store_lock import StoreLock
from interfaces.bootstrap import build_swap_guard, open_store, open_store_beside, projections_of
from interfaces.cli.fields import fields_of, json_option, print_json
from interfaces.cli.options import DataDir
from interfaces.cli.output import listing, progress, say
from interfaces.http.schemas.admin import ProjectionAnswer

app = typer.Typer(
    help="How far the views have followed the events, and folding them anew.", no_args_is_help=True
)

VIEWS = ("movies", "history", "spending", "jobs")

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME", help=f"Which of {', '.join(VIEWS)}.", show_default=False),
]
All = Annotated[bool, typer.Option("--all", help="All of them.")]
REBUILT = ("view", "events", "rows")
VERIFIED = ("view", "position", "difference")


@app.command()
def status(
    data_dir: DataDir = None, as_json: Annotated[str | None, json_option(fields_of(ProjectionAnswer))] = None
) -> None:
    """Print how far each view has followed the events. Ends with 1 when one has stopped or is outdated."""
    with _opened(load_settings(data_dir=data_dir)) as store:
        views = [projection.view for projection in projections_of(store)]
        behind, epoch = lag(views, store.log), store.log_epoch()
        answers = [ProjectionAnswer.of(view.status(), lag=behind[view.name], epoch=epoch) for view in views]
    if as_json:
        print_json(answers, as_json)
    else:
        columns = fields_of(ProjectionAnswer)
        listing(columns, [[getattr(answer, name) for name in columns] for answer in answers])
    if any(answer.state != "follows" for answer in answers):
        raise typer.Exit(1)


@app.command()
def rebuild(
    names: Names = None,
    is_all: All = False,
    data_dir: DataDir = None,
    as_json: Annotated[str | None, json_option(REBUILT)] = None,
) -> None:
    """Fold views anew from the first event, beside those in use, which they then replace.

    The service may go on meanwhile. A rebuild that was broken off is simply started again.
    """
    chosen = _chosen(names, is_all=is_all)
    settings = load_settings(data_dir=data_dir)
    with _opened(settings) as store, progress() as bar:
        task = bar.add_task("events", total=store.log.count())
        rebuilt = rebuild_views(
            [one for one in projections_of(store) if one.view.name in chosen],
            log=store.log,
            second_sets=store.second_sets,
            around_swap=build_swap_guard(settings, store),
            progress=lambda events: bar.advance(task, events),
        )
    shown = [dict(zip(REBUILT, (one.view, one.events, one.rows), strict=True)) for one in rebuilt]
    if as_json:
        print_json(shown, as_json)
        return
    for one in rebuilt:
        say(f"{one.view}: {one.rows} rows from {one.events} events")


@app.command()
def verify(
    names: Names = None,
    is_all: All = False,
    data_dir: DataDir = None,
    as_json: Annotated[str | None, json_option(VERIFIED)] = None,
) -> None:
    """Compare views with a fresh fold of the events, and name the first row of each that is wrong.

    Ends with 1 when one is. The service may go on meanwhile.
    """
    chosen = _chosen(names, is_all=is_all)
    with _opened(load_settings(data_dir=data_dir)) as store, progress() as bar:
        task = bar.add_task("events", total=store.log.count())
        verified = verify_views(
            [one for one in projections_of(store) if one.view.name in chosen],
            log=store.log,
            second_sets=store.second_sets,
            progress=lambda events: bar.advance(task, events),
        )
    shown = [
        dict(zip(VERIFIED, (one.view, one.position, one.difference and str(one.difference)), strict=True))
        for one in verified
    ]
    if as_json:
        print_json(shown, as_json)
    else:
        for one in verified:
            say(f"{one.view}: {one.difference or 'holds what the events say'}")
    if any(one.difference for one in verified):
        raise typer.Exit(1)


def _chosen(names: Sequence[str] | None, *, is_all: bool) -> Sequence[str]:
    if bool(names) == is_all:
        raise typer.BadParameter(f"name views ({', '.join(VIEWS)}), or say --all")
    unknown = sorted({*(names or ())} - {*VIEWS})
    if unknown:
        raise typer.BadParameter(f"there is no view {', '.join(unknown)}; there are {', '.join(VIEWS)}")
    return VIEWS if is_all else names or ()


@contextmanager
def _opened(settings: Settings) -> Iterator[Store]:
    """The store, whether or not a service is using it.

    Raises StoreNotUsable, SchemaMissing, SchemaTooNew, DirectoryNotUsable.
    """
    configure_logs(LogLevel.ERROR, settings.log_format)
    gc.disable()  # a fold makes many objects and no cycles; to look for some takes a fifth of its time
    with ExitStack() as stack:
        if not settings.is_on_postgres:
            with suppress(StoreInUse):
                stack.enter_context(StoreLock(settings.event_store_path))
        has_views = settings.is_on_postgres or settings.view_store_path.exists()
        opened = open_store_beside if has_views else open_store
        yield stack.enter_context(closing(opened(settings)))
