"""The language model that the settings name, as the model library speaks to it."""

from typing import Any

from pydantic_ai.exceptions import UserError
from pydantic_ai.models import Model, infer_model
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers import Provider, infer_provider, infer_provider_class
from pydantic_ai.providers.openai import OpenAIProvider

from infrastructure.errors import WrongSettings

_NO_KEY = "no-key"
"""Said to a server that wants none. Without it the client would look for a key of another provider."""


def language_model(name: str, *, base_url: str, api_key: str) -> Model:
    """`provider:model`, or whatever the server at `base_url` calls its model. Connects to nothing.

    Raises WrongSettings.
    """
    if base_url:
        return _at(base_url, name.partition(":")[2] or name, api_key)
    try:
        return infer_model(name, lambda provider: _provider(provider, api_key))
    except ImportError:
        provider = name.partition(":")[0]
        raise WrongSettings(
            f"MOVIEMIND_AI_MODEL ({name}) needs a package that is not installed; install it with"
            f" pip install 'pydantic-ai-slim[{provider}]'"
        ) from None
    except (UserError, ValueError) as error:  # a name it does not know, or a key that is missing
        raise WrongSettings(
            f"MOVIEMIND_AI_MODEL ({name}) cannot be used: {str(error).rstrip('.')}. The key can be given as"
            " MOVIEMIND_AI_API_KEY too."
        ) from None


def _at(base_url: str, model: str, api_key: str) -> Model:
    """A server that speaks OpenAI's chat completions; the newer name of a limit is not known to all."""
    return OpenAIChatModel(
        model,
        provider=OpenAIProvider(base_url=base_url, api_key=api_key or _NO_KEY),
        profile=OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False),
    )


def _provider(name: str, api_key: str) -> Provider[Any]:
    """Without a key of ours, the provider's own variable is looked at, such as OPENAI_API_KEY."""
    provider: Any = infer_provider_class(name)
    return provider(api_key=api_key) if api_key else infer_provider(name)
