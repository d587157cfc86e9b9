"""Answers as the routes give them. Pages hold one row less than was read: it tells whether more follow."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from fastapi import Request, Response
from pydantic import BaseModel

Row = TypeVar("Row")


def json_answer(body: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Rendered here, once: FastAPI would validate and render a returned model a second time."""
    content = body.model_dump_json(by_alias=True)
    return Response(content, status, dict(headers or {}), media_type="application/json")


def following_cursor(rows: Sequence[Row], limit: int, behind: Callable[[Row], str]) -> str | None:
    """The cursor of the page behind the first `limit` rows; None when no row is left for it."""
    return behind(rows[limit - 1]) if len(rows) > limit else None


def link_next(request: Request, cursor: str | None) -> dict[str, str]:
    """`Link: rel="next"` to the same listing behind the cursor."""
    if cursor is None:
        return {}
    url = request.url.include_query_params(cursor=cursor)
    return {"Link": f'<{url.path}?{url.query}>; rel="next"'}
