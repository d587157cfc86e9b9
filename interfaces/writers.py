"""Who writes, what that costs, and the gate before a paid model: as the settings say."""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from application.call_limits import CallLimits
from application.ports import DescriptionWriter
from application.provider_gate import ProviderGate
from infrastructure.choices import PREFIX, TEMPLATE
from infrastructure.errors import WrongSettings
from infrastructure.settings import Settings
from infrastructure.store import Store
from infrastructure.writers.bounds import least_tokens_in, longest_tokens_in, most_cost
from infrastructure.writers.prices import TYPICAL_TOKENS_IN, TYPICAL_TOKENS_OUT, Price, price_of
from infrastructure.writers.template import TemplateWriter

if TYPE_CHECKING:
    from pydantic_ai.models import Model

_MICROS = 1_000_000


def is_paid(settings: Settings) -> bool:
    return settings.ai_model != TEMPLATE


def build_writer(settings: Settings) -> DescriptionWriter:
    """Connects to nothing. Raises WrongSettings for a model that cannot be used."""
    if is_paid(settings):
        from infrastructure.writers.model_writer import ModelWriter

        return ModelWriter(
            _model(settings),
            name=settings.ai_model,
            output=settings.ai_output,
            price=_price(settings),
            deadline_seconds=settings.ai_deadline_seconds,
        )
    return TemplateWriter(
        latency_seconds=settings.template_latency_ms / 1000, deadline_seconds=settings.ai_deadline_seconds
    )


def check_model(settings: Settings) -> None:
    """Connects to nothing and starts no thread. Raises WrongSettings for a model that cannot be used."""
    if is_paid(settings):
        _model(settings)


def check_prices(settings: Settings) -> None:
    """Raises WrongSettings for prices that cannot be read, or a budget that cannot be held."""
    cost_per_text(settings)
    least_cost(settings)


def cost_per_text(settings: Settings) -> int | None:
    """In micro-USD, about; None where the model has no price."""
    if not is_paid(settings):
        return 0
    price = _price(settings)
    return price(TYPICAL_TOKENS_IN, TYPICAL_TOKENS_OUT) if price else None


def build_gate(settings: Settings, store: Store) -> ProviderGate:
    """Raises WrongSettings for a budget that cannot be held, or that a single call could exceed."""
    return ProviderGate(
        store.ledger,
        CallLimits(
            calls=settings.ai_max_calls,
            calls_per_minute=settings.ai_calls_per_minute,
            budget_microusd=_microusd(settings.ai_daily_budget_usd),
            budget_per_key_microusd=_microusd(settings.ai_daily_budget_per_key_usd),
            least_microusd=least_cost(settings),
        ),
        first_opening=timedelta(seconds=settings.ai_breaker_seconds),
        longest_call=timedelta(seconds=settings.claim_limit_seconds),
        clock=store.generations.clock,
    )


def least_cost(settings: Settings) -> int:
    """What the cheapest call may cost. A budget must pay for the dearest, or its job would wait for ever."""
    budgets = {
        "AI_DAILY_BUDGET_USD": settings.ai_daily_budget_usd,
        "AI_DAILY_BUDGET_PER_KEY_USD": settings.ai_daily_budget_per_key_usd,
    }
    set_ones = {name: budget for name, budget in budgets.items() if budget is not None}
    if not set_ones or not is_paid(settings):
        return 0
    price = _price(settings)
    for name, budget in set_ones.items():
        if price is None:
            raise WrongSettings(
                f"{PREFIX}{name} cannot be held: the price of {settings.ai_model} is not known; name it in a"
                f" file, {PREFIX}AI_PRICES_FILE"
            )
        dearest = Decimal(most_cost(price, longest_tokens_in())) / _MICROS
        if budget < dearest:
            raise WrongSettings(
                f"{PREFIX}{name} ({budget}) is too small: a single call of {settings.ai_model} may cost"
                f" {dearest} dollars"
            )
    return most_cost(price, least_tokens_in()) if price else 0


def _model(settings: Settings) -> "Model":
    # Imported here: its libraries take time and memory, which nobody pays who does not use them.
    from infrastructure.writers.language_model import language_model

    key = settings.ai_api_key.get_secret_value()
    return language_model(settings.ai_model, base_url=settings.ai_base_url, api_key=key)


def _price(settings: Settings) -> Price | None:
    return price_of(settings.ai_model, settings.ai_prices_file)


def _microusd(dollars: Decimal | None) -> int | None:
    return None if dollars is None else int(dollars * _MICROS)
