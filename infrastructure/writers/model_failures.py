"""What went wrong at a provider, as a failure of the domain: by the type of the error, never by its text.

The texts of these errors can hold what the model wrote or what it was told, so none of them is passed on.
"""

from datetime import timedelta
from http import HTTPStatus

from pydantic_ai.exceptions import (
    AgentRunError,
    ContentFilterError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    ModelTimeoutError,
    OutputTokenLimitExceeded,
    RunTimedOut,
)

from domain.quality import Flaw, FlawReason
from domain.values import Failure, FailureType

LONGEST_WAIT = timedelta(hours=1)
"""A provider that asks for more is asked again after this."""


GAVE_UP_WAITING = frozenset({408, 499, 504, 524})
"""What a gateway answers that has waited too long for the provider, or a provider for its model: 499 is that
of nginx and Google, 524 of Cloudflare. The model may have worked meanwhile, and is paid for. The library has
no class for them: 504 and 524 are a ModelServerError, 408 and 499 a plain ModelHTTPError."""


def failure_of(error: AgentRunError, *, is_an_answer: bool) -> Failure:
    """`is_an_answer`: a model has worked on it, for the provider has counted its tokens."""
    match error:
        case ModelHTTPError() if error.status_code in GAVE_UP_WAITING:
            return Failure(FailureType.TIMEOUT, "Writing took too long.", _details(error))
        case ModelTimeoutError() | ModelRequestTimeout() | RunTimedOut():
            return Failure(FailureType.TIMEOUT, "Writing took too long.", _details(error))
        case ModelRateLimitError():
            return Failure(
                FailureType.RATE_LIMITED,
                "The AI provider takes no more requests for now.",
                _details(error),
                retry_after=_retry_after(error),
            )
        case ModelAuthenticationError() | ModelQuotaExceededError() | ModelNotFoundError():
            return _rejected("The AI provider does not let this service in.", error, locks_out=True)
        case ModelRequestRejectedError():
            return _rejected("The AI provider refused the request.", error)
        case ModelAPIError():
            return Failure(FailureType.AI_API_ERROR, "The AI provider had a failure.", _details(error))
        case OutputTokenLimitExceeded():
            return unusable(Flaw(FlawReason.CUT_OFF, "it ended before it was complete"))
        case ContentFilterError():
            return unusable(
                Flaw(FlawReason.REFUSAL, "the model or a filter of its provider refused to answer")
            )
        case _ if is_an_answer:
            return unusable(Flaw(FlawReason.NOT_THE_FORMAT, "it is not the JSON that was asked for"))
        case _:
            return no_answer(_details(error))


def no_answer(details: str) -> Failure:
    """Of what is no answer of a model at all, such as the page of a gateway that is being mended."""
    return Failure(FailureType.AI_API_ERROR, "What the AI provider sent is no answer of a model.", details)


def was_refused_unheard(error: AgentRunError) -> bool:
    """Whether no model has worked on the request: providers take nothing for what they answer with an error,
    unless that says that they gave up waiting, or for what never reached them."""
    if isinstance(error, ModelConnectionError):
        return error.phase in ("pool", "connect")
    status = _status(error)
    return status is not None and status >= HTTPStatus.MULTIPLE_CHOICES and status not in GAVE_UP_WAITING


def unusable(flaw: Flaw) -> Failure:
    return Failure(FailureType.VALIDATION_ERROR, "The answer of the AI was not usable.", str(flaw))


def _rejected(message: str, error: ModelAPIError, *, locks_out: bool = False) -> Failure:
    """Nothing that another try could mend: a person has to."""
    return Failure(FailureType.AI_API_ERROR, message, _details(error), is_final=True, locks_out=locks_out)


def _details(error: AgentRunError) -> str:
    facts = [type(error).__name__.removeprefix("_")]
    status = _status(error)
    if status is not None:
        facts.append(f"HTTP {status}")
    elif error.__cause__ is not None:
        facts.append(type(error.__cause__).__name__)
    if isinstance(error, ModelConnectionError) and error.phase:
        facts.append(f"while it should {error.phase}")
    if isinstance(error, ModelRequestTimeout):
        facts.append(f"no answer within {error.timeout:g} s")
    return ", ".join(facts)


def _status(error: AgentRunError) -> int | None:
    """Of the answer, also of one that the library has no name for, such as a redirect."""
    status: int | None = getattr(
        error if isinstance(error, ModelHTTPError) else error.__cause__, "status_code", None
    )
    return status


def _retry_after(error: ModelAPIError) -> timedelta | None:
    if error.retry_after is None or error.retry_after <= 0:
        return None
    return min(timedelta(seconds=error.retry_after), LONGEST_WAIT)
