"""What an operator sets is read, and what is set wrongly is named together with the fix."""

from pathlib import Path

import pytest

from infrastructure.choices import PREFIX, Auth, LogFormat, LogLevel, Queue
from infrastructure.errors import WrongSettings
from infrastructure.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)


def _complaint(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    """What `load_settings` says when these variables are set."""
    for name, value in variables.items():
        monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(WrongSettings) as refused:
        load_settings()
    return str(refused.value)


class TestWhatIsRead:
    def test_without_any_variable_the_service_is_local_and_free_of_charge(self) -> None:
        settings = load_settings()

        assert (settings.host, settings.port, settings.auth_in_use) == ("127.0.0.1", 8000, Auth.OFF)
        assert settings.queue_in_use is Queue.EMBEDDED
        assert (settings.ai_model, settings.template_latency_ms) == ("template", 0)
        assert settings.data_dir == Path("var")
        assert settings.event_store_path == Path("var/moviemind.db")
        assert settings.view_store_path == Path("var/moviemind-views.db")
        assert settings.retry_backoff_seconds == (10, 60)
        assert (settings.log_level, settings.log_format) == (LogLevel.INFO, LogFormat.AUTO)

    def test_variables_with_the_prefix_are_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in {
            "DATA_DIR": "/srv/films",
            "PORT": "9000",
            "HOST": "::1",
            "RETRY_BACKOFF_SECONDS": "0.5,2",
            "WORKER_THREADS": "3",
            "LOG_LEVEL": "WARNING",
        }.items():
            monkeypatch.setenv(PREFIX + name, value)

        settings = load_settings()

        assert settings.event_store_path == Path("/srv/films/moviemind.db")
        assert (settings.host, settings.port, settings.worker_threads) == ("::1", 9000, 3)
        assert settings.retry_backoff_seconds == (0.5, 2)
        assert settings.log_level is LogLevel.WARNING

    def test_another_process_loads_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(f"{PREFIX}STORE_URL", "postgresql://u:p@h/d")
        monkeypatch.setenv(f"{PREFIX}CORS_ORIGINS", "http://a.example,http://b.example")
        monkeypatch.setenv(f"{PREFIX}API_KEY", "a-key-of-many-letters")
        given = {"retry_backoff_seconds": "0.5,2", "log_level": "WARNING", "auth": "off", "port": 0}
        theirs = [load_settings(**given), load_settings(data_dir=Path("films"))]

        for settings in theirs:
            with monkeypatch.context() as other:
                for name, value in settings.as_environment().items():
                    other.setenv(name, value)
                assert load_settings() == settings

    def test_the_store_url_says_where_events_and_views_are(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(f"{PREFIX}STORE_URL", "sqlite:////srv/elsewhere/films.db")

        settings = load_settings()

        assert settings.event_store_path == Path("/srv/elsewhere/films.db")
        assert settings.view_store_path == Path("/srv/elsewhere/films-views.db")

    @pytest.mark.parametrize("name", ["REDIS_URL", "QUEUE", "AUTH", "RETRY_BACKOFF_SECONDS", "API_KEY"])
    def test_an_empty_variable_counts_as_one_that_is_not_set(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unset = load_settings()
        monkeypatch.setenv(PREFIX + name, "")

        assert load_settings() == unset

    def test_options_win_over_variables_and_absent_options_do_not(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(f"{PREFIX}PORT", "9000")
        monkeypatch.setenv(f"{PREFIX}DATA_DIR", "/srv/films")

        settings = load_settings(port=9001, data_dir=None, host=None)

        assert (settings.port, settings.data_dir) == (9001, Path("/srv/films"))
        assert settings.host == "127.0.0.1"

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
    def test_every_loopback_address_may_be_served(self, host: str) -> None:
        assert load_settings(host=host).host == host

    def test_variables_of_other_programs_are_none_of_our_business(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MOVIE_PORT", "none of ours")

        assert load_settings().port == 8000


class TestWhatIsWrong:
    def test_an_unknown_variable_is_named_with_the_one_that_was_meant(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = _complaint(monkeypatch, WORKER_THREAD="4")

        assert "MOVIEMIND_WORKER_THREAD is not a setting; did you mean MOVIEMIND_WORKER_THREADS?" in said

    @pytest.mark.parametrize(
        ("variable", "value", "fix"),
        [
            ("AUTH", "maybe", "'on' or 'off'"),
            ("STORE_URL", "mysql://localhost/films", "write sqlite:///PATH"),
            ("REDIS_URL", "http://localhost", "begins with none of redis://"),
            ("BOOTSTRAP_ADMIN_KEY", "short", "write 16 or more"),
            ("STORE_URL", "sqlite:///:memory:", "write sqlite:///PATH"),
            ("STORE_URL", "sqlite:///films.db?mode=ro", "write sqlite:///PATH"),
            ("STORE_URL", "sqlite:///", "write sqlite:///PATH"),
            ("AI_BASE_URL", "127.0.0.1:8080", "begins with http"),
            ("AI_OUTPUT", "xml", "'schema', 'tool' or 'text'"),
            ("CORS_ORIGINS", "films.example", "https://films.example"),
            ("CORS_ORIGINS", "https://films.example/", "https://films.example"),
            ("CORS_ORIGINS", "https://a.example,,https://b.example", "https://films.example"),
            ("QUEUE", "rabbitmq", "'embedded', 'database' or 'redis'"),
            ("RETRY_BACKOFF_SECONDS", "10;60", "valid number"),
            ("RETRY_BACKOFF_SECONDS", "soon,soon", "(it is 'soon')"),
            ("RETRY_BACKOFF_SECONDS", "10", "write 2 waits"),
            ("RETRY_BACKOFF_SECONDS", "10,60,90", "such as 10,60"),
            ("RETRY_BACKOFF_SECONDS", "10,-60", "write 2 waits"),
            ("RETRY_BACKOFF_SECONDS", "0,60", "write 2 waits"),
            ("RETRY_BACKOFF_SECONDS", "10,90000", "up to 86400 seconds"),
            ("RETRY_BACKOFF_SECONDS", "10,nan", "write 2 waits"),
            ("PORT", "65536", "less than or equal to 65535"),
            ("PORT", "-1", "greater than or equal to 0"),
            ("PORT", "http", "valid integer"),
            ("POLL_SECONDS", "often", "valid number"),
            ("POLL_SECONDS", "0", "greater than 0"),
            ("POLL_SECONDS", "nan", "less than or equal to 86400"),
            ("WORKER_THREADS", "0", "greater than or equal to 1"),
            ("LOG_LEVEL", "LOUD", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ],
    )
    def test_a_wrong_value_is_named_with_its_variable_and_the_fix(
        self, variable: str, value: str, fix: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = _complaint(monkeypatch, **{variable: value})

        assert f"{PREFIX}{variable}: " in said
        assert fix in said

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://me:hunter@2@db/films",
            "postgresql://me:hunter/2@db/films",
            "postgresql://me:100%hunter@db/films",
            "postgresql://me:hunter 2@db/films",
            "postgresql://db:hunter/films",
            "postgresql://me:hunter@db/films?hunter=2",
        ],
    )
    def test_a_url_that_would_show_its_password_elsewhere_is_refused_without_showing_it(
        self, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = _complaint(monkeypatch, STORE_URL=url)

        assert "such as %40 for @" in said
        assert "hunter" not in said

    @pytest.mark.parametrize(
        ("larger", "smaller", "low"),
        [
            ("CLAIM_LIMIT_SECONDS", "AI_DEADLINE_SECONDS", "90"),
            ("SHUTDOWN_SECONDS", "AI_DEADLINE_SECONDS", "90"),
            ("WORKER_DEAD_SECONDS", "HEARTBEAT_SECONDS", "2"),
            ("WORKER_DEAD_SECONDS", "RESCUE_SECONDS", "2"),
        ],
    )
    def test_a_limit_at_or_below_the_one_it_must_exceed_is_refused_with_both_named(
        self, larger: str, smaller: str, low: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = _complaint(monkeypatch, **{larger: low})

        assert f"{PREFIX}{larger} ({low}) must be above {PREFIX}{smaller} ({low})" in said

    def test_limits_that_are_moved_together_are_accepted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in {
            "AI_DEADLINE_SECONDS": "1",
            "SHUTDOWN_SECONDS": "2",
            "CLAIM_LIMIT_SECONDS": "3",
            "HEARTBEAT_SECONDS": "0.1",
            "RESCUE_SECONDS": "0.1",
            "WORKER_DEAD_SECONDS": "0.5",
        }.items():
            monkeypatch.setenv(PREFIX + name, value)

        assert load_settings().claim_limit_seconds == 3

    def test_a_data_directory_on_the_command_line_is_the_store_whatever_variables_say(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(f"{PREFIX}STORE_URL", "postgresql://127.0.0.1/moviemind")
        monkeypatch.setenv(f"{PREFIX}QUEUE", "database")

        settings = load_settings(data_dir="elsewhere")

        assert not settings.is_on_postgres
        assert str(settings.event_store_path) == "elsewhere/moviemind.db"
        assert settings.queue_in_use is Queue.EMBEDDED

    def test_a_wrong_option_is_refused_like_a_wrong_variable(self) -> None:
        with pytest.raises(WrongSettings, match=r"MOVIEMIND_PORT: .* \(it is 99999\)"):
            load_settings(port=99_999)

    def test_all_wrong_values_are_named_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        said = _complaint(
            monkeypatch,
            PORT="many",
            AI_BASE_URL="gpt",
            STORE_URL="mysql://x",
            RETRY_BACKOFF_SECONDS="1,x",
            AUTH="maybe",
            PROT="1",
        )

        for variable in ("PORT", "AI_BASE_URL", "STORE_URL", "RETRY_BACKOFF_SECONDS", "AUTH"):
            assert f"{PREFIX}{variable}: " in said
        assert f"{PREFIX}PROT is not a setting" in said

    @pytest.mark.parametrize(
        ("variables", "fix"),
        [
            ({"AI_MODEL": "gpt-4o-mini"}, "must be template or PROVIDER:MODEL, such as openai:gpt-4o-mini"),
            ({"AI_BASE_URL": "http://127.0.0.1:8080/v1"}, "needs MOVIEMIND_AI_MODEL, the name of a model"),
        ],
    )
    def test_a_model_and_its_server_go_together(
        self, variables: dict[str, str], fix: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert fix in _complaint(monkeypatch, **variables)

    def test_all_limits_in_the_wrong_order_are_named_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        said = _complaint(monkeypatch, CLAIM_LIMIT_SECONDS="1", WORKER_DEAD_SECONDS="1")

        assert "CLAIM_LIMIT_SECONDS (1) must be above" in said
        assert said.count("WORKER_DEAD_SECONDS (1) must be above") == 2

    def test_nothing_is_suggested_for_a_name_like_no_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert _complaint(monkeypatch, XYZZY="1").endswith("MOVIEMIND_XYZZY is not a setting.")

    def test_all_unknown_variables_are_named_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        said = _complaint(monkeypatch, PROT="1", DATA_DIRECTORY="x")

        assert "MOVIEMIND_PROT is not a setting; did you mean MOVIEMIND_PORT?" in said
        assert "MOVIEMIND_DATA_DIRECTORY is not a setting; did you mean MOVIEMIND_DATA_DIR?" in said

    @pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "films.example.org", "::"])
    def test_an_address_that_others_reach_needs_a_key(
        self, host: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = _complaint(monkeypatch, HOST=host)

        assert f"MOVIEMIND_HOST ({host}) needs MOVIEMIND_BOOTSTRAP_ADMIN_KEY" in said

    def test_callers_without_a_key_are_not_served_on_an_address_that_others_reach(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = _complaint(monkeypatch, HOST="0.0.0.0", AUTH="off", BOOTSTRAP_ADMIN_KEY="k" * 32)

        assert "MOVIEMIND_AUTH (off) would serve whoever reaches MOVIEMIND_HOST (0.0.0.0)" in said

    def test_a_queue_for_several_processes_needs_a_store_for_several(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = _complaint(monkeypatch, QUEUE="redis")

        assert "MOVIEMIND_QUEUE (redis) is for several processes, which need a MOVIEMIND_STORE_URL" in said
        assert "MOVIEMIND_QUEUE (redis) needs MOVIEMIND_REDIS_URL, such as redis://127.0.0.1:6379/0" in said

    def test_no_message_shows_a_password(self, monkeypatch: pytest.MonkeyPatch) -> None:
        said = _complaint(
            monkeypatch,
            STORE_URL="mysql://me:secret@host/films",
            REDIS_URL="http://:secret@host",
            BOOTSTRAP_ADMIN_KEY="secret",
        )

        assert "secret" not in said


class TestWhatFollowsFromOthers:
    STORE = "postgresql://me:secret@db/films"

    def test_a_store_on_postgresql_has_its_queue_in_the_database(self) -> None:
        settings = load_settings(store_url=self.STORE)

        assert (settings.is_on_postgres, settings.queue_in_use) == (True, Queue.DATABASE)

    def test_or_in_redis_where_there_is_one(self) -> None:
        settings = load_settings(store_url=self.STORE, redis_url="redis://cache:6379/0")

        assert settings.queue_in_use is Queue.REDIS

    def test_a_key_is_wanted_of_callers_wherever_others_reach_us(self) -> None:
        settings = load_settings(host="0.0.0.0", bootstrap_admin_key="k" * 32)

        assert settings.auth_in_use is Auth.ON
        assert settings.key_to_send == "k" * 32

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://me:p%40ss@db:5433/films",
            "postgresql://one:5432,other:5433/films?target_session_attrs=read-write",
            "postgresql:///films?host=/var/run/postgresql",
        ],
    )
    def test_whatever_else_postgresql_takes_for_a_url_is_a_store(self, url: str) -> None:
        assert load_settings(store_url=url).is_on_postgres

    def test_secrets_are_not_printed_with_the_settings(self) -> None:
        settings = load_settings(store_url=self.STORE, redis_url="redis://:secret@cache:6379/0")

        assert "secret" not in repr(settings)


class TestModels:
    @pytest.mark.parametrize(
        ("settings", "complaint"),
        [
            ({"ai_model": "openai:"}, "must be template or PROVIDER:MODEL"),
            (
                {"ai_model": "mine", "ai_base_url": "http://localhost:99999/v1"},
                "write an address that there can be",
            ),
            ({"ai_api_key": "schlüssel"}, "write printable ASCII characters"),
        ],
    )
    def test_what_no_provider_could_be_asked_with_is_refused(
        self, settings: dict[str, str], complaint: str
    ) -> None:
        with pytest.raises(WrongSettings, match=complaint) as refused:
            load_settings(**settings)
        assert "schlüssel" not in str(refused.value)

    def test_a_line_break_behind_a_key_is_none_of_it(self) -> None:
        assert load_settings(ai_api_key="sk-1\n").ai_api_key.get_secret_value() == "sk-1"
