"""/v1/jobs/{id}: following, cancelling and retrying a job."""

from datetime import datetime
from uuid import uuid4

import pytest

from tests.integration.http.api import FAILS, Api, Serve, body_of, new_film, problem_of

ROUTES = [("GET", ""), ("DELETE", ""), ("POST", "/retry")]


class TestFollowing:
    def test_an_accepted_job_shows_what_was_asked_for(self, waiting_api: Api, film: str) -> None:
        job_id = waiting_api.accepted(film, locale="fr-FR", context_tag="critical")["job_id"]

        job = waiting_api.job(job_id)

        created_at = job["created_at"]
        assert datetime.fromisoformat(created_at).tzinfo is not None
        assert job == {
            "job_id": job_id,
            "status": "PENDING",
            "entity": "MOVIE",
            "slug": film,
            "requested_slug": film,
            "locale": "fr-FR",
            "context_tag": "critical",
            "confidence": 0.9,
            "attempts": 0,
            "max_attempts": 3,
            "next_attempt_at": None,
            "description_id": None,
            "error": None,
            "created_at": created_at,
            "updated_at": created_at,
            "_links": {"self": f"/v1/jobs/{job_id}", "movie": f"/v1/movies/{film}"},
        }

    def test_a_done_job_names_its_description(self, api: Api, film: str) -> None:
        job = api.described(film)

        assert (job["status"], job["attempts"], job["error"]) == ("DONE", 1, None)
        assert job["description_id"] == api.movie(film)["default_description_id"]
        assert datetime.fromisoformat(job["updated_at"]) > datetime.fromisoformat(job["created_at"])

    def test_a_job_can_be_followed_as_soon_as_it_is_accepted(self, waiting_api: Api) -> None:
        for _ in range(30):
            response = waiting_api.generate(new_film())
            assert waiting_api.get(response.headers["location"]).status_code == 200

    @pytest.mark.parametrize(("method", "suffix"), ROUTES)
    def test_an_unknown_job_is_named_in_the_answer(self, waiting_api: Api, method: str, suffix: str) -> None:
        job_id = str(uuid4())

        unknown = problem_of(waiting_api.request(method, f"/v1/jobs/{job_id}{suffix}"), 404, "job-not-found")

        assert (unknown["job_id"], unknown["job_status"]) == (job_id, "UNKNOWN")

    @pytest.mark.parametrize(("method", "suffix"), ROUTES)
    def test_a_malformed_id_is_refused(self, waiting_api: Api, method: str, suffix: str) -> None:
        refused = problem_of(waiting_api.request(method, f"/v1/jobs/not-a-uuid{suffix}"), 422)

        assert [error["field"] for error in refused["errors"]] == ["path.job_id"]


class TestCancelling:
    def test_an_active_job_is_cancelled(self, waiting_api: Api, film: str) -> None:
        job_id = waiting_api.accepted(film)["job_id"]

        response = waiting_api.delete(f"/v1/jobs/{job_id}")

        assert response.status_code == 202
        assert body_of(response)["status"] == "CANCELLED"
        assert waiting_api.job(job_id) == response.json()

    def test_a_cancelled_job_cannot_be_cancelled_again(self, waiting_api: Api, film: str) -> None:
        job_id = waiting_api.accepted(film)["job_id"]
        waiting_api.delete(f"/v1/jobs/{job_id}")

        refused = problem_of(waiting_api.delete(f"/v1/jobs/{job_id}"), 409, "job-is-final")

        assert refused["job_id"] == job_id
        assert refused["status"] == 409, "the job's status must not take the place of the answer's"

    def test_a_done_job_cannot_be_cancelled(self, api: Api, film: str) -> None:
        job_id = api.described(film)["job_id"]

        problem_of(api.delete(f"/v1/jobs/{job_id}"), 409, "job-is-final")

        assert api.job(job_id)["status"] == "DONE"

    def test_a_film_can_be_asked_for_again_after_cancelling(self, waiting_api: Api, film: str) -> None:
        cancelled = waiting_api.accepted(film)["job_id"]
        waiting_api.delete(f"/v1/jobs/{cancelled}")

        assert waiting_api.accepted(film)["job_id"] != cancelled


