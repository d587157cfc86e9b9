"""/health: alive, usable, and how it is doing."""

import pytest

from tests.integration.http.api import Api, Serve, body_of


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_a_service_that_can_be_used_is_alive_and_ready(api: Api, path: str) -> None:
    response = api.get(path)

    assert (response.status_code, body_of(response)) == (200, {"status": "ok"})


def test_a_working_service_is_healthy(serve: Serve, film: str) -> None:
    with serve() as api:
        api.described(film)

        assert body_of(api.get("/health")) == {
            "status": "ok",
            "store": "ok",
            "queue": {
                "driver": "embedded",
                "is_paused": False,
                "messages_waiting": 0,
                "jobs": {"DONE": 1},
                "oldest_wait_seconds": None,
            },
            "redis": None,
            "provider": None,
            "rate_limits": None,
            "workers": 1,
            "projection_lag": {
                "jobs": 0,
                "movies": 0,
                "history": 0,
                "spending": 0,
                "texts": 0,
                "throughput": 0,
            },
        }


def test_a_service_without_workers_is_degraded_but_ready(serve: Serve, film: str) -> None:
    with serve(works=False) as api:
        api.job(api.accepted(film)["job_id"])

        response = api.get("/health")

        assert response.status_code == 200
        health = body_of(response)
        assert (health["status"], health["store"], health["workers"]) == ("degraded", "ok", 0)
        assert health["queue"]["jobs"] == {"PENDING": 1}
        assert health["queue"]["oldest_wait_seconds"] >= 0
        assert api.get("/health/ready").status_code == 200


def test_jobs_are_counted_by_their_status(serve: Serve, film: str) -> None:
    with serve(works=False) as api:
        jobs = api.accepted(film, context_tag=["modern", "critical", "humorous"])["job_ids"]
        api.delete(f"/v1/jobs/{jobs[0]}")

        assert api.get("/health").json()["queue"]["jobs"] == {"CANCELLED": 1, "PENDING": 2}
