"""The URL of a store on PostgreSQL.

A password with a character that means something in a URL splits it in the wrong place, and what follows is
taken for a host or a port, which are printed. So such a URL is refused before anybody connects with it.
"""

import psycopg
from psycopg.conninfo import conninfo_to_dict

_ADVICE = (
    "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with the characters @ : / ? # % and spaces of a"
    " password percent-encoded, such as %40 for @; behind a ? only options that libpq knows, such as"
    " sslmode=require"
)


def check(url: str) -> None:
    """Raises ValueError, which says nothing of what is in the URL."""
    try:
        named = {name: str(value or "") for name, value in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError:
        raise ValueError(_ADVICE) from None
    ports = [port for port in named.get("port", "").split(",") if port]
    if not all(map(str.isdecimal, ports)) or "@" in named.get("host", "") + named.get("dbname", ""):
        raise ValueError(_ADVICE)
