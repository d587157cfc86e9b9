"""Everything an operator can set: environment variables with the prefix MOVIEMIND_."""

import difflib
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.values import MAX_TRIES
from infrastructure.choices import PREFIX, TEMPLATE, AiOutput, Auth, LogFormat, LogLevel, Queue
from infrastructure.contradictions import contradictions, is_loopback
from infrastructure.errors import WrongSettings

SHORTEST_KEY = 16

_POSTGRES = "postgresql://"
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Dollars = Annotated[Decimal, Field(ge=0, le=1_000_000)]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    data_dir: Path = Field(Path("var"), description="where the embedded service keeps its files")
    store_url: SecretStr = Field(
        SecretStr(""),
        description="the event store, `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST/DATABASE`; empty:"
        " `sqlite:///{DATA_DIR}/moviemind.db`",
    )
    host: str = Field(
        "127.0.0.1", description="address to serve on; one that is not loopback needs AUTH on and a key"
    )
    port: int = Field(8000, ge=0, le=65_535, description="port to serve on; 0 takes a free one")
    auth: Auth | None = Field(
        None,
        description="`on` wants a key of every caller, `off` serves whoever reaches the loopback address;"
        " empty: `off` on loopback, `on` elsewhere",
    )
    bootstrap_admin_key: SecretStr | None = Field(
        None, description="the first key while AUTH is on, which makes the others, 16 characters or more"
    )
    api_key: SecretStr | None = Field(
        None, description="the key that commands send to a service; empty: BOOTSTRAP_ADMIN_KEY"
    )
    rate_limit_generate: int = Field(
        600,
        ge=1,
        le=1_000_000,
        description="requests within a minute that one key may send to have texts written or anything"
        " changed; while AUTH is on",
    )
    rate_limit_read: int = Field(
        6_000,
        ge=1,
        le=1_000_000,
        description="requests within a minute that one key may send to read; while AUTH is on",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="pages of other origins that may call from a browser, such as `https://films.example`,"
        " separated by commas; `*` lets all",
    )
    queue: Queue | None = Field(
        None,
        description="what wakes workers: `embedded` lives in the process, `database` in PostgreSQL, `redis`"
        " in Redis; empty: `embedded` with SQLite; with PostgreSQL `redis` if REDIS_URL is set, or else"
        " `database`",
    )
    redis_url: SecretStr | None = Field(
        None, description="`redis://HOST:6379/0`, or `redis+sentinel://HOST:26379,HOST:26379/SERVICE/0`"
    )
    ai_model: str = Field(
        TEMPLATE,
        description="who writes: `template` writes offline and free of charge, `openai:gpt-4o-mini` or any"
        " other `PROVIDER:MODEL` is a paid model; with AI_BASE_URL whatever its server calls the model",
    )
    ai_base_url: str = Field(
        "",
        description="a server that speaks OpenAI's chat completions, such as `http://127.0.0.1:8080/v1`",
    )
    ai_api_key: SecretStr = Field(SecretStr(""), description="the key for the provider of the model")
    ai_output: AiOutput = Field(
        AiOutput.SCHEMA,
        description="how the model is made to answer in JSON: by `schema`, as the arguments of a `tool`, or"
        " asked for in the `text` alone",
    )
    ai_prices_file: Path | None = Field(
        None, description="prices of models that are unknown or yours alone, as TOML; see docs/models.md"
    )
    ai_max_calls: int | None = Field(
        None,
        ge=1,
        le=10_000,
        description="calls to the model at the same time, of all workers; empty: no limit",
    )
    ai_calls_per_minute: int | None = Field(
        None, ge=1, le=1_000_000, description="calls to the model within a minute; empty: no limit"
    )
    ai_daily_budget_usd: Dollars | None = Field(
        None, description="what a day (UTC) may cost; empty: no limit. What is accepted beyond it waits"
    )
    ai_daily_budget_per_key_usd: Dollars | None = Field(
        None, description="what the jobs of one API key may cost in a day (UTC); empty: no limit"
    )
    ai_breaker_seconds: Seconds = Field(
        10,
        description="how long a provider is left alone after three failures in a row; twice as long after"
        " each further one, up to 30 times",
    )
    template_latency_ms: int = Field(
        0, ge=0, le=3_600_000, description="how long the template writer takes for a text, in milliseconds"
    )
    worker_threads: int = Field(8, ge=1, le=64, description="attempts that run at the same time")
    ai_deadline_seconds: Seconds = Field(90, description="the writer is given up after this")
    claim_limit_seconds: Seconds = Field(
        150, description="even a live worker loses a job after this; above AI_DEADLINE_SECONDS"
    )
    shutdown_seconds: Seconds = Field(
        130, description="how long running attempts may finish; above AI_DEADLINE_SECONDS"
    )
    retry_backoff_seconds: Annotated[tuple[float, ...], NoDecode] = Field(
        (10, 60), description="waits after the first and the second failed try, each ±20 %"
    )
    heartbeat_seconds: Seconds = Field(2, description="how often a worker leaves a sign of life")
    worker_dead_seconds: Seconds = Field(
        8, description="a worker silent for this long is dead; above HEARTBEAT and RESCUE_SECONDS"
    )
    rescue_seconds: Seconds = Field(2, description="how often attempts of dead workers are looked for")
    resend_seconds: Seconds = Field(60, description="a message not started after this is sent again")
    poll_seconds: Seconds = Field(0.2, description="how often the log and the due jobs are looked at unasked")
    audit_signing_key: SecretStr | None = Field(
        None, description="the key that signs the history, as `moviemind audit new-key` prints it"
    )
    checkpoint_place: SecretStr | None = Field(
        None,
        description="where the signed history is published, out of reach of whoever can change the database:"
        " a directory, or a URL that takes PUT and answers GET; needs AUDIT_SIGNING_KEY",
    )
    checkpoint_seconds: Seconds = Field(60, description="how often the history is signed while it grows")
    log_level: LogLevel = Field(LogLevel.INFO, description="least severe log line that is written")
    log_format: LogFormat = Field(LogFormat.AUTO, description="`console`, `json`, or `auto`: by terminal")

    @property
    def is_on_postgres(self) -> bool:
        return self.store_address.startswith(_POSTGRES)

    @property
    def store_address(self) -> str:
        """STORE_URL with the password that may be in it."""
        return self.store_url.get_secret_value()

    @property
    def auth_in_use(self) -> Auth:
        return self.auth or (Auth.OFF if is_loopback(self.host) else Auth.ON)

    @property
    def key_to_send(self) -> str | None:
        key = self.api_key or self.bootstrap_admin_key
        return key.get_secret_value() if key else None

    @property
    def redis_address(self) -> str:
        """REDIS_URL with the password that may be in it; empty where there is none."""
        return self.redis_url.get_secret_value() if self.redis_url else ""

    @property
    def queue_in_use(self) -> Queue:
        if self.queue is not None:
            return self.queue
        if not self.is_on_postgres:
            return Queue.EMBEDDED
        return Queue.REDIS if self.redis_url else Queue.DATABASE

    @property
    def event_store_path(self) -> Path:
        return (
            Path(self.store_address.removeprefix("sqlite:///"))
            if self.store_address
            else self.data_dir / "moviemind.db"
        )

    @property
    def view_store_path(self) -> Path:
        return self.event_store_path.with_name(self.event_store_path.stem + "-views.db")

    @field_validator("retry_backoff_seconds", "cors_origins", mode="before")
    @classmethod
    def _comma_separated(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _as_browsers_write_them(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                raise ValueError("write origins as https://films.example or http://localhost:3000, or *")
        return origins

    @field_validator("retry_backoff_seconds")
    @classmethod
    def _one_wait_between_tries(cls, waits: tuple[float, ...]) -> tuple[float, ...]:
        if len(waits) != MAX_TRIES - 1 or any(not 0 < wait <= 86_400 for wait in waits):
            raise ValueError(f"write {MAX_TRIES - 1} waits of up to 86400 seconds, such as 10,60")
        return waits

    @field_validator("store_url")
    @classmethod
    def _a_store_we_know(cls, secret: SecretStr) -> SecretStr:
        url = secret.get_secret_value()
        if url.startswith(_POSTGRES):
            # Imported here, as below: commands that talk to a service would wait for drivers they do not use.
            from infrastructure.postgres import urls as postgres_urls

            postgres_urls.check(url)
            return secret
        path = url.removeprefix("sqlite:///")
        if url and (path in ("", ":memory:", url) or "?" in path):
            raise ValueError(
                "write sqlite:///PATH for a file, postgresql://USER:PASSWORD@HOST/DATABASE, or leave it out"
            )
        return secret

    @field_validator("redis_url")
    @classmethod
    def _a_redis_we_can_name(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None:
            from infrastructure.redis.client import connect

            connect(secret.get_secret_value(), timeout_seconds=1).close()  # it has not connected yet
        return secret

    @field_validator("ai_base_url")
    @classmethod
    def _an_address_of_a_server(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("write an address that begins with http:// or https://, or leave it out")
        try:
            urlsplit(url).port  # noqa: B018 - which raises for one that cannot be
        except ValueError as error:
            raise ValueError(f"write an address that there can be: {error}") from None
        return url

    @field_validator("ai_api_key")
    @classmethod
    def _fits_into_a_header(cls, key: SecretStr) -> SecretStr:
        """Files and forms like to add a line break."""
        value = key.get_secret_value().strip()
        if not (value.isascii() and value.isprintable()):
            raise ValueError("write printable ASCII characters")
        return SecretStr(value)

    @field_validator("bootstrap_admin_key", "api_key")
    @classmethod
    def _hard_to_guess(cls, key: SecretStr | None) -> SecretStr | None:
        if key is None:
            return None
        value = key.get_secret_value().strip()
        if len(value) < SHORTEST_KEY or not (value.isascii() and value.isprintable()):
            raise ValueError(f"write {SHORTEST_KEY} or more printable ASCII characters")
        return SecretStr(value)

    @field_validator("audit_signing_key")
    @classmethod
    def _a_key_to_sign_with(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is None:
            return None
        from application.audit.signed_notes import KeyMalformed, SigningKey

        key = secret.get_secret_value().strip()
        try:
            SigningKey.parse(key)
        except KeyMalformed as error:
            raise ValueError(f"{error} Make one with: moviemind audit new-key NAME") from None
        return SecretStr(key)

    @field_validator("checkpoint_place")
    @classmethod
    def _a_directory_or_a_server(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is None:
            return None
        from infrastructure.places import check

        check(secret.get_secret_value())
        return secret

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if wrong := list(contradictions(self)):
            raise ValueError("\n".join(wrong))
        return self

    def as_environment(self) -> dict[str, str]:
        """Variables that make another process load the same settings."""
        return {f"{PREFIX}{name.upper()}": _written(getattr(self, name)) for name in self.model_fields_set}


_SECRET = {
    name for name, field in Settings.model_fields.items() if field.annotation in (SecretStr, SecretStr | None)
}


def load_settings(**overrides: Any) -> Settings:
    """The settings of the environment; `overrides` (command line options) win. Raises WrongSettings."""
    problems = [_unknown(name) for name in sorted(os.environ) if _is_unknown(name)]
    wanted = {name: value for name, value in overrides.items() if value is not None}
    if "data_dir" in wanted:  # it names a store, which is not the one that variables may name
        wanted = {"store_url": "", "queue": Queue.EMBEDDED} | wanted
    try:
        settings = Settings(**wanted)
    except ValidationError as error:
        problems += [_problem(details) for details in error.errors()]
    if problems:
        raise WrongSettings("\n".join(problems))
    return settings


def _written(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def _is_unknown(variable: str) -> bool:
    name = variable.removeprefix(PREFIX)
    return name != variable and name.lower() not in Settings.model_fields


def _unknown(variable: str) -> str:
    close = difflib.get_close_matches(variable.removeprefix(PREFIX).lower(), Settings.model_fields, n=1)
    return f"{variable} is not a setting" + (f"; did you mean {PREFIX}{close[0].upper()}?" if close else ".")


def _problem(details: Any) -> str:
    message: str = details["msg"].removeprefix("Value error, ")
    if not details["loc"]:
        return message
    name = str(details["loc"][0])
    shown = "" if name in _SECRET else f" (it is {details['input']!r})"
    return f"{PREFIX}{name.upper()}: {message}{shown}"
