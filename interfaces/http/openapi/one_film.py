"""One film, from its request on: what is sent and answered in the examples of the OpenAPI document."""

import json
from typing import Any

_JOB_ID, _MOVIE_ID = "6f1f6a5e-6b0c-5d0a-9c2e-3a1b7d9e4f10", "0c0bd6a0-5f6e-5d5c-8f0e-7f3a2b1c9d8e"
_TEXT_ID, _KEY_ID = "3a2b1c9d-8e7f-5a6b-9c0d-1e2f3a4b5c6d", "mm_0f3a5c9be1d2"
_REQUESTED_AT, _DONE_AT = "2026-01-31T12:00:00.120000Z", "2026-01-31T12:00:02.480000Z"
_SLUG, _EPOCH = "the-matrix-1999", "4f0c5e9a"
_VARIANT = {"locale": "en-US", "context_tag": "DEFAULT"}
_OF_JOB = {"job": f"/v1/jobs/{_JOB_ID}", "movie": f"/v1/movies/{_SLUG}"}
_CURSOR = "NGYwYzVlOWEuMg"

_GENERATION = {
    "job_id": _JOB_ID,
    "status": "PENDING",
    "message": "The description is being written; follow the job.",
    "slug": _SLUG,
    **_VARIANT,
    "confidence": 0.9,
    "confidence_level": "high",
    "existing_id": None,
    "description_id": None,
    "_links": _OF_JOB,
}
_JOB = {
    "job_id": _JOB_ID,
    "status": "DONE",
    "entity": "MOVIE",
    "slug": _SLUG,
    "requested_slug": _SLUG,
    **_VARIANT,
    "confidence": 0.9,
    "attempts": 1,
    "max_attempts": 3,
    "next_attempt_at": None,
    "description_id": _TEXT_ID,
    "error": None,
    "created_at": _REQUESTED_AT,
    "updated_at": _DONE_AT,
    "_links": {"self": _OF_JOB["job"], "movie": _OF_JOB["movie"]},
}
_FAILED_JOB = {
    **_JOB,
    "status": "FAILED",
    "attempts": 3,
    "description_id": None,
    "error": {
        "type": "TIMEOUT",
        "message": "The writer took longer than 90 s.",
        "technical_message": "given up after 90 s",
        "user_message": "Writing the description took too long.",
    },
}
_DESCRIPTION = {
    "id": _TEXT_ID,
    **_VARIANT,
    "revision": 1,
    "text": "A programmer finds out that his world is simulated.",
    "origin": "GENERATED",
    "ai_model": "openai:gpt-4o-mini",
    "prompt_version": "4",
    "is_current": True,
    "created_at": _DONE_AT,
}
_SUMMARY = {
    "id": _MOVIE_ID,
    "slug": _SLUG,
    "title": "The Matrix",
    "release_year": 1999,
    "director": "Lana Wachowski, Lilly Wachowski",
    "genres": ["Action", "Sci-Fi"],
    "default_description_id": _TEXT_ID,
    "descriptions_count": 1,
    "default_description": _DESCRIPTION,
    "version": 3,
    "created_at": _REQUESTED_AT,
    "updated_at": _DONE_AT,
    "_links": {"self": _OF_JOB["movie"], "history": f"{_OF_JOB['movie']}/history"},
}
_HISTORY = {
    "position": f"{_EPOCH}.3",
    "version": 3,
    "event": "GenerationStarted",
    "at": _REQUESTED_AT,
    "actor": "worker",
    "correlation_id": "b5f0c1d2",
    "data": {"job_id": _JOB_ID, "attempt": 1, "worker_id": "host:17:9f3a5c9b"},
    "line": "Attempt 1 was started by host:17:9f3a5c9b.",
}
_SPENT = {
    "calls": 2,
    "accepted_calls": 1,
    "refused_calls": 1,
    "tokens_in": 640,
    "tokens_out": 210,
    "cost_microusd": 222,
    "refused_cost_microusd": 104,
    "unknown_cost_calls": 0,
}
_COUNTS = {
    "jobs_requested": 12,
    "attempts_started": 13,
    "texts_accepted": 11,
    "attempts_failed": 2,
    "jobs_failed": 1,
    "results_refused": 0,
    "jobs_cancelled": 0,
}
_KEY = {
    "key_id": _KEY_ID,
    "name": "the shop",
    "contact": "shop@example.org",
    "scope": "generate",
    "created_by": "bootstrap-admin",
    "created_at": _REQUESTED_AT,
    "last_used_at": None,
    "revoked_at": None,
}
_PROJECTION = {
    "view": "movies",
    "state": "follows",
    "position": f"{_EPOCH}.3",
    "lag": 0,
    "version": 1,
    "needed_version": 1,
    "stopped_because": None,
    "rebuild": {
        "state": "runs",
        "events": 12_000,
        "of_events": 60_000,
        "events_per_second": 4_615.4,
        "started_at": _REQUESTED_AT,
        "told_at": _DONE_AT,
        "failure": None,
    },
}
_WORKER = {"worker_id": "host:17:9f3a5c9b", "threads": 8, "started_at": _REQUESTED_AT, "beat_at": _DONE_AT}

