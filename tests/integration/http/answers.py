"""One request for every answer that a route can give."""

from tests.integration.http.api import BODY_LIMIT_BYTES

JOB, JOBS, RETRY = "/v1/jobs/{job_id}", "/v1/jobs", "/v1/jobs/{job_id}/retry"
MOVIE, MOVIES, HISTORY = "/v1/movies/{slug}", "/v1/movies", "/v1/movies/{slug}/history"
DIFF, GENERATE, PREVIEW = "/v1/movies/{slug}/diff", "/v1/generate", "/v1/generate/preview"
PROMOTIONS, EDITS = "/v1/movies/{slug}/promotions", "/v1/movies/{slug}/descriptions"
WITHDRAWALS = "/v1/movies/{slug}/withdrawals"
QUEUES, PAUSE = "/v1/admin/queues", "/v1/admin/queues/pause"
RESUME, RECOVER = "/v1/admin/queues/resume", "/v1/admin/queues/recover"
WORKERS, FAILED, RETRY_FAILED = "/v1/admin/workers", "/v1/admin/failed-jobs", "/v1/admin/failed-jobs/retry"
AUDIT, PROJECTIONS = "/v1/audit", "/v1/admin/projections"
REBUILD = "/v1/admin/projections/rebuild"
SPENDING, THROUGHPUT = "/v1/stats/spending", "/v1/stats/throughput"
TEXTS, TEXT, REFUSED = "/v1/audit/texts", "/v1/audit/texts/{description_id}", "/v1/audit/refused"
EVENTS = "/v1/jobs/{job_id}/events"
KEYS, KEY, ACTOR = "/v1/admin/keys", "/v1/admin/keys/{key_id}", "/v1/admin/actors/{actor}"

TOO_LONG = "x" * (BODY_LIMIT_BYTES + 1)
PROMOTION = '{"description_id": "%s", "scope": "film"}'
EDIT = '{"locale": "en-US", "context_tag": "DEFAULT", "text": "Mine.", "based_on": "%s"}'
WITHDRAWAL = '{"description_id": "%s", "reason": "wrong"}'
CORRECTION = '{"title": "The Film", "reason": "misspelt"}'
FOREIGN_CURSOR = "b3RoZXIuNQ"  # other.5

