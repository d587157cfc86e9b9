"""How settings are called, and what some of them can be."""

from enum import StrEnum

PREFIX = "MOVIEMIND_"
TEMPLATE = "template"
"""The writer that needs no model."""


class Auth(StrEnum):
    ON = "on"
    OFF = "off"


class AiOutput(StrEnum):
    SCHEMA = "schema"
    TOOL = "tool"
    TEXT = "text"


class Queue(StrEnum):
    EMBEDDED = "embedded"
    DATABASE = "database"
    REDIS = "redis"


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