_PAID = {
    "calls": 1,
    "tokens_in": 320,
    "tokens_out": 105,
    "cost_microusd": 111,
    "unknown_cost_calls": 0,
}
_ATTEMPT = {
    **_PAID,
    "attempt": 1,
    "worker_id": "host:17:9f3a5c9b",
    "started_at": _REQUESTED_AT,
    "ended_at": _DONE_AT,
    "outcome": "accepted",
    "reason": None,
    "message": None,
    "model": "openai:gpt-4o-mini",
}
_TEXT_OF_A_MODEL = {
    "description_id": _TEXT_ID,
    "slug": _SLUG,
    **_VARIANT,
    "revision": 1,
    "origin": "GENERATED",
    "ai_model": "openai:gpt-4o-mini",
    "prompt_version": "4",
    "prompt_hash": "9f0c…",
    "actor": "host:17:9f3a5c9b",
    "version": 4,
    "is_current": True,
    "is_withdrawn": False,
}

MODELS: dict[str, Any] = {
    "Alive": {"status": "ok"},
    "AuditPage": {"items": [{**_HISTORY, "slug": _SLUG}], "next_cursor": f"{_EPOCH}.3"},
    "CorrectionBody": {"director": "Lana Wachowski, Lilly Wachowski", "reason": "misspelt"},
    "DiffAnswer": {
        "slug": _SLUG,
        "from_version": 3,
        "to_version": 4,
        "facts": [{"field": "title", "before": "Matrix", "after": "The Matrix"}],
        "default_before_id": _TEXT_ID,
        "default_after_id": _TEXT_ID,
        "texts": [],
    },
    "EditBody": {**_VARIANT, "text": "A programmer wakes up.", "based_on": _TEXT_ID},
    "FailedJobsPage": {"by_type": {"TIMEOUT": 1}, "items": [_FAILED_JOB], "next_cursor": None},
    "ForgottenAnswer": {"actor": _KEY_ID, "had_name": True, "had_contact": True, "revoked_at": None},
    "GenerateBody": {"slug": _SLUG, "context_tag": "modern"},
    "GenerationAnswer": _GENERATION,
    "GenerationsAnswer": {
        "job_ids": [_JOB_ID],
        "jobs": [_GENERATION],
        "slug": _SLUG,
        "locale": "en-US",
        "context_tags": ["DEFAULT"],
        "status": "PENDING",
        "message": "0 of 1 styles are described; follow the jobs for the others.",
    },
    "Health": {
        "status": "ok",
        "store": "ok",
        "queue": {
            "driver": "redis",
            "is_paused": False,
            "messages_waiting": 0,
            "jobs": {"DONE": 1},
            "oldest_wait_seconds": None,
        },
        "redis": {
            "status": "ok",
            "appendonly": True,
            "maxmemory_policy": "noeviction",
            "last_writes_ok": True,
        },
        "provider": None,
        "rate_limits": "redis",
        "workers": 1,
        "projection_lag": {"jobs": 0, "movies": 0, "history": 0, "spending": 0, "texts": 0, "throughput": 0},
    },
    "HistoryPage": {"items": [_HISTORY], "next_cursor": None},
    "JobAnswer": _JOB,
    "JobsPage": {"items": [_JOB], "next_cursor": None},
    "KeyAnswer": _KEY,
    "KeyBody": {"name": "the shop", "contact": "shop@example.org", "scope": "generate"},
    "KeysAnswer": {"items": [_KEY]},
    "MovieAnswer": {**_SUMMARY, "descriptions": [_DESCRIPTION], "selected_description": _DESCRIPTION},
    "MovieChoices": {
        "options": [
            {
                "slug": "heat-1995",
                "title": "Heat",
                "release_year": 1995,
                "director": "Michael Mann",
                "select_url": "/v1/movies/heat-1995",
            },
            {
                "slug": "heat-1986",
                "title": "Heat",
                "release_year": 1986,
                "director": None,
                "select_url": "/v1/movies/heat-1986",
            },
        ],
        "count": 2,
        "hint": "Several films have this title; ask for one of them by its slug, with the year.",
    },
    "MoviesPage": {"items": [_SUMMARY], "next_cursor": _CURSOR},
    "NewKeyAnswer": {**_KEY, "key": f"{_KEY_ID}_…"},
    "PauseBody": {"reason": "the provider is being changed"},
    "PreviewAnswer": {
        "slug": _SLUG,
        "locale": "en-US",
        "styles": [
            {
                "context_tag": "DEFAULT",
                "outcome": "would_be_written",
                "job_id": None,
                "description_id": None,
            }
        ],
        "calls": 1,
        "estimated_cost_microusd": 110,
    },
    "PromotionBody": {"description_id": _TEXT_ID, "scope": "film"},
    "QueueAnswer": {
        "driver": "redis",
        "is_paused": True,
        "changed_by": _KEY_ID,
        "changed_at": _DONE_AT,
        "reason": "the provider is being changed",
        "messages_waiting": 0,
        "jobs": {"PENDING": 3},
        "oldest_wait_seconds": 12.5,
        "workers": 1,
        "provider": None,
    },
    "ProjectionsAnswer": {"items": [_PROJECTION]},
    "RebuildBody": {"views": ["movies", "history"]},
    "RefusedPage": {
        "total": {"attempts": 1, **_PAID},
        "items": [
            {
                **_PAID,
                "position": f"{_EPOCH}.4",
                "at": _DONE_AT,
                "event": "GenerationAttemptFailed",
                "reason": "VALIDATION_ERROR",
                "slug": _SLUG,
                **_VARIANT,
                "job_id": _JOB_ID,
                "attempt": 1,
                "requested_by": _KEY_ID,
                "model": "openai:gpt-4o-mini",
                "outcome": "validation_error",
            }
        ],
        "next_cursor": None,
    },
    "RetriedJobs": {"retried": 1, "refused": [], "next_cursor": None},
    "RetryBody": {"reason": "the provider is back"},
    "RetryFailedBody": {"error_type": "TIMEOUT", "reason": "the provider is back"},
    "SpendingAnswer": {
        "from": "2026-01-01",
        "to": "2026-01-31",
        "group_by": "model",
        "total": _SPENT,
        "groups": [{"group": "openai:gpt-4o-mini", **_SPENT}],
        "duplicates_prevented": 49,
    },
    "TextAnswer": {
        **_TEXT_OF_A_MODEL,
        "text": _DESCRIPTION["text"],
        "content_hash": "4b1d…",
        "accepted_at": _DONE_AT,
        "correlation_id": _JOB_ID,
        "is_default": True,
        "based_on": None,
        "attempt": 1,
        "input_hash": "77aa…",
        "request": {
            "job_id": _JOB_ID,
            "requested_by": _KEY_ID,
            "requested_at": _REQUESTED_AT,
            "correlation_id": "b5f0c1d2",
            "requested_slug": _SLUG,
            "forced": False,
            "priority": "interactive",
            "version": 2,
        },
        "retries": [],
        "attempts": [_ATTEMPT],
        "cost": _PAID,
        "afterwards": [],
        "_links": {**_OF_JOB, "history": f"{_OF_JOB['movie']}/history"},
    },
    "TextsPage": {
        "items": [
            {
                **_TEXT_OF_A_MODEL,
                "job_id": _JOB_ID,
                "at": _DONE_AT,
                "_links": {"self": f"/v1/audit/texts/{_TEXT_ID}", "movie": _OF_JOB["movie"]},
            }
        ],
        "next_cursor": None,
    },
    "ThroughputAnswer": {
        "from": "2026-01-31",
        "to": "2026-01-31",
        "group_by": "minute",
        "total": _COUNTS,
        "groups": [{"group": "2026-01-31T12:00", **_COUNTS}],
    },
    "WithdrawalBody": {"description_id": _TEXT_ID, "reason": "it tells the end"},
    "WorkersAnswer": {"items": [_WORKER]},
}

PARAMETERS: dict[str, Any] = {
    "job_id": _JOB_ID,
    "slug": _SLUG,
    "key_id": _KEY_ID,
    "model": "openai:gpt-4o-mini",
    "prompt_version": "4",
    "actor": _KEY_ID,
    "event": "DescriptionGenerated",
    "since": "2026-01-31T00:00:00Z",
    "q": "matrix 1999",
    "director": "wachowski",
    "genre": "sci-fi",
    "year": 1999,
    "if-match": "*",
    "prefer": "wait=2",
    "from": "2026-01-01",
    "to": "2026-01-31",
}
"""Together they make requests that can be tried: none is a cursor, an id of a text, or a moment of a film."""

STREAMS: dict[str, Any] = {
    "application/x-ndjson": json.dumps({**_HISTORY, "slug": _SLUG}) + "\n",
    "text/event-stream": {"event": "status", "id": f"{_EPOCH}.3", "data": json.dumps(_JOB)},  # one of them
    "text/plain; version=0.0.4; charset=utf-8": 'moviemind_jobs{status="DONE"} 1.0\n',
}
