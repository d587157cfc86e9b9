"""The commands a person types, put together."""

from collections.abc import Iterable, Sequence
from importlib import import_module

import typer

COMMANDS = {
    "up": "up",
    "api": "processes",
    "worker": "processes",
    "projector": "processes",
    "schema": "schema",
    "generate": "generate",
    "movies": "movies",
    "jobs": "jobs",
    "queue": "queue",
    "projections": "projections",
    "keys": "keys",
    "prompts": "prompts",
    "history": "history",
    "diff": "diff",
    "audit": "audit",
    "spending": "spending",
    "throughput": "throughput",
    "edit": "corrections",
    "withdraw": "corrections",
    "promote": "corrections",
    "correct": "corrections",
    "explain": "explain",
    "lab": "lab",
    "doctor": "doctor",
    "backup": "backups",
    "restore": "backups",
    "demo": "demo",
}
"""By name, the module of each: a function of that name, or an app of its own with commands below it."""


def app_for(arguments: Sequence[str]) -> typer.Typer:
    """The command that the arguments begin with, or all of them where that is none: importing them all
    takes as long as most of them run."""
    return app_of(arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS)


def app_of(names: Iterable[str]) -> typer.Typer:
    app = typer.Typer(
        name="moviemind",
        help="Film descriptions, written once.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_commands)
    for name in names:
        module = import_module(f"interfaces.cli.{COMMANDS[name]}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, name))
    return app


def _commands() -> None:
    """Even one is typed by its name."""
