"""A service that was not upgraded, or was set back, is asked about a film that a newer one has changed."""

from pathlib import Path

import pytest

from tests.integration.http.api import Api, Serve, body_of, problem_of
from tests.support.newer import upgraded
from tests.support.process import wait_until

HEAT, ALIEN = "heat-1995", "alien-1979"


@pytest.fixture
def _newer(serve: Serve) -> None:
    """A newer version has corrected what is known of a film that was described."""
    with upgraded(), serve() as api:
        api.described(HEAT)
        api.correct(HEAT, director="Michael Mann")
        api.settle()


@pytest.mark.usefixtures("_newer")
def test_what_would_have_to_be_decided_about_the_film_is_refused_and_the_answer_says_what_to_do(
    serve: Serve,
) -> None:
    with serve() as api:
        response = api.generate(HEAT, context_tag="modern")

        problem = problem_of(response, 503, "event-too-new")
        assert problem["detail"].endswith("this one knows version 1; upgrade it. Nothing is lost.")
        assert response.headers["retry-after"] == "1"
        assert api.movie(HEAT)["director"] == "Michael Mann", "it was folded by the newer one"


def test_what_happened_since_is_not_kept_quiet_about(serve: Serve, tmp_path: Path) -> None:
    """Nobody is told a part as if it were all, and jobs wait until somebody can read on."""
    with serve(works=False) as api:
        api.accepted(HEAT)
        api.settle()
    with upgraded(), serve(works=False) as api:
        api.correct(HEAT, director="Michael Mann")
    (tmp_path / "data" / "moviemind-views.db").unlink()  # as if none of the newer ones had folded it
    with serve() as api:
        wait_until(lambda: _states(api) == {"stopped"}, "the views have stopped")
        accepted = api.accepted(ALIEN)
        api.asks_again = False
        problem_of(api.get(f"/v1/movies/{HEAT}/history"), 503, "read-behind")
        problem_of(api.get(f"/v1/jobs/{accepted['job_id']}"), 503, "read-behind")

    with upgraded(), serve() as api:
        assert api.ended(accepted["job_id"])["status"] == "DONE"
        assert [entry["event"] for entry in api.history(HEAT)][2] == "MovieFactsCorrected"


def _states(api: Api) -> set[str]:
    return {view["state"] for view in body_of(api.get("/v1/admin/projections"))["items"]}