# A route, a request to it, its body, and the status of the answer. NEW and THERE stand for films, of which
# THERE is described; DONE and UNKNOWN for jobs; SHOWN and GONE for descriptions of THERE, GONE was withdrawn.
ANSWERS: list[tuple[str, str, str | None, int]] = [
    (GENERATE, "POST /v1/generate", '{"slug": "THERE"}', 200),
    (GENERATE, "POST /v1/generate", '{"slug": "THERE", "context_tag": ["DEFAULT", "modern"]}', 202),
    (GENERATE, "POST /v1/generate", '{"slug": "NEW"}', 202),
    (GENERATE, "POST /v1/generate", '{"slug": "2012"}', 400),
    (GENERATE, "POST /v1/generate", "[" * 60_000, 400),
    (GENERATE, "POST /v1/generate", TOO_LONG, 413),
    (GENERATE, "POST /v1/generate", "{}", 422),
    (GENERATE, "POST /v1/generate", '{"slug": "NEW", "release_year": 2003}', 422),
    (PREVIEW, "POST /v1/generate/preview", '{"slug": "NEW"}', 200),
    (PREVIEW, "POST /v1/generate/preview", '{"slug": "2012"}', 400),
    (PREVIEW, "POST /v1/generate/preview", "[" * 60_000, 400),
    (PREVIEW, "POST /v1/generate/preview", TOO_LONG, 413),
    (PREVIEW, "POST /v1/generate/preview", "{}", 422),
    (JOBS, "GET /v1/jobs", None, 200),
    (JOBS, "GET /v1/jobs?cursor=garbage", None, 400),
    (JOBS, f"GET /v1/jobs?cursor={FOREIGN_CURSOR}", None, 410),
    (JOBS, "GET /v1/jobs?limit=0", None, 422),
    (JOB, "GET /v1/jobs/DONE", None, 200),
    (JOB, "GET /v1/jobs/UNKNOWN", None, 404),
    (JOB, "GET /v1/jobs/x", None, 422),
    (JOB, "DELETE /v1/jobs/UNKNOWN", None, 404),
    (JOB, "DELETE /v1/jobs/DONE", None, 409),
    (JOB, "DELETE /v1/jobs/x", None, 422),
    (RETRY, "POST /v1/jobs/UNKNOWN/retry", None, 404),
    (RETRY, "POST /v1/jobs/DONE/retry", None, 409),
    (RETRY, "POST /v1/jobs/DONE/retry", "[" * 60_000, 400),
    (RETRY, "POST /v1/jobs/DONE/retry", TOO_LONG, 413),
    (RETRY, "POST /v1/jobs/DONE/retry", '{"reason": ""}', 422),
    (MOVIES, "GET /v1/movies", None, 200),
    (MOVIES, "GET /v1/movies?cursor=garbage", None, 400),
    (MOVIES, f"GET /v1/movies?cursor={FOREIGN_CURSOR}", None, 410),
    (MOVIES, "GET /v1/movies?limit=101", None, 422),
    (MOVIE, "GET /v1/movies/THERE", None, 200),
    (MOVIE, "GET /v1/movies/NEW", None, 202),
    (MOVIE, "GET /v1/movies/2012", None, 400),
    (MOVIE, "GET /v1/movies/THERE?description_id=UNKNOWN", None, 404),
    (MOVIE, "GET /v1/movies/THERE?locale=xx", None, 422),
    (HISTORY, "GET /v1/movies/THERE/history", None, 200),
    (HISTORY, "GET /v1/movies/2012/history", None, 400),
    (HISTORY, "GET /v1/movies/NEW/history", None, 404),
    (HISTORY, f"GET /v1/movies/THERE/history?cursor={FOREIGN_CURSOR}", None, 410),
    (HISTORY, "GET /v1/movies/THERE/history?limit=0", None, 422),
    (DIFF, "GET /v1/movies/THERE/diff", None, 200),
    (DIFF, "GET /v1/movies/2012/diff", None, 400),
    (DIFF, "GET /v1/movies/NEW/diff", None, 404),
    (DIFF, "GET /v1/movies/THERE/diff?to=99", None, 404),
    (DIFF, "GET /v1/movies/THERE/diff?to=0", None, 422),
    (AUDIT, "GET /v1/audit", None, 200),
    (AUDIT, "GET /v1/audit?after=garbage", None, 400),
    (AUDIT, "GET /v1/audit?after=other.5", None, 410),
    (AUDIT, "GET /v1/audit?limit=0", None, 422),
    (TEXTS, "GET /v1/audit/texts", None, 200),
    (TEXTS, "GET /v1/audit/texts?cursor=garbage", None, 400),
    (TEXTS, f"GET /v1/audit/texts?cursor={FOREIGN_CURSOR}", None, 410),
    (TEXTS, "GET /v1/audit/texts?locale=xx", None, 422),
    (TEXT, "GET /v1/audit/texts/SHOWN", None, 200),
    (TEXT, "GET /v1/audit/texts/UNKNOWN", None, 404),
    (TEXT, "GET /v1/audit/texts/x", None, 422),
    (REFUSED, "GET /v1/audit/refused", None, 200),
    (REFUSED, "GET /v1/audit/refused?cursor=garbage", None, 400),
    (REFUSED, f"GET /v1/audit/refused?cursor={FOREIGN_CURSOR}", None, 410),
    (REFUSED, "GET /v1/audit/refused?limit=0", None, 422),
    (SPENDING, "GET /v1/stats/spending", None, 200),
    (SPENDING, "GET /v1/stats/spending?group_by=hour", None, 422),
    (THROUGHPUT, "GET /v1/stats/throughput", None, 200),
    (THROUGHPUT, "GET /v1/stats/throughput?group_by=model", None, 422),
    (QUEUES, "GET /v1/admin/queues", None, 200),
    (PAUSE, "POST /v1/admin/queues/pause", "[" * 60_000, 400),
    (PAUSE, "POST /v1/admin/queues/pause", TOO_LONG, 413),
    (PAUSE, "POST /v1/admin/queues/pause", '{"reason": ""}', 422),
    (RESUME, "POST /v1/admin/queues/resume", None, 200),
    (RECOVER, "POST /v1/admin/queues/recover", None, 200),
    (WORKERS, "GET /v1/admin/workers", None, 200),
    (PROJECTIONS, "GET /v1/admin/projections", None, 200),
    (REBUILD, "POST /v1/admin/projections/rebuild", "[" * 60_000, 400),
    (REBUILD, "POST /v1/admin/projections/rebuild", TOO_LONG, 413),
    (REBUILD, "POST /v1/admin/projections/rebuild", '{"views": ["films"]}', 422),
    (FAILED, "GET /v1/admin/failed-jobs", None, 200),
    (FAILED, "GET /v1/admin/failed-jobs?cursor=garbage", None, 400),
    (FAILED, f"GET /v1/admin/failed-jobs?cursor={FOREIGN_CURSOR}", None, 410),
    (FAILED, "GET /v1/admin/failed-jobs?error_type=BORED", None, 422),
    (RETRY_FAILED, "POST /v1/admin/failed-jobs/retry", "{}", 200),
    (RETRY_FAILED, "POST /v1/admin/failed-jobs/retry", '{"cursor": "garbage"}', 400),
    (RETRY_FAILED, "POST /v1/admin/failed-jobs/retry", f'{{"cursor": "{FOREIGN_CURSOR}"}}', 410),
    (RETRY_FAILED, "POST /v1/admin/failed-jobs/retry", TOO_LONG, 413),
    (RETRY_FAILED, "POST /v1/admin/failed-jobs/retry", '{"limit": 0}', 422),
    (EVENTS, "GET /v1/jobs/DONE/events", None, 200),
    (EVENTS, "GET /v1/jobs/UNKNOWN/events", None, 404),
    (EVENTS, "GET /v1/jobs/not-a-uuid/events", None, 422),
    (KEYS, "GET /v1/admin/keys", None, 200),
    (KEYS, "POST /v1/admin/keys", '{"name": "the shop"}', 201),
    (KEYS, "POST /v1/admin/keys", "[" * 60_000, 400),
    (KEYS, "POST /v1/admin/keys", TOO_LONG, 413),
    (KEYS, "POST /v1/admin/keys", "{}", 422),
    (KEY, "DELETE /v1/admin/keys/mm_nobody", None, 404),
    (KEY, f"DELETE /v1/admin/keys/{'x' * 101}", None, 422),
    (ACTOR, "DELETE /v1/admin/actors/mm_nobody", None, 404),
    (ACTOR, f"DELETE /v1/admin/actors/{'x' * 101}", None, 422),
    ("/health", "GET /health", None, 200),
    ("/health/live", "GET /health/live", None, 200),
    ("/health/ready", "GET /health/ready", None, 200),
    ("/metrics", "GET /metrics", None, 200),
]

