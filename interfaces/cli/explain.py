"""`moviemind explain CODE`: what a problem or a failure means, and what to do. Needs no service."""

import difflib
from dataclasses import asdict
from typing import Annotated

import typer

from interfaces.cli.fields import json_option, print_json
from interfaces.cli.output import listing, say
from interfaces.explanations import EXPLANATIONS

FIELDS = ("code", "met", "meaning", "fix")

AsJson = Annotated[str | None, json_option(FIELDS)]


def explain(
    code: Annotated[
        str | None, typer.Argument(help="A problem type or failure type, such as slug-refused or TIMEOUT.")
    ] = None,
    as_json: AsJson = None,
) -> None:
    """Say what a problem or failure means and what to do; without a code, list all of them."""
    answers = [{"code": name} | asdict(explanation) for name, explanation in EXPLANATIONS.items()]
    if code is None:
        if as_json:
            print_json(answers, as_json)
        else:
            listing(FIELDS[:3], [[answer[name] for name in FIELDS[:3]] for answer in answers])
        return
    answer = next((one for one in answers if one["code"].lower() == code.lower()), None)
    if answer is None:
        close = difflib.get_close_matches(code.lower(), [one["code"].lower() for one in answers], n=1)
        hint = f"; did you mean {close[0]}?" if close else "; `moviemind explain` lists all"
        raise typer.BadParameter(f"there is no problem or failure {code}{hint}")
    if as_json:
        print_json(answer, as_json)
    else:
        say(f"{answer['code']}: {answer['meaning']}\nWhat to do: {answer['fix']}")
