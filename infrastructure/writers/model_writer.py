"""The paid writer: one request to a language model for one description, checked before it is a draft.

One request and no second one: neither the provider's client nor the model library retries by itself.
Whether the job is tried again is decided where everybody can read it, in the film's stream.
"""

import json
import time
import traceback
from hashlib import sha256

import structlog
from pydantic_ai import Agent, NativeOutput, PromptedOutput, ToolOutput
from pydantic_ai.exceptions import AgentRunError
from pydantic_ai.models import Model
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RunUsage

from application.ports import Quote, WritingFailed, WritingTask, Written
from domain.quality import disagreement, flaw_in, joined
from domain.values import Draft, Failure, FailureType, PaidCall, Variant
from infrastructure.choices import AiOutput
from infrastructure.writers.answer import Answer
from infrastructure.writers.bounds import MAX_TOKENS_OUT, MOST_TOKENS, most_cost, most_tokens_in
from infrastructure.writers.event_loop import EventLoop
from infrastructure.writers.language import wrong_language
from infrastructure.writers.model_failures import (
    failure_of,
    no_answer,
    unusable,
    was_refused_unheard,
)
from infrastructure.writers.prices import Price
from infrastructure.writers.prompts import Prompt, prompt_for

log = structlog.get_logger()

_OUTPUTS = {AiOutput.SCHEMA: NativeOutput, AiOutput.TOOL: ToolOutput, AiOutput.TEXT: PromptedOutput}


class ModelWriter:
    def __init__(
        self, model: Model, *, name: str, output: AiOutput, price: Price | None, deadline_seconds: float
    ) -> None:
        """`name` is what the model is called in events, `provider:model`. Connects when it first writes, and
        keeps its connections until it is closed."""
        self._name = name
        self._price = price
        self._deadline_seconds = deadline_seconds
        self._model = model
        self._agent = Agent(model, output_type=_OUTPUTS[output](Answer), retries=0)
        self._loop = EventLoop()

    def quote(self, task: WritingTask) -> Quote:
        prompt = prompt_for(Variant(task.locale, task.context_tag))
        told = prompt.system + prompt.about(task.facts, task.existing_texts)
        at_most = most_cost(self._price, most_tokens_in(told)) if self._price else None
        return Quote(self._name, at_most)

    def write(self, task: WritingTask) -> Written:
        """Raises WritingFailed, with what the call cost as far as that is known."""
        prompt = prompt_for(Variant(task.locale, task.context_tag))
        about = prompt.about(task.facts, task.existing_texts)
        started, usage, is_free, text = time.monotonic(), RunUsage(), False, ""
        failure: Failure | None
        try:
            answer = self._loop.run(self._ask(prompt.system, about, task, usage))
            text, failure = _judge(answer, task)
        except AgentRunError as error:
            failure, is_free = failure_of(error, is_an_answer=usage.has_values()), was_refused_unheard(error)
        except Exception as error:  # noqa: BLE001 - its text may hold a key, a prompt or an answer
            where = traceback.format_tb(error.__traceback__)[-3:]
            log.warning("model.answer_unreadable", error=type(error).__name__, where="".join(where))
            failure = no_answer(type(error).__name__)
        outcome = "accepted" if failure is None else failure.type.value.lower()
        call = self._call(usage, time.monotonic() - started, outcome, is_free=is_free)
        if failure is not None:
            raise WritingFailed(failure, (call,))
        return Written(self._draft(prompt, about, text), (call,))

    def close(self) -> None:
        self._loop.run(self._let_go())
        self._loop.close()

    async def _let_go(self) -> None:
        """A model closes its connections when it is left."""
        async with self._model:
            pass

    async def _ask(self, system: str, about: str, task: WritingTask, usage: RunUsage) -> Answer:
        settings = ModelSettings(
            max_tokens=MAX_TOKENS_OUT,
            max_retries=0,
            request_timeout=self._deadline_seconds,
            timeout=self._deadline_seconds,
            extra_headers={"Idempotency-Key": f"{task.job_id}-{task.attempt}"},
        )
        run = await self._agent.run(about, instructions=system, model_settings=settings, usage=usage)
        answer: Answer = run.output
        return answer

    def _call(self, usage: RunUsage, seconds: float, outcome: str, *, is_free: bool) -> PaidCall:
        """Tokens are unknown where the provider did not say: what never came may be paid for too."""
        measured = is_free or (usage.has_values() and _is_plausible(usage))
        price = self._price if not is_free else _nothing
        cost = price(usage.input_tokens, usage.output_tokens) if price and measured else None
        return PaidCall(
            model=self._name,
            tokens_in=usage.input_tokens if measured else None,
            tokens_out=usage.output_tokens if measured else None,
            cost_microusd=cost,
            latency_ms=round(seconds * 1000),
            outcome=outcome,
        )

    def _draft(self, prompt: Prompt, about: str, text: str) -> Draft:
        told = {"ai_model": self._name, "system": prompt.system, "user": about}
        return Draft(
            text=text,
            ai_model=self._name,
            prompt_version=prompt.prompt_id,
            prompt_hash=prompt.content_hash,
            input_hash=_hash(json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)),
            content_hash=_hash(text),
        )


def _judge(answer: Answer, task: WritingTask) -> tuple[str, Failure | None]:
    """The text of an answer, and why it is not accepted."""
    if not answer.known:
        return "", Failure(FailureType.NOT_FOUND, "The AI does not know this film.")
    text = joined(answer.description)
    flaw = (
        disagreement(task.facts, title=answer.title, release_year=answer.release_year)
        or flaw_in(answer.description, existing=task.existing_texts)
        or wrong_language(text, task.locale)
    )
    return text, unusable(flaw) if flaw else None


def _is_plausible(usage: RunUsage) -> bool:
    """Some servers count nonsense, which no budget could hold, or nothing, which none would notice."""
    return all(0 < tokens <= MOST_TOKENS for tokens in (usage.input_tokens, usage.output_tokens))


def _nothing(_tokens_in: int, _tokens_out: int) -> int:
    return 0


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
