"""Structured logs on standard error: one fact a line. Never prompts, keys or generated text."""

import logging
import sys

import structlog

from infrastructure.choices import LogFormat, LogLevel

_NOISY = ("dramatiq", "uvicorn", "httpx", "httpcore")
_INDISCREET = ("openai", "anthropic", "httpx2", "httpcore2", "pydantic_ai")
"""These tell at DEBUG what is sent and received."""


def configure_logs(level: LogLevel, log_format: LogFormat) -> None:
    """For people on a terminal, as JSON elsewhere; libraries log through the same lines."""
    is_console = log_format is LogFormat.CONSOLE or (log_format is LogFormat.AUTO and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendered: list[structlog.typing.Processor] = (
        [
            structlog.dev.ConsoleRenderer(
                colors=is_console and sys.stderr.isatty(),
                # Its own way shows local variables, passwords among them.
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
        if is_console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level.value),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.value, force=True)
    for noisy in (*_NOISY, *_INDISCREET):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level.value)))
