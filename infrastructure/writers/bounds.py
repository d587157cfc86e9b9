"""How many tokens a call can take at most, whatever the tokenizer: so many are reserved before it is made."""

import json

from infrastructure.writers.answer import Answer
from infrastructure.writers.prompts import all_prompts

MAX_TOKENS_OUT = 2_000
"""Enough for three sentences and the thoughts of a model that thinks; the provider is told."""

FRAME = 1_000
"""Roles, separators, and how a library words its wish for JSON."""

_SCHEMA = json.dumps(Answer.model_json_schema())


def most_tokens_in(told: str) -> int:
    """A token is a byte at least; the schema of the answer may be sent twice, as such and in words."""
    return len(told.encode()) + 2 * len(_SCHEMA.encode()) + FRAME


def least_tokens_in() -> int:
    """That bound for the shortest thing that can be asked."""
    return min(most_tokens_in(prompt.system) for prompt in all_prompts())
