"""Where things stand in the API."""

from uuid import UUID

Links = dict[str, str]


def job_path(job_id: UUID) -> str:
    return f"/v1/jobs/{job_id}"


def movie_path(slug: str) -> str:
    return f"/v1/movies/{slug}"


def text_path(description_id: UUID) -> str:
    return f"/v1/audit/texts/{description_id}"
