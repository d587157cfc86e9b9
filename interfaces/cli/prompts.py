"""`moviemind prompts`: what a paid model is told, by language and style."""

from typing import Annotated

import typer

from infrastructure.writers.prompts import Prompt, all_prompts
from interfaces.cli.fields import json_option, print_json
from interfaces.cli.output import listing, say

app = typer.Typer(help="What a paid model is told, by language and style.", no_args_is_help=True)

FIELDS = ("prompt_id", "content_hash", "system", "user", "others")
AsJson = Annotated[str | None, json_option(FIELDS)]


@app.command("list")
def list_prompts(as_json: AsJson = None) -> None:
    """Print the prompts there are, each with the hash that events name it by."""
    prompts = all_prompts()
    if as_json:
        print_json([_shown(prompt) for prompt in prompts], as_json)
    else:
        listing(("prompt", "sha256"), [(prompt.prompt_id, prompt.content_hash) for prompt in prompts])


@app.command()
def show(
    prompt_id: Annotated[str, typer.Argument(help="One of `prompts list`, such as describe-1/en-US/modern.")],
    as_json: AsJson = None,
) -> None:
    """Print a prompt. {film} and {others} are filled for each film, with JSON data."""
    found = next((prompt for prompt in all_prompts() if prompt.prompt_id == prompt_id), None)
    if found is None:
        raise typer.BadParameter(f"there is no prompt {prompt_id}; see moviemind prompts list")
    if as_json:
        print_json(_shown(found), as_json)
        return
    for part in ("system", "user", "others"):
        say(f"--- {part}")
        say(getattr(found, part))


def _shown(prompt: Prompt) -> dict[str, str]:
    return {name: getattr(prompt, name) for name in FIELDS}
