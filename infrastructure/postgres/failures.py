"""What PostgreSQL's errors mean to whoever runs the service, and what can be done about them."""

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

MISSING_SCHEMA = "its tables are missing; run: moviemind schema create"
EPOCH_IS_GONE = "its table log_epochs must have one row; restore it from a backup"
NOT_AT_HOME = (
    "it is a restored copy or a promoted standby, where positions of the log could be given out twice;"
    " run: moviemind schema promote"
)


def place(url: str) -> str:
    """A store's URL for people: never with its password."""
    named = conninfo_to_dict(url)
    hosts, ports = str(named.get("host") or "localhost").split(","), str(named.get("port") or 5432).split(",")
    pairs = zip(hosts, ports * len(hosts) if len(ports) == 1 else ports, strict=False)
    shown = ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in pairs)
    return f"postgresql://{shown}/{named.get('dbname') or named.get('user') or ''}"


def reason(error: BaseException | None) -> str:
    """An error of PostgreSQL in a clause for people, with the way out of it."""
    match error:
        case errors.DiskFull():
            return "its disk is full; make room there, nothing that was accepted is lost"
        case errors.ReadOnlySqlTransaction():
            return "it can only be read; name the primary, not a standby, in MOVIEMIND_STORE_URL"
        case errors.UndefinedTable() | errors.InvalidSchemaName():
            return MISSING_SCHEMA
        case errors.InsufficientPrivilege():
            return f"its user may not do that: {_first_line(error)}"
        case errors.LockNotAvailable() | errors.QueryCanceled():
            return "another session holds it up; try again in a moment"
        case psycopg.OperationalError() | psycopg.InterfaceError():
            return f"{_first_line(error)}; the service goes on as soon as it answers again"
    return _first_line(error)


def reason_at_start(error: psycopg.Error) -> str:
    """Why a process does not start: it ends, and nothing goes on by itself."""
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        return (
            f"{_first_line(error)}; see that PostgreSQL runs there and has a connection left"
            " (max_connections), and that MOVIEMIND_STORE_URL names the right user, password and database"
        )
    return reason(error)


def _first_line(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
