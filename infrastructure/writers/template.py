"""The offline writer: readable texts from what is known of a film, without a model and free of charge.

Deterministic: the same task gives the same text, another revision gives another one. It knows no more of
the film than its title, year, director and genres, claims nothing else, and says so: `ai_model: template`.
"""

import json
import time
from collections.abc import Sequence
from hashlib import sha256

from application.ports import WritingFailed, WritingTask, Written
from domain.values import Draft, Failure, FailureType, Locale, PaidCall
from infrastructure.writers.phrasebook import Phrasebook, usable
from infrastructure.writers.phrases import de_de, en_us, es_es, fr_fr, pl_pl

MODEL = "template"
PROMPT_VERSION = "template-1"

PHRASEBOOKS: dict[Locale, Phrasebook] = {
    Locale.EN_US: en_us.PHRASES,
    Locale.PL_PL: pl_pl.PHRASES,
    Locale.DE_DE: de_de.PHRASES,
    Locale.FR_FR: fr_fr.PHRASES,
    Locale.ES_ES: es_es.PHRASES,
}


class TemplateWriter:
    """`latency_seconds` lets it take as long as a real model, up to the deadline."""

    def __init__(self, *, latency_seconds: float = 0.0, deadline_seconds: float = 90.0) -> None:
        self._latency_seconds = latency_seconds
        self._deadline_seconds = deadline_seconds

    def quote(self, task: WritingTask) -> None:
        """It is free of charge."""

    def close(self) -> None:
        """It holds nothing."""

    def write(self, task: WritingTask) -> Written:
        """Raises WritingFailed (TIMEOUT) when it would take longer than the deadline."""
        started = time.monotonic()
        time.sleep(min(self._latency_seconds, self._deadline_seconds))
        if self._latency_seconds > self._deadline_seconds:
            raise WritingFailed(
                Failure(
                    FailureType.TIMEOUT,
                    "Writing took too long.",
                    f"no text within {self._deadline_seconds:g} s",
                ),
                (_call(started, "timeout"),),
            )
        text = " ".join(sentences(task))
        draft = Draft(
            text=text,
            ai_model=MODEL,
            prompt_version=PROMPT_VERSION,
            prompt_hash=None,
            input_hash=_hash(_input(task)),
            content_hash=_hash(text),
        )
        return Written(draft, (_call(started, "accepted"),))


def sentences(task: WritingTask) -> list[str]:
    """Two sentences, or three when the film's genres are known."""
    phrases = PHRASEBOOKS[task.locale]
    known = phrases.known(task.facts)
    style = phrases.styles[task.context_tag]
    parts = {"opening": usable(style.opening, known), "closing": list(style.closing)}
    if "genres" in known:
        parts = {"opening": parts["opening"], "middle": list(style.middle), "closing": parts["closing"]}
    return [_pick(options, task, part).format(**known) for part, options in parts.items()]


def _pick(options: Sequence[str], task: WritingTask, part: str) -> str:
    """One of the options by the film and the style; the next one for the next revision."""
    seed = _hash(f"{task.slug}/{task.locale}/{task.context_tag}/{part}")
    return options[(int(seed, 16) + task.revision) % len(options)]


def _input(task: WritingTask) -> str:
    """Everything the text was made from, as canonical JSON."""
    made_from = {
        "slug": task.slug,
        "facts": task.facts.as_payload(),
        "locale": task.locale,
        "context_tag": task.context_tag,
        "revision": task.revision,
        "ai_model": MODEL,
        "prompt_version": PROMPT_VERSION,
    }
    return json.dumps(made_from, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _call(started: float, outcome: str) -> PaidCall:
    latency_ms = round((time.monotonic() - started) * 1000)
    return PaidCall(
        model=MODEL, tokens_in=0, tokens_out=0, cost_microusd=0, latency_ms=latency_ms, outcome=outcome
    )
