"""Everything an operator can set: environment variables with the prefix MOVIEMIND_."""

import difflib
import ipaddress
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.values import MAX_TRIES
from infrastructure.errors import WrongSettings

PREFIX = "MOVIEMIND_"

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Auth(StrEnum):
    ON = "on"
    OFF = "off"


class LogFormat(StrEnum):
    """`auto` writes lines for people to a terminal and JSON to everything else."""

    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    data_dir: Path = Field(Path("var"), description="where the embedded service keeps its files")
    store_url: str = Field("", description="the event store; empty: `sqlite:///{DATA_DIR}/moviemind.db`")
    host: str = Field(
        "127.0.0.1", description="address to serve on; loopback only while there are no API keys"
    )
    port: int = Field(8000, ge=0, le=65_535, description="port to serve on; 0 takes a free one")
    auth: Auth = Field(Auth.OFF, description="`off` serves everyone who reaches the loopback address")
    queue: str = Field("embedded", description="what wakes workers; `embedded` lives in the process")
    ai_model: str = Field("template", description="who writes; `template` writes offline and free of charge")
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
    log_level: LogLevel = Field(LogLevel.INFO, description="least severe log line that is written")
    log_format: LogFormat = Field(LogFormat.AUTO, description="`console`, `json`, or `auto`: by terminal")

    @property
    def event_store_path(self) -> Path:
        return (
            Path(self.store_url.removeprefix("sqlite:///"))
            if self.store_url
            else self.data_dir / "moviemind.db"
        )

    @property
    def view_store_path(self) -> Path:
        return self.event_store_path.with_name(self.event_store_path.stem + "-views.db")

    @field_validator("retry_backoff_seconds", mode="before")
    @classmethod
    def _comma_separated(cls, value: Any) -> Any:
        return value.split(",") if isinstance(value, str) else value

    @field_validator("retry_backoff_seconds")
    @classmethod
    def _one_wait_between_tries(cls, waits: tuple[float, ...]) -> tuple[float, ...]:
        if len(waits) != MAX_TRIES - 1 or any(not 0 < wait <= 86_400 for wait in waits):
            raise ValueError(f"write {MAX_TRIES - 1} waits of up to 86400 seconds, such as 10,60")
        return waits

    @field_validator("store_url")
    @classmethod
    def _sqlite_only(cls, url: str) -> str:
        path = url.removeprefix("sqlite:///")
        if url and (path in ("", ":memory:", url) or "?" in path):
            raise ValueError(
                "this version keeps events in a SQLite file: write sqlite:///PATH, or leave it out"
            )
        return url

    @field_validator("queue")
    @classmethod
    def _embedded_only(cls, queue: str) -> str:
        if queue != "embedded":
            raise ValueError("this version has the embedded queue only: write embedded, or leave it out")
        return queue

    @field_validator("ai_model")
    @classmethod
    def _template_only(cls, model: str) -> str:
        if model != "template":
            raise ValueError("this version has the offline writer only: write template, or leave it out")
        return model

    @field_validator("auth")
    @classmethod
    def _without_keys_only(cls, auth: Auth) -> Auth:
        if auth is Auth.ON:
            raise ValueError("this version has no API keys yet; set it to off and stay on loopback")
        return auth

    @field_validator("host")
    @classmethod
    def _reachable_by_the_trusted_only(cls, host: str) -> str:
        if not _is_loopback(host):
            raise ValueError("without API keys only a loopback address is served; write 127.0.0.1")
        return host

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        wrong = [
            f"{PREFIX}{larger.upper()} ({high:g}) must be above {PREFIX}{smaller.upper()} ({low:g})"
            for smaller, larger in _ASCENDING
            if (low := getattr(self, smaller)) >= (high := getattr(self, larger))
        ]
        if wrong:
            raise ValueError("\n".join(wrong))
        return self


_ASCENDING = (
    ("ai_deadline_seconds", "claim_limit_seconds"),
    ("ai_deadline_seconds", "shutdown_seconds"),
    ("heartbeat_seconds", "worker_dead_seconds"),
    ("rescue_seconds", "worker_dead_seconds"),
)


def load_settings(**overrides: Any) -> Settings:
    """The settings of the environment; `overrides` (command line options) win. Raises WrongSettings."""
    problems = [_unknown(name) for name in sorted(os.environ) if _is_unknown(name)]
    try:
        settings = Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        problems += [_problem(details) for details in error.errors()]
    if problems:
        raise WrongSettings("\n".join(problems))
    return settings


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
    return f"{PREFIX}{str(details['loc'][0]).upper()}: {message} (it is {details['input']!r})"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
