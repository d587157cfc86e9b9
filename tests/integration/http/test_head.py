"""HEAD: the headers of GET, for whoever only wants to know whether something is there or has changed."""

from tests.integration.http.api import Api, filled, operations_of

OF_ONE_ANSWER = {"date", "x-request-id", "content-length", "vary"}
"""The length, where the body tells the time or the request; and whether it is long enough to compress."""

PLAIN = {"Accept-Encoding": "identity"}


def _lasting(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in OF_ONE_ANSWER}


def test_every_route_that_is_read_answers_head_as_get_without_the_body(waiting_api: Api) -> None:
    read = [filled(path) for method, path in operations_of(waiting_api) if method == "GET"]
    waiting_api.accepted("heat-1995")

    for path in [*read, "/docs", "/openapi.json"]:
        whole, head = (waiting_api.request(method, path, headers=PLAIN) for method in ("GET", "HEAD"))
        if path == "/v1/movies/heat-1995":  # reading it joins the job, looking does not
            assert (whole.status_code, head.status_code) == (202, 404)
            continue
        assert head.status_code == whole.status_code, path
        assert _lasting(dict(head.headers)) == _lasting(dict(whole.headers)), path
        assert head.content == b"", path
    assert len(read) > 15


def test_the_length_is_that_of_the_body(api: Api, film: str) -> None:
    api.described(film)

    whole, head = (api.request(method, f"/v1/movies/{film}", headers=PLAIN) for method in ("GET", "HEAD"))
    assert head.headers["content-length"] == str(len(whole.content))
    assert head.headers["etag"] == whole.headers["etag"]


def test_what_has_not_changed_is_told(api: Api, film: str) -> None:
    api.described(film)
    etag = api.etag(film)

    assert api.head(f"/v1/movies/{film}", headers={"If-None-Match": etag}).status_code == 304


def test_who_only_looks_has_nothing_written(waiting_api: Api, film: str) -> None:
    assert waiting_api.head(f"/v1/movies/{film}").status_code == 404
    assert waiting_api.get("/v1/jobs", params={"slug": film}).json()["items"] == []


def test_the_head_of_a_stream_ends(waiting_api: Api, film: str) -> None:
    job_id = waiting_api.accepted(film)["job_id"]

    response = waiting_api.head(f"/v1/jobs/{job_id}/events")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert waiting_api.job(job_id)["status"] == "PENDING", "the connection can be used again"


def test_what_cannot_be_read_has_no_head(waiting_api: Api) -> None:
    response = waiting_api.head("/v1/generate")

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
