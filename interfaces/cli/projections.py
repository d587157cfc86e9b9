"""`moviemind projections`: how far the views have followed the events, and folding them anew."""

from collections.abc import Sequence
from typing import Annotated

import typer

from application.projections.projection import ViewName
from application.rebuild_book import RebuildState
from application.verify import verify as verify_views
from infrastructure.settings import load_settings
from interfaces.bootstrap import projections_of
from interfaces.cli.fields import fields_of, json_option, print_json
from interfaces.cli.opened import opened
from interfaces.cli.options import DataDir
from interfaces.cli.output import listing, progress, say
from interfaces.http.schemas.admin import ProjectionAnswer, ProjectionsAnswer, RebuildAnswer
from interfaces.rebuilding import rebuild as rebuild_views

app = typer.Typer(
    help="How far the views have followed the events, and folding them anew.", no_args_is_help=True
)

VIEWS = [*ViewName]

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
    """Print how far each view has followed the events, and how its newest rebuild goes or has ended.

    Ends with 1 when a view has stopped or is outdated.
    """
    with opened(load_settings(data_dir=data_dir)) as store:
        views = [projection.view for projection in projections_of(store)]
        newest, epoch = store.rebuilds.newest(), store.log_epoch()
        answers = ProjectionsAnswer.of(views, log=store.log, epoch=epoch, rebuild=newest).items
    if as_json:
        print_json(answers, as_json)
    else:
        *columns, last = fields_of(ProjectionAnswer)
        rows = [[*(getattr(answer, name) for name in columns), _told(answer.rebuild)] for answer in answers]
        listing([*columns, last], rows)
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
    with opened(settings) as store, progress() as bar:
        task = bar.add_task("events", total=store.log.count())
        rebuilt = rebuild_views(settings, store, chosen, progress=lambda events: bar.advance(task, events))
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
    with opened(load_settings(data_dir=data_dir)) as store, progress() as bar:
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


def _told(rebuild: RebuildAnswer | None) -> str | None:
    if rebuild is None:
        return None
    if rebuild.failure:
        return f"{rebuild.state}: {rebuild.failure}"
    if rebuild.state is RebuildState.DONE:
        return rebuild.state
    rate = f", {rebuild.events_per_second:.0f}/s" if rebuild.events_per_second else ""
    return f"{rebuild.state}, {rebuild.events} of {rebuild.of_events} events{rate}"


def _chosen(names: Sequence[str] | None, *, is_all: bool) -> Sequence[str]:
    if bool(names) == is_all:
        raise typer.BadParameter(f"name views ({', '.join(VIEWS)}), or say --all")
    unknown = sorted({*(names or ())} - {*VIEWS})
    if unknown:
        raise typer.BadParameter(f"there is no view {', '.join(unknown)}; there are {', '.join(VIEWS)}")
    return VIEWS if is_all else names or ()
