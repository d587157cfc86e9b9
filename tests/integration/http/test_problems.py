"""Problem documents and request ids, whatever goes wrong and wherever."""

import re
from typing import Any

import pytest

from tests.integration.http.api import Api, problem_of

NOBODYS_ID = "00000000-0000-4000-8000-000000000000"
UNKNOWN_JOB = f"/v1/jobs/{NOBODYS_ID}"


class TestProblems:
    @pytest.mark.parametrize(
        ("method", "path", "status", "kind"),
        [
            ("GET", "/", 404, "not-found"),
            ("GET", "/v2/movies", 404, "not-found"),
            ("POST", "/v1/movies/the-matrix-1999/nothing", 404, "not-found"),
            ("GET", "/v1/generate", 405, "method-not-allowed"),
            ("DELETE", "/v1/movies", 405, "method-not-allowed"),
            ("POST", "/health", 405, "method-not-allowed"),
            ("GET", "/v1/movies/2012", 400, "slug-refused"),
            ("GET", "/v1/movies?cursor=garbage", 400, "cursor-invalid"),
            ("GET", UNKNOWN_JOB, 404, "job-not-found"),
            ("DELETE", UNKNOWN_JOB, 404, "job-not-found"),
            ("POST", f"{UNKNOWN_JOB}/retry", 404, "job-not-found"),
            ("GET", "/v1/movies/nobody-made-this-1999/history", 404, "movie-not-found"),
            ("GET", f"/v1/movies/the-matrix-1999?description_id={NOBODYS_ID}", 404, "description-not-found"),
            ("GET", "/v1/jobs/1", 422, "validation-error"),
            ("GET", "/v1/jobs?status=done", 422, "validation-error"),
            ("GET", "/v1/movies/the-matrix-1999?locale=xx", 422, "validation-error"),
            ("POST", "/v1/generate", 422, "validation-error"),
        ],
    )
    def test_every_refusal_is_a_problem_document(
        self, waiting_api: Api, method: str, path: str, status: int, kind: str
    ) -> None:
        response = waiting_api.request(method, path, headers={"X-Request-ID": "mine-1"})

        assert problem_of(response, status, kind)["request_id"] == "mine-1"

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("GET", "/v1/generate", "POST"),
            ("DELETE", "/v1/movies", "GET, HEAD"),
            ("DELETE", "/v1/movies/the-matrix-1999", "GET, HEAD, PATCH"),
            ("PUT", "/v1/movies/the-matrix-1999/withdrawals", "POST"),
            ("OPTIONS", "/openapi.json", "GET, HEAD"),
            ("PUT", UNKNOWN_JOB + "/retry", "POST"),
        ],
    )
    def test_a_wrong_method_is_told_the_right_one(
        self, waiting_api: Api, method: str, path: str, allowed: str
    ) -> None:
        response = waiting_api.request(method, path)

        problem_of(response, 405, "method-not-allowed")
        assert response.headers["allow"] == allowed

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    def test_all_methods_of_a_path_are_named(self, waiting_api: Api, method: str) -> None:
        response = waiting_api.request(method, UNKNOWN_JOB)

        problem_of(response, 405, "method-not-allowed")
        assert response.headers["allow"] == "DELETE, GET, HEAD"

    @pytest.mark.parametrize("path", ["/v1/jobs/", "/v1/movies/", "/v1/generate/"])
    def test_a_trailing_slash_is_another_route_which_there_is_not(self, waiting_api: Api, path: str) -> None:
        problem_of(waiting_api.get(path), 404, "not-found")

    @pytest.mark.parametrize(
        ("query", "fields"),
        [
            ("limit=0", ["query.limit"]),
            ("limit=x&status=done", ["query.status", "query.limit"]),
            ("since=yesterday", ["query.since"]),
            ("since=2026-01-01T00:00:00", ["query.since"]),
        ],
    )
    def test_a_wrong_parameter_is_named(self, waiting_api: Api, query: str, fields: list[str]) -> None:
        refused = problem_of(waiting_api.get(f"/v1/jobs?{query}"), 422)

        assert sorted(error["field"] for error in refused["errors"]) == sorted(fields)


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class TestRequestIds:
    @pytest.mark.parametrize("given", ["a", "trace:1.2_3-4", "x" * 128])
    @pytest.mark.parametrize("path", ["/health/live", "/nowhere"])
    def test_a_given_id_comes_back(self, waiting_api: Api, path: str, given: str) -> None:
        response = waiting_api.get(path, headers={"X-Request-ID": given})

        assert response.headers["x-request-id"] == given

    @pytest.mark.parametrize("given", ["", "x" * 129, "two words", "<script>", "a,b", "é".encode()])
    def test_an_insane_id_is_replaced(self, waiting_api: Api, given: Any) -> None:
        response = waiting_api.get("/health/live", headers={"X-Request-ID": given})

        assert response.headers["x-request-id"] != given
        assert re.fullmatch(r"[A-Za-z0-9._:-]{1,128}", response.headers["x-request-id"])

    def test_every_request_without_an_id_gets_one_of_its_own(self, waiting_api: Api) -> None:
        drawn = {waiting_api.get("/health/live").headers["x-request-id"] for _ in range(5)}

        assert len(drawn) == 5
        assert all(drawn)

    @pytest.mark.parametrize(
        "traceparent", [f"00-{TRACE}-00f067aa0ba902b7-01", f"01-{TRACE}-{'1' * 16}-00-more"]
    )
    def test_without_one_it_is_the_trace_that_the_request_is_part_of(
        self, waiting_api: Api, film: str, traceparent: str
    ) -> None:
        answer = waiting_api.post("/v1/generate", json={"slug": film}, headers={"traceparent": traceparent})
        both = waiting_api.get("/health/live", headers={"traceparent": traceparent, "X-Request-ID": "mine-3"})

        assert answer.headers["x-request-id"] == TRACE
        assert {entry["correlation_id"] for entry in waiting_api.history(film)} == {TRACE}
        assert both.headers["x-request-id"] == "mine-3"

    @pytest.mark.parametrize(
        "traceparent",
        [
            "",
            TRACE,
            f"ff-{TRACE}-00f067aa0ba902b7-01",
            f"00-{'0' * 32}-00f067aa0ba902b7-01",
            f"00-{TRACE}-{'0' * 16}-01",
            f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
            f"00-{TRACE}-00f067aa0ba902b7-01-more",
            f"00-{TRACE}-00f067aa0ba902b7",
        ],
    )
    def test_what_is_no_trace_is_none(self, waiting_api: Api, traceparent: str) -> None:
        response = waiting_api.get("/health/live", headers={"traceparent": traceparent})

        assert response.headers["x-request-id"] != TRACE

    def test_the_id_of_a_request_stands_in_the_history(self, waiting_api: Api, film: str) -> None:
        waiting_api.post("/v1/generate", json={"slug": film}, headers={"X-Request-ID": "mine-2"})

        assert {entry["correlation_id"] for entry in waiting_api.history(film)} == {"mine-2"}
