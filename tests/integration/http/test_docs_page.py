"""/docs: the API in a browser, without a key and without another host."""

import re
from urllib.parse import urljoin

from infrastructure.choices import Auth
from tests.integration.http.api import Api, Serve, problem_of

KEY = "a-key-that-nobody-guesses"


def test_the_page_and_all_it_loads_come_from_us_without_a_key(serve: Serve) -> None:
    with serve(auth=Auth.ON, bootstrap_admin_key=KEY) as api:
        page = api.get("/docs")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(loaded) == 3

        for path in [*loaded, "/openapi.json"]:
            assert urljoin("http://us/docs", path).startswith("http://us/")
            file = api.get(path)
            assert file.status_code == 200, path
            assert file.content


def test_the_browser_is_told_to_load_nothing_from_elsewhere(api: Api) -> None:
    policy = dict(
        directive.strip().split(" ", 1)
        for directive in api.get("/docs").headers["content-security-policy"].split(";")
    )

    assert policy.pop("default-src") == "'none'"
    sources = {source for value in policy.values() for source in value.split()}
    assert sources == {"'self'", "'none'", "'unsafe-inline'", "data:"}
    assert policy["script-src"] == "'self'"


def test_the_page_is_only_to_be_read(api: Api) -> None:
    for path in ("/docs", "/docs/assets/docs.js", "/openapi.json"):
        refused = api.post(path)
        problem_of(refused, 405, "method-not-allowed")
        assert refused.headers["allow"] == "GET, HEAD"


def test_what_a_file_is_not_is_a_problem_and_files_elsewhere_are_not_served(api: Api) -> None:
    for path in ("/docs/assets/nothing.js", "/docs/assets/", "/docs/assets/%2e%2e/app.py", "/docs/other"):
        problem_of(api.get(path), 404, "not-found")
