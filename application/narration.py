"""One plain-language line for every event, for people who read a film's history."""

from typing import Any

_LINES = {
    "MovieRegistered": "The film “{title}” was registered.",
    "MovieFactsCorrected": "The facts of the film were set to “{title}” ({release_year}) by {director}: "
    "{reason}.",
    "GenerationRequested": "A {context_tag} description in {locale} was requested.",
    "GenerationStarted": "Attempt {attempt} was started by {worker_id}.",
    "DescriptionGenerated": "Revision {revision} of the {context_tag} description in {locale}, written by "
    "{ai_model}, was accepted.",
    "GenerationAttemptFailed": "Attempt {attempt} ended without a text ({failure_type}): {message}",
    "GenerationFailed": "The job failed for good ({failure_type}): {message}",
    "GenerationSatisfied": "The job was done with description {description_id}, which came first.",
    "GenerationRetryRequested": "New tries were requested: {reason}.",
    "GenerationCancelled": "The job was cancelled: {reason}.",
    "StaleResultRejected": "The late result of attempt {attempt} was refused ({reason}).",
    "DescriptionPromoted": "Description {description_id} was promoted ({scope}).",
    "DescriptionEdited": "A person wrote revision {revision} of the {context_tag} description in {locale}.",
    "DescriptionWithdrawn": "Description {description_id} was withdrawn: {reason}.",
}
_SPARED = "It counts as no try: the fault was its provider's."


def line(event: str, data: dict[str, Any]) -> str:
    """`event` is the name of the event, `data` its fields as the history view holds them."""
    known = {name: "unknown" if value is None else value for name, value in data.items()}
    told = _LINES[event].format(**known)
    return f"{told} {_SPARED}" if known.get("spared") else told
