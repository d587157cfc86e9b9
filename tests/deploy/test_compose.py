"""deploy/compose.yaml, read as Compose reads it: the schema it follows, and what its services are given."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from infrastructure.choices import Auth, Queue
from infrastructure.postgres import datastore
from infrastructure.settings import Settings
from interfaces.cli import processes

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deploy" / "compose.yaml"
EXAMPLE = ROOT / "deploy" / ".env.example"
CHECK = Path(sys.executable).with_name("check-jsonschema")
OURS = ("schema", "api", "worker", "projector")
OF_CALLERS = ("rate_limit_generate", "rate_limit_read", "cors_origins")
SERVERS = ("api", "worker", "projector")
SECRET = "5ecret" * 8
CONNECTIONS_PER_PROCESS = 2 * datastore.CONNECTIONS + 3
"""Events and views, the wake-up of projectors and their lead; the queue in Redis takes none."""

SPARE_CONNECTIONS = 20
"""For commands, psql, backups."""


def _variables() -> dict[str, str]:
    """Those of .env.example; a secret that is to be written there has been."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value or SECRET for name, _, value in pairs}


def _compose() -> dict[str, Any]:
    """The file with its variables filled in."""
    variables = _variables()

    def filled(match: re.Match[str]) -> str:
        return variables[match["name"]]

    text = re.sub(r"\$\{(?P<name>\w+)(?::[-?][^}]*)?\}", filled, COMPOSE.read_text(encoding="utf-8"))
    found: dict[str, Any] = YAML(typ="safe").load(text)
    return found


def _environment(service: dict[str, Any], **written: str) -> dict[str, str]:
    """What a service is given; a variable without a value is what .env says, and left out where that is
    silent."""
    given = {
        name: written.get(name) if value is None else value for name, value in service["environment"].items()
    }
    return {name: value for name, value in given.items() if value is not None}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = _compose()["services"]
    return found


def _seconds(text: str) -> int:
    assert text.endswith("s")
    return int(text[:-1])


def test_it_follows_the_schema_that_compose_publishes() -> None:
    command = [str(CHECK), "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout


def test_every_variable_is_explained_in_the_example_and_none_is_that_is_gone() -> None:
    named = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text(encoding="utf-8")))

    assert named == set(_variables())


def test_secrets_have_no_default_and_nothing_starts_without_them() -> None:
    text, example = COMPOSE.read_text(encoding="utf-8"), EXAMPLE.read_text(encoding="utf-8")
    secrets = re.findall(r"^(\w+)=$", example, re.MULTILINE)

    assert len(secrets) == 3
    for secret in secrets:
        uses = re.findall(rf"\$\{{{secret}(.{{0,2}})", text)
        assert uses, secret
        assert set(uses) == {":?"}, secret


@pytest.mark.parametrize("name", OURS)
def test_every_service_of_ours_runs_a_command_there_is(
    name: str, services: dict[str, Any], understands: Callable[[Sequence[str]], bool]
) -> None:
    assert understands(services[name]["command"])


@pytest.mark.parametrize("name", OURS)
def test_every_service_of_ours_has_settings_that_are_right(
    name: str, services: dict[str, Any], load: Callable[[Mapping[str, object]], Settings]
) -> None:
    settings = load(_environment(services[name]))

    assert settings.is_on_postgres
    assert settings.queue_in_use is Queue.REDIS


@pytest.mark.parametrize("name", OURS)
def test_every_service_of_ours_is_given_all_that_is_said_of_a_paid_model_and_the_api_what_of_callers(
    name: str, services: dict[str, Any], load: Callable[[Mapping[str, object]], Settings]
) -> None:
    wanted = {f"MOVIEMIND_{field.upper()}" for field in Settings.model_fields if field.startswith("ai_")}
    if name == "api":
        wanted |= {f"MOVIEMIND_{field.upper()}" for field in OF_CALLERS}
    given = services[name]["environment"]

    assert {variable for variable, value in given.items() if value is None} == wanted
    settings = load(_environment(services[name], MOVIEMIND_AI_MODEL="openai:gpt-4o-mini"))
    assert settings.ai_model == "openai:gpt-4o-mini"


