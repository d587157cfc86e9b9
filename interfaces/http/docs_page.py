"""/docs: the API to read and to try out, from files of our own."""

from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles

ASSETS = Path(__file__).with_name("assets")

# Swagger UI styles its elements by attributes, and draws with data: URLs. Nothing may come from elsewhere.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def serve_docs(app: FastAPI) -> None:
    """The page is public, as /openapi.json is; to try routes out it asks for a key."""
    app.mount("/docs/assets", StaticFiles(directory=ASSETS), name="assets")
    app.add_api_route("/docs", _docs, include_in_schema=False, response_class=FileResponse)


async def _docs() -> Response:
    return FileResponse(ASSETS / "docs.html", headers={"Content-Security-Policy": _POLICY})
