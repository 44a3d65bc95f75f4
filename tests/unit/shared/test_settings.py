"""What the operator may write, and what is said of what may not be written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from shared.domain.errors import UserError
from shared.settings import Settings, load_settings
from shared.settings.section import Section, parse_section
from tools.reference.settings_page import every_field

SECRET = "hunter2secret"


def load(tmp_path: Path, yaml: str | None = None, **env: str) -> Settings:
    file = None
    if yaml is not None:
        file = tmp_path / "argus.yaml"
        file.write_text(yaml, encoding="utf-8")
    return load_settings(file=file, environ=env)


def refusal(tmp_path: Path, yaml: str | None = None, **env: str) -> str:
    with pytest.raises(UserError) as refused:
        load(tmp_path, yaml, **env)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings()


def test_the_environment_goes_over_the_file_and_that_over_the_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path, "shards: 4\neye: {batch: 3, model: yolox_s}", ARGUS_EYE__BATCH="2", PATH="/bin")
    assert (settings.shards, settings.eye.batch, settings.eye.model, settings.eye.tracker) == (
        4,
        2,
        "yolox_s",
        "bytetrack",
    )


def test_names_of_variables_are_read_in_any_case(tmp_path: Path) -> None:
    assert load(tmp_path, argus_eye__BATCH="2").eye.batch == 2


def test_lists_have_the_separators_the_operator_page_names(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        ARGUS_INGEST__FILE_ROOTS="/a:/b c:",
        ARGUS_GATEWAY__DIALECT_PORTS="visionflow=5000, securevision=8001",
        ARGUS_GATEWAY__CORS_ORIGINS="https://a, https://b",
    )
    assert settings.file_roots == (Path("/a"), Path("/b c"))
    assert settings.gateway.dialect_ports == {"visionflow": 5000, "securevision": 8001}
    assert settings.gateway.cors_origins == ("https://a", "https://b")


def test_the_file_may_write_lists_either_way(tmp_path: Path) -> None:
    plain = load(tmp_path, "ingest: {file_roots: '/a:/b'}\ngateway: {dialect_ports: 'iris=1'}")
    listed = load(tmp_path, "ingest: {file_roots: [/a, /b]}\ngateway: {dialect_ports: {iris: 1}}")
    assert plain == listed


@pytest.mark.parametrize("written", ["17:30", "'17:30'", "07:05"])
def test_a_time_of_day_is_read_with_and_without_quotes(tmp_path: Path, written: str) -> None:
    settings = load(tmp_path, f"alerts: {{report_at: {written}, timezone: Europe/Paris}}")
    assert settings.alerts.report_at == written.strip("'")
    assert load(tmp_path, ARGUS_ALERTS__REPORT_AT="17:30").alerts.report_at == "17:30"


@pytest.mark.parametrize(
    ("yaml", "name"),
    [
        *((f"alerts: {{report_at: {value}}}", "alerts.report_at") for value in ("7h", "'24:00'", "-5", "1440", "true")),
        *((f"alerts: {{timezone: {value}}}", "alerts.timezone") for value in ("Mars/Base", "../etc/passwd", "''")),
    ],
)
def test_a_time_of_day_or_zone_that_is_none_is_refused(tmp_path: Path, yaml: str, name: str) -> None:
    assert name in refusal(tmp_path, yaml)


def test_a_whole_section_may_be_given_as_json_and_a_longer_name_goes_over_it(tmp_path: Path) -> None:
    settings = load(tmp_path, ARGUS_INGEST='{"active_fps": 2, "idle_fps": 1}', ARGUS_INGEST__IDLE_FPS="0.5")
    assert (settings.ingest.active_fps, settings.ingest.idle_fps) == (2, 0.5)


def test_json_of_a_section_is_merged_with_the_file(tmp_path: Path) -> None:
    settings = load(tmp_path, "ingest: {active_fps: 3, max_side: 640}", ARGUS_INGEST='{"active_fps": 2}')
    assert (settings.ingest.active_fps, settings.ingest.max_side) == (2, 640)


def test_webhooks_may_be_given_as_json(tmp_path: Path) -> None:
    settings = load(tmp_path, ARGUS_WEBHOOKS__ENDPOINTS='[{"url": "http://x/"}]')
    assert settings.webhooks.endpoints[0].url == "http://x/"


class Plugin(Section):
    threads: int = 1
    token: SecretStr | None = None
    chat: str = ""
    on: bool = False


def test_a_plugins_own_settings_come_from_file_and_environment(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "eye: {detectors: {onnx: {threads: 4, chat: a}}}",
        ARGUS_EYE__DETECTORS__ONNX__THREADS="2",
        ARGUS_EYE__DETECTORS__ONNX__TOKEN="00123",
        ARGUS_EYE__DETECTORS__ONNX__ON="true",
        ARGUS_EYE__DETECTORS__HOG='{"threads": 3}',
    )
    onnx = parse_section(Plugin, settings.eye.detectors["onnx"], path="eye.detectors.onnx")
    assert (onnx.threads, onnx.chat, onnx.on) == (2, "a", True)
    assert onnx.token is not None
    assert onnx.token.get_secret_value() == "00123", "a token of digits stays what was written"
    assert settings.eye.detectors["hog"] == {"threads": 3}


def test_a_plugins_wrong_setting_is_named_with_its_path() -> None:
    with pytest.raises(UserError, match=r"eye\.detectors\.onnx\.thread: unknown setting – did you mean 'threads'\?"):
        parse_section(Plugin, {"thread": 2}, path="eye.detectors.onnx")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ARGUS_SHARD", "ARGUS_SHARDS"),
        ("ARGUS_EYE__BACH", "ARGUS_EYE__BATCH"),
        ("ARGUS_EYE_BATCH", "ARGUS_EYE__BATCH"),
        ("ARGUS_SHARDS__COUNT", "ARGUS_SHARDS"),
        ("ARGUS_LOG__LEVEL__X", "ARGUS_LOG__LEVEL"),
        ("ARGUS_GATEWAY__DIALECT_PORTS__IRIS", "ARGUS_GATEWAY__DIALECT_PORTS"),
        ("ARGUS_EYE__DETECTORS__", "ARGUS_EYE__DETECTORS"),
        ("ARGUS_", "ARGUS_"),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest_name(tmp_path: Path, name: str, hint: str) -> None:
    told = refusal(tmp_path, **{name: "1"})
    assert told.startswith(f"{name}: unknown setting")
    assert hint in told


@pytest.mark.parametrize(
    ("yaml", "start"),
    [
        ("shard: 3", "shard: unknown setting – did you mean 'shards'?"),
        ("eye: {bach: 3}", "eye.bach: unknown setting – did you mean 'batch'?"),
        ("webhooks: {endpoints: [{url: http://x, evnts: []}]}", "webhooks.endpoints.0.evnts: unknown setting"),
        ("eye: 3", "eye: must be a group of settings – known names: backend, batch"),
        ("eye: {batch: many}", "eye.batch: Input should be a valid integer"),
        ("gateway: {port: 70000}", "gateway.port: Input should be less than or equal to 65535, got 70000"),
        ("log: {level: loud}", "log.level: Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR', got 'loud'"),
        ("- a", "must hold a mapping"),
        ("eye: {model: m, batch: 0, stale_after_s: 0}", "got 0 (and 1 more)"),
    ],
)
def test_a_wrong_file_is_refused_with_path_and_reason(tmp_path: Path, yaml: str, start: str) -> None:
    assert start in refusal(tmp_path, yaml)


def test_names_that_steer_the_process_are_no_settings(tmp_path: Path) -> None:
    assert load(tmp_path, ARGUS_INSTANCE="eye-0", ARGUS_RUN_DIR="/x", ARGUS_CI="1") == Settings()


def test_an_empty_variable_and_an_empty_key_count_as_not_set(tmp_path: Path) -> None:
    settings = load(tmp_path, "eye:\nlog: {level: }\nshards: 5", ARGUS_REDIS_URL="", ARGUS_SHARDS="")
    assert settings == Settings(shards=5)


def test_a_specialist_for_every_scene_must_be_one(tmp_path: Path) -> None:
    assert load(tmp_path, ARGUS_MODULES__SCENE="fire_smoke, lpr").modules.scene == ("fire_smoke", "lpr")
    assert "there is no module 'smoke'" in refusal(tmp_path, ARGUS_MODULES__SCENE="smoke")


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "") == load(tmp_path, "# only a comment\n") == Settings()


def test_variables_are_filled_in_from_the_environment(tmp_path: Path) -> None:
    settings = load(tmp_path, "redis_url: redis://:${PW}@${HOST:-localhost}/0\nshards: ${N:-3}", PW="a$b", N="7")
    assert settings.redis_url == "redis://:a$b@localhost/0"
    assert settings.shards == 7


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    told = refusal(tmp_path, "ollama: {url: 'http://${OLLAMA_HOST}'}")
    assert told == "ollama.url: the environment variable OLLAMA_HOST is not set – set OLLAMA_HOST"


def test_the_file_is_named_by_argus_config(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("shards: 9", encoding="utf-8")
    assert load_settings(environ={"ARGUS_CONFIG": str(file)}).shards == 9
    with pytest.raises(UserError, match="cannot be read"):
        load_settings(environ={"ARGUS_CONFIG": str(tmp_path / "none.yaml")})
    with pytest.raises(UserError, match="cannot be read"):
        load_settings(environ={"ARGUS_CONFIG": str(tmp_path)})


@pytest.mark.parametrize(
    "yaml",
    [
        f"admin_password: '{SECRET}",
        f"admin_password: *{SECRET}",
        f"admin_password: !{SECRET} x",
        f"admin_password: %{SECRET}",
        f"admin_password: @{SECRET}",
        f"admin_password: {{{SECRET}",
        f"admin_password: [{SECRET}]",
        f"admin_password: {{a: {SECRET}}}",
        f"secret_key: [{SECRET}]",
        f"redis_url: [redis://:{SECRET}@h]",
        f"ollama: http://u:{SECRET}@h",
        f"eye: {{batch: 'http://u:{SECRET}@h'}}",
        f"webhooks: {{endpoints: [{{url: http://x, token: [{SECRET}]}}]}}",
        f"webhooks: {{endpoints: [{{url: http://x, auth_type: bearer, secret: {SECRET}}}]}}",
        f"webhooks: {{endpoints: {{token: {SECRET}}}}}",
        f"webhooks: '[{{token: {SECRET}}}]'",
        f"admin_password: {SECRET}\nx: &a [*a]",
        f"admin_password: {SECRET}\n\tx: 1",
        f"admin_password: {SECRET}: {SECRET}",
        f"admin_password: {SECRET}\x00",
    ],
)
def test_no_error_repeats_a_secret(tmp_path: Path, yaml: str) -> None:
    assert SECRET not in refusal(tmp_path, yaml)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ARGUS_WEBHOOKS__ENDPOINTS", f'[{{"url": "http://x", "token": "{SECRET}"'),
        ("ARGUS_WEBHOOKS__ENDPOINTS", f" token={SECRET}"),
        ("ARGUS_WEBHOOKS", f'{{"endpoints": "{SECRET}"}}'),
        ("ARGUS_INGEST", SECRET),
    ],
)
def test_no_error_about_a_variable_repeats_a_secret(tmp_path: Path, name: str, value: str) -> None:
    assert SECRET not in refusal(tmp_path, **{name: value})


def test_secrets_are_not_shown_when_settings_are_printed(tmp_path: Path) -> None:
    settings = load(tmp_path, ARGUS_ADMIN_PASSWORD=SECRET, ARGUS_SECRET_KEY=SECRET)
    assert SECRET not in repr(settings)
    assert settings.admin_password is not None
    assert settings.admin_password.get_secret_value() == SECRET


def test_a_password_of_digits_in_the_file_must_be_quoted(tmp_path: Path) -> None:
    assert refusal(tmp_path, "admin_password: 0123").startswith("admin_password: Input should be a valid string")
    settings = load(tmp_path, "admin_password: '0123'")
    assert settings.admin_password == SecretStr("0123")


@pytest.mark.parametrize(("variable", "field"), list(every_field()), ids=lambda value: str(value)[:40])
def test_every_setting_can_be_reached_by_its_variable(tmp_path: Path, variable: str, field: object) -> None:
    with pytest.raises(UserError) as refused:
        load(tmp_path, **{variable: "\u2603", "ARGUS_NOT_A_SETTING_AT_ALL": "1"})
    assert refused.value.field == "ARGUS_NOT_A_SETTING_AT_ALL", "the other one is known"


@given(st.text(max_size=80))
def test_any_text_as_file_is_read_or_refused_in_one_line(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_text(text.encode(errors="replace").decode(), encoding="utf-8")
    try:
        load_settings(file=file, environ={})
    except UserError as error:
        reason = str(error)
    else:
        return
    assert "\n" not in reason


@given(st.sampled_from([variable for variable, _ in every_field()]), st.text(max_size=30))
def test_any_value_of_a_variable_is_taken_or_refused_in_one_line(variable: str, value: str) -> None:
    try:
        load_settings(environ={variable: value})
    except UserError as error:
        reason = str(error)
    else:
        return
    assert "\n" not in reason


def test_addresses_follow_from_the_data_dir(tmp_path: Path) -> None:
    settings = load(tmp_path, ARGUS_DATA_DIR=str(tmp_path / "a b"))
    assert settings.effective_database_url == f"sqlite:///{tmp_path}/a b/argus.db"
    assert settings.effective_media_url.endswith("/a%20b/media")
    assert settings.file_roots == (tmp_path / "a b",)
    assert settings.models_dir == tmp_path / "a b" / "models"