class TestFailingAndRetrying:
    def test_a_job_out_of_tries_says_what_went_wrong(self, failing_api: Api, film: str) -> None:
        job = failing_api.ended(failing_api.accepted(film)["job_id"])

        assert (job["status"], job["attempts"], job["max_attempts"]) == ("FAILED", 3, 3)
        assert (job["description_id"], job["next_attempt_at"]) == (None, None)
        error = job["error"]
        assert set(error) == {"type", "message", "technical_message", "user_message"}
        assert error["type"] == "TIMEOUT"
        assert error["technical_message"] == "no text within 0.01 s"
        assert error["message"]
        assert "too long" in error["user_message"]

    def test_a_failed_job_cannot_be_cancelled(self, failing_api: Api, film: str) -> None:
        job = failing_api.ended(failing_api.accepted(film)["job_id"])

        problem_of(failing_api.delete(f"/v1/jobs/{job['job_id']}"), 409, "job-is-final")

    def test_a_failed_job_gets_new_tries_and_can_succeed(self, serve: Serve, film: str) -> None:
        with serve(**FAILS) as api:
            job_id = api.ended(api.accepted(film)["job_id"])["job_id"]
        with serve(works=False) as api:
            response = api.post(f"/v1/jobs/{job_id}/retry", json={"reason": "the model is back"})
            retried, entries = body_of(response), api.history(film)
        with serve() as api:
            done = api.ended(job_id)

        assert response.status_code == 202
        assert (retried["status"], retried["attempts"], retried["max_attempts"]) == ("PENDING", 3, 6)
        assert "the model is back" in entries[-1]["line"]
        assert (done["status"], done["attempts"], done["error"]) == ("DONE", 4, None)

    def test_a_retry_is_refused_while_another_job_is_active(self, serve: Serve, film: str) -> None:
        with serve(**FAILS) as api:
            job_id = api.ended(api.accepted(film)["job_id"])["job_id"]
        with serve(works=False) as api:
            active = api.accepted(film)["job_id"]

            refused = problem_of(api.post(f"/v1/jobs/{job_id}/retry"), 409, "another-job-active")

        assert active != job_id
        assert (refused["job_id"], refused["active_job_id"]) == (job_id, active)

    def test_a_retry_needs_no_body(self, failing_api: Api, film: str) -> None:
        job_id = failing_api.ended(failing_api.accepted(film)["job_id"])["job_id"]

        assert failing_api.post(f"/v1/jobs/{job_id}/retry").status_code == 202
        assert failing_api.ended(job_id)["max_attempts"] == 6

    def test_a_pending_job_cannot_be_retried(self, waiting_api: Api, film: str) -> None:
        job_id = waiting_api.accepted(film)["job_id"]

        refused = problem_of(waiting_api.post(f"/v1/jobs/{job_id}/retry"), 409, "job-has-not-failed")

        assert refused["job_id"] == job_id
        assert "PENDING" in refused["detail"]

    def test_a_cancelled_job_cannot_be_retried(self, waiting_api: Api, film: str) -> None:
        job_id = waiting_api.accepted(film)["job_id"]
        waiting_api.delete(f"/v1/jobs/{job_id}")

        refused = problem_of(waiting_api.post(f"/v1/jobs/{job_id}/retry"), 409, "job-has-not-failed")

        assert "CANCELLED" in refused["detail"]

    def test_a_done_job_cannot_be_retried(self, api: Api, film: str) -> None:
        job_id = api.described(film)["job_id"]

        problem_of(api.post(f"/v1/jobs/{job_id}/retry"), 409, "job-has-not-failed")

    @pytest.mark.parametrize(
        "wrong", [{"reason": ""}, {"reason": "a\nb"}, {"why": "x"}, {"reason": "x" * 501}]
    )
    def test_a_retry_with_a_wrong_body_is_refused(
        self, waiting_api: Api, film: str, wrong: dict[str, str]
    ) -> None:
        job_id = waiting_api.accepted(film)["job_id"]

        refused = problem_of(waiting_api.post(f"/v1/jobs/{job_id}/retry", json=wrong), 422)

        assert [error["field"] for error in refused["errors"]] == [f"body.{name}" for name in wrong]
