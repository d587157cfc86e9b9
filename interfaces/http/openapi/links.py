"""Where answers lead: which operation can be asked with what an answer holds."""

from typing import Any

_JOB = {"job_id": "$response.body#/job_id"}
_FIRST_JOB = {"job_id": "$response.body#/items/0/job_id"}
_MOVIE = {"slug": "$response.body#/slug"}
_FIRST_MOVIE = {"slug": "$response.body#/items/0/slug"}

_FIRST_TEXT = {"description_id": "$response.body#/items/0/description_id"}

_TEXT = "$response.body#/default_description_id"
_CHANGES = {
    "promote": {"description_id": _TEXT, "scope": "film"},
    "edit": {"locale": "en-US", "context_tag": "DEFAULT", "text": "Another text.", "based_on": _TEXT},
    "withdraw": {"description_id": _TEXT, "reason": "it tells the end"},
    "correct": {"title": "The Matrix", "reason": "misspelt"},
}
"""What to send to change the film that was read, under the version it was read in."""

_OF_JOBS = ("show_job", "follow_job", "cancel_job", "retry_job")
_OF_MOVIES = ("show_movie", "show_history", "show_diff", "promote", "edit", "withdraw", "correct")

_TO: dict[tuple[str, str], list[tuple[tuple[str, ...], dict[str, str]]]] = {
    ("generate", "200"): [(_OF_JOBS, _JOB), (_OF_MOVIES, _MOVIE)],
    ("generate", "202"): [(_OF_JOBS, _JOB), (_OF_MOVIES, _MOVIE)],
    ("show_job", "200"): [(_OF_MOVIES, _MOVIE)],
    ("list_jobs", "200"): [(_OF_JOBS, _FIRST_JOB), (_OF_MOVIES, _FIRST_MOVIE)],
    ("list_failed_jobs", "200"): [(_OF_JOBS, _FIRST_JOB)],
    ("list_movies", "200"): [(_OF_MOVIES, _FIRST_MOVIE)],
    ("list_texts", "200"): [(("show_text",), _FIRST_TEXT)],
    ("list_refused", "200"): [(("show_job",), _FIRST_JOB)],
    ("show_text", "200"): [(("show_history",), _MOVIE)],
    ("show_movie", "200"): [(("show_text",), {"description_id": _TEXT})],
    ("show_movie", "202"): [(_OF_JOBS, _JOB)],
    ("create_key", "201"): [(("revoke_key",), {"key_id": "$response.body#/key_id"})],
}


def declare(name: str, operation: dict[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        links = {
            other: {"operationId": other, "parameters": parameters}
            for others, parameters in _TO.get((name, status), [])
            for other in others
        }
        if (name, status) == ("show_movie", "200"):
            links |= _to_changes()
        if links:
            answer["links"] = links


def _to_changes() -> dict[str, Any]:
    parameters = {**_MOVIE, "if-match": "$response.header.ETag"}
    return {
        other: {"operationId": other, "parameters": parameters, "requestBody": body}
        for other, body in _CHANGES.items()
    }