def test_the_servers_that_are_named_are_there_with_the_names_and_secrets_they_are_asked_by(
    services: dict[str, Any], load: Callable[[Mapping[str, object]], Settings]
) -> None:
    settings = load(_environment(services["api"]))
    postgres, redis = services["postgres"], services["redis"]

    made = postgres["environment"]
    password, database = made["POSTGRES_PASSWORD"], made["POSTGRES_DB"]
    assert settings.store_address == f"postgresql://{made['POSTGRES_USER']}:{password}@postgres/{database}"
    assert redis["command"][-2:] == ["--requirepass", redis["environment"]["REDISCLI_AUTH"]]
    assert settings.redis_address == f"redis://:{redis['environment']['REDISCLI_AUTH']}@redis:6379/0"


def test_the_api_wants_a_key_and_can_be_reached_from_this_host_only(
    services: dict[str, Any], load: Callable[[Mapping[str, object]], Settings]
) -> None:
    settings = load(_environment(services["api"]))

    assert settings.auth_in_use is Auth.ON
    assert settings.bootstrap_admin_key is not None
    assert {name for name, service in services.items() if "ports" in service} == {"api"}
    assert services["api"]["ports"] == [f"127.0.0.1:8000:{settings.port}"]


def test_whether_the_api_is_healthy_is_asked_where_no_key_is_wanted(
    services: dict[str, Any], load: Callable[[Mapping[str, object]], Settings]
) -> None:
    port = load(_environment(services["api"])).port
    test = services["api"]["healthcheck"]["test"]

    assert test[:3] == ["CMD", "python", "-c"]
    assert f"http://127.0.0.1:{port}/health/ready" in test[3]
    compile(test[3], "healthcheck", "exec")


@pytest.mark.parametrize("name", SERVERS)
def test_servers_start_once_there_are_tables_and_come_back_when_they_end(
    name: str, services: dict[str, Any]
) -> None:
    assert services[name]["depends_on"]["schema"] == {"condition": "service_completed_successfully"}
    assert services["schema"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services[name]["restart"] == "unless-stopped"
    assert services["schema"]["restart"] == "no"


def test_every_part_is_given_the_time_it_takes_to_end(
    services: dict[str, Any], load: Callable[[Mapping[str, object]], Settings]
) -> None:
    settings = load(_environment(services["worker"]))
    longest = settings.shutdown_seconds + processes.BEYOND_SHUTDOWN_SECONDS

    assert _seconds(services["worker"]["stop_grace_period"]) > longest > settings.ai_deadline_seconds
    assert _seconds(services["api"]["stop_grace_period"]) > processes.API_GRACE_SECONDS
    assert all("stop_grace_period" in services[name] for name in (*SERVERS, "postgres", "redis"))


def test_a_projector_stands_by(services: dict[str, Any]) -> None:
    assert services["projector"]["deploy"]["replicas"] == 2


def test_redis_runs_with_our_configuration_on_a_volume(services: dict[str, Any]) -> None:
    volumes = services["redis"]["volumes"]

    assert f"./redis.conf:{services['redis']['command'][1]}:ro" in volumes
    assert "redis:/data" in volumes
    assert (COMPOSE.parent / "redis.conf").exists()


def test_there_are_connections_for_all_processes_at_their_busiest(services: dict[str, Any]) -> None:
    (most,) = [
        int(part.partition("=")[2])
        for part in services["postgres"]["command"]
        if part.startswith("max_connections")
    ]
    running = sum(services[name].get("deploy", {}).get("replicas", 1) for name in SERVERS)

    assert running * CONNECTIONS_PER_PROCESS + SPARE_CONNECTIONS <= most


@pytest.mark.parametrize("name", OURS)
def test_what_is_ours_may_write_nothing_and_become_nobody_else(name: str, services: dict[str, Any]) -> None:
    service = services[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_images_of_others_are_pinned_and_their_data_is_on_a_volume_with_a_name(
    name: str, services: dict[str, Any]
) -> None:
    assert re.fullmatch(rf"{name}:\d+\.\d+(\.\d+)?", services[name]["image"])
    assert name in _compose()["volumes"]
    assert any(volume.startswith(f"{name}:") for volume in services[name]["volumes"])
    assert services[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", OURS)
def test_the_image_carries_the_version_of_the_project(name: str, services: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    build = services[name]["build"]

    assert services[name]["image"] == f"moviemind:{project['version']}"
    assert (COMPOSE.parent / build["context"] / build["dockerfile"]).exists()