# As above, of what people change, with what If-Match says.
CHANGES: list[tuple[str, str, str, str | None, int]] = [
    (PROMOTIONS, "POST /v1/movies/THERE/promotions", PROMOTION % "SHOWN", "*", 200),
    (PROMOTIONS, "POST /v1/movies/2012/promotions", PROMOTION % "SHOWN", "*", 400),
    (PROMOTIONS, "POST /v1/movies/THERE/promotions", "[" * 60_000, "*", 400),
    (PROMOTIONS, "POST /v1/movies/NEW/promotions", PROMOTION % "SHOWN", "*", 404),
    (PROMOTIONS, "POST /v1/movies/THERE/promotions", PROMOTION % "UNKNOWN", "*", 404),
    (PROMOTIONS, "POST /v1/movies/THERE/promotions", PROMOTION % "GONE", "*", 410),
    (PROMOTIONS, "POST /v1/movies/THERE/promotions", PROMOTION % "SHOWN", '"v1"', 412),
    (PROMOTIONS, "POST /v1/movies/THERE/promotions", TOO_LONG, "*", 413),
    (PROMOTIONS, "POST /v1/movies/THERE/promotions", "{}", "*", 422),
    (PROMOTIONS, "POST /v1/movies/THERE/promotions", PROMOTION % "SHOWN", None, 428),
    (EDITS, "POST /v1/movies/THERE/descriptions", EDIT % "SHOWN", "*", 201),
    (EDITS, "POST /v1/movies/2012/descriptions", EDIT % "SHOWN", "*", 400),
    (EDITS, "POST /v1/movies/THERE/descriptions", "[" * 60_000, "*", 400),
    (EDITS, "POST /v1/movies/NEW/descriptions", EDIT % "SHOWN", "*", 404),
    (EDITS, "POST /v1/movies/THERE/descriptions", EDIT % "UNKNOWN", "*", 404),
    (EDITS, "POST /v1/movies/THERE/descriptions", EDIT % "GONE", "*", 410),
    (EDITS, "POST /v1/movies/THERE/descriptions", EDIT % "SHOWN", '"v1"', 412),
    (EDITS, "POST /v1/movies/THERE/descriptions", TOO_LONG, "*", 413),
    (EDITS, "POST /v1/movies/THERE/descriptions", "{}", "*", 422),
    (EDITS, "POST /v1/movies/THERE/descriptions", EDIT % "SHOWN", None, 428),
    (WITHDRAWALS, "POST /v1/movies/2012/withdrawals", WITHDRAWAL % "SHOWN", None, 400),
    (WITHDRAWALS, "POST /v1/movies/THERE/withdrawals", "[" * 60_000, None, 400),
    (WITHDRAWALS, "POST /v1/movies/NEW/withdrawals", WITHDRAWAL % "SHOWN", None, 404),
    (WITHDRAWALS, "POST /v1/movies/THERE/withdrawals", WITHDRAWAL % "UNKNOWN", None, 404),
    (WITHDRAWALS, "POST /v1/movies/THERE/withdrawals", WITHDRAWAL % "GONE", None, 410),
    (WITHDRAWALS, "POST /v1/movies/THERE/withdrawals", WITHDRAWAL % "SHOWN", '"v1"', 412),
    (WITHDRAWALS, "POST /v1/movies/THERE/withdrawals", TOO_LONG, None, 413),
    (WITHDRAWALS, "POST /v1/movies/THERE/withdrawals", "{}", None, 422),
    (MOVIE, "PATCH /v1/movies/THERE", CORRECTION, "*", 200),
    (MOVIE, "PATCH /v1/movies/2012", CORRECTION, "*", 400),
    (MOVIE, "PATCH /v1/movies/THERE", "[" * 60_000, "*", 400),
    (MOVIE, "PATCH /v1/movies/NEW", CORRECTION, "*", 404),
    (MOVIE, "PATCH /v1/movies/THERE", CORRECTION, '"v1"', 412),
    (MOVIE, "PATCH /v1/movies/THERE", TOO_LONG, "*", 413),
    (MOVIE, "PATCH /v1/movies/THERE", "{}", "*", 422),
    (MOVIE, "PATCH /v1/movies/THERE", CORRECTION, None, 428),
]

ELSEWHERE = {
    (MOVIE, "get", 300),
    (MOVIE, "get", 304),
    (MOVIE, "get", 410),
    (JOB, "delete", 202),
    (RETRY, "post", 202),
    (WITHDRAWALS, "post", 200),
    (PAUSE, "post", 200),
    (KEY, "delete", 200),
    (REBUILD, "post", 202),
    (REBUILD, "post", 409),
    (ACTOR, "delete", 200),
    (EVENTS, "get", 204),
    (EVENTS, "get", 400),
}
"""Answers that take more than one request, or a service of their own, and have tests elsewhere."""
