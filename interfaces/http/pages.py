"""Pages of listings: one row more than asked for tells whether there is a next page."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from fastapi import Request, Response

from interfaces.http import cursors

Row = TypeVar("Row")


def link_next(
    rows: Sequence[Row],
    limit: int,
    position_of: Callable[[Row], int],
    epoch: str,
    request: Request,
    response: Response,
) -> str | None:
    """The cursor of the page behind the first `limit` rows, also set as `Link: rel="next"`."""
    if len(rows) <= limit:
        return None
    cursor = cursors.encode(epoch, position_of(rows[limit - 1]))
    url = request.url.include_query_params(cursor=cursor)
    response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return cursor
