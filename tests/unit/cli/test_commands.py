"""The commands that look after an installation, on an installation that is not running."""

from __future__ import annotations

import json
import sqlite3
import stat
from pathlib import Path

import pytest

from services.cli.main import COMMANDS
from tests.model_server import ModelServer
from tests.unit.cli.conftest import Argus

ADMIN = ("user", "add", "boss", "--role", "admin", "--password-stdin")


@pytest.fixture
def with_admin(argus: Argus) -> Argus:
    assert argus(*ADMIN, stdin="correct horse\n").status == 0
    return argus


def test_a_user_is_added_and_listed(with_admin: Argus) -> None:
    rows = json.loads(with_admin("user", "list", "--json").out)
    assert [(row["username"], row["role"], row["enabled"]) for row in rows] == [("boss", "admin", True)]
    assert "boss" in with_admin("user", "list").out


def test_a_password_is_changed_and_never_shown(with_admin: Argus) -> None:
    outcome = with_admin("user", "passwd", "boss", "--password-stdin", stdin="battery staple\n")
    assert outcome.status == 0
    assert "battery" not in outcome.out + outcome.err


def test_a_key_is_shown_once_and_then_only_its_beginning(with_admin: Argus) -> None:
    made = json.loads(with_admin("key", "create", "--name", "wall", "--scope", "read", "--json").out)
    assert made["key"].startswith("sk-")
    assert made["scopes"] == ["read"]
    listed = with_admin("key", "list", "--json").out
    assert made["key"] not in listed
    assert json.loads(listed)[0]["prefix"] == made["key"][:10]
    assert with_admin("key", "revoke", str(made["id"])).status == 0
    assert json.loads(with_admin("key", "list", "--json").out) == []


def test_a_plain_key_create_prints_nothing_but_the_key_to_a_pipe(with_admin: Argus) -> None:
    out = with_admin("key", "create", "--name", "x").out
    assert out.startswith("sk-")
    assert out.count("\n") == 1


def test_a_camera_is_added_listed_masked_switched_and_removed(with_admin: Argus) -> None:
    added = with_admin("camera", "add", "--url", "rtsp://root:hunter2@192.0.2.1/live", "--name", "Gate")
    assert added.status == 0
    assert "nothing is running" in added.err
    assert "hunter2" not in added.out + added.err
    (row,) = json.loads(with_admin("camera", "list", "--json").out)
    assert (row["id"], row["name"], row["url"], row["enabled"]) == (
        "cam_001",
        "Gate",
        "rtsp://***@192.0.2.1/live",
        True,
    )
    assert with_admin("camera", "disable", "cam_001").out == "disabled cam_001\n"
    assert json.loads(with_admin("camera", "list", "--json").out)[0]["enabled"] is False
    assert with_admin("camera", "enable", "cam_001").out == "enabled cam_001\n"
    assert with_admin("camera", "remove", "cam_001").status == 0
    assert json.loads(with_admin("camera", "list", "--json").out) == []


def test_a_webhook_is_added_with_a_secret_that_is_shown_once(argus: Argus) -> None:
    added = argus("webhook", "add", "--name", "ops", "--url", "https://example.org/x", "--event", "camera_down")
    secret = added.out.splitlines()[-1]
    assert secret.startswith("whsec_")
    listed = argus("webhook", "list", "--json").out
    assert secret not in listed
    (row,) = json.loads(listed)
    assert (row["name"], row["events"], row["signed"]) == ("ops", ["camera_down"], True)
    assert argus("webhook", "remove", "1").status == 0


CHAT = ("recipient", "add", "--channel", "telegram", "--name", "Watch", "--address", "chat_id=-100123")


def test_a_recipient_is_added_listed_muted_and_removed_without_its_secret(argus: Argus) -> None:
    night = ("--secret-stdin", "--quiet", "22:00-06:00")
    added = argus(*CHAT, *night, stdin="12:bot-token\n", ARGUS_ALERTS__CHANNELS="webhook")
    assert added.out == "added recipient 1 (Watch)\n"
    assert "ARGUS_ALERTS__CHANNELS" in added.err
    mail = ("recipient", "add", "--channel", "email", "--name", "Ada", "--address", "email=ada@example.org")
    assert argus(*mail, "--type", "daily_reports", "--type", "alerts").status == 0
    listed = argus("recipient", "list", "--json").out
    assert "bot-token" not in listed
    chat, ada = json.loads(listed)
    assert (chat["channel"], chat["address"], chat["told"]) == ("telegram", "chat_id=-100123", ["alerts"])
    assert (ada["told"], ada["verified"]) == (["daily_reports", "alerts"], True)
    assert [row["id"] for row in json.loads(argus("recipient", "list", "--json", "--channel", "email").out)] == [2]
    assert "is muted until" in argus("recipient", "mute", "1", "30").out
    assert json.loads(argus("recipient", "list", "--json").out)[0]["muted_until"] is not None
    assert argus("recipient", "mute", "1", "0").out == "recipient 1 (Watch) is told again\n"
    assert argus("recipient", "remove", "1").out == "removed recipient 1 (Watch)\n"
    assert argus("recipient", "remove", "1").status == 2


def test_a_recipient_that_cannot_be_is_refused_with_every_wrong_field(argus: Argus) -> None:
    refused = argus(*CHAT[:-1], "chat_id=nobody", "--camera", "cam_404", "--quiet", "late-early")
    assert refused.status == 2
    assert all(name in refused.err for name in ("address.chat_id", "cameras.0", "quiet.windows.0.from"))
    assert argus(*CHAT[:-1], "nothing").status == 2
    assert argus(*CHAT, "--quiet", "always").status == 2
    assert json.loads(argus("recipient", "list", "--json").out) == []


def test_a_recipient_of_a_channel_that_is_not_in_use_cannot_be_tried(argus: Argus) -> None:
    assert argus(*CHAT).status == 0
    tried = argus("recipient", "test", "1", "--json", ARGUS_ALERTS__CHANNELS="webhook")
    assert tried.status == 1
    assert "leaves out telegram" in json.loads(tried.out)["detail"]


def test_settings_are_shown_without_their_secrets(argus: Argus) -> None:
    outcome = argus(
        "config",
        "show",
        "--json",
        ARGUS_ADMIN_PASSWORD="hunter2hunter2",
        ARGUS_DATABASE_URL="postgresql://argus:hunter2@db/argus",
        ARGUS_REDIS_URL="redis://:hunter2@broker/0",
    )
    assert "hunter2" not in outcome.out
    shown = json.loads(outcome.out)
    assert shown["admin_password"] == "***"
    assert shown["redis_url"] == "redis://***@broker/0"
    assert shown["gateway"]["port"] == 1024


def test_the_doctor_changes_nothing_and_says_that_hog_is_the_fallback(argus: Argus, tmp_path: Path) -> None:
    outcome = argus("doctor", "--json", ARGUS_GATEWAY__PORT="1024")
    found = {check["name"]: check for check in json.loads(outcome.out)}
    assert outcome.status == 0
    assert found["eye"]["state"] == "warn"
    assert "HOG" in found["eye"]["detail"]
    assert found["eye"]["remedy"] == "argus models pull yolox_nano"
    assert {"redis", "database", "disk", "secret key", "gpu", "ports", "ollama", "services"} <= found.keys()
    assert not (tmp_path / "data").exists()


def test_the_doctor_fails_on_what_would_keep_argus_from_working(with_admin: Argus, tmp_path: Path) -> None:
    with_admin("camera", "add", "--url", f"file://{tmp_path}/data/missing.mp4")
    key = tmp_path / "data" / "secret.key"
    key.chmod(0o644)
    outcome = with_admin(
        "doctor",
        "--json",
        ARGUS_EYE__BACKEND="onnx",
        ARGUS_OLLAMA__URL="http://127.0.0.1:1",
        ARGUS_REDIS_URL="redis://127.0.0.1:1/0",
    )
    states = {check["name"]: check["state"] for check in json.loads(outcome.out)}
    assert outcome.status == 1
    assert (states["eye"], states["ollama"], states["redis"], states["secret key"]) == ("fail", "warn", "fail", "fail")


def test_an_account_chooses_the_language_of_the_judge(with_admin: Argus) -> None:
    assert with_admin("user", "language", "boss", "zh-TW").out == "the judge speaks zh-TW to boss\n"
    assert [row["language"] for row in json.loads(with_admin("user", "list", "--json").out)] == ["zh-TW"]
    with_admin("user", "language", "boss", "default")
    assert [row["language"] for row in json.loads(with_admin("user", "list", "--json").out)] == [None]
    refused = with_admin("user", "language", "boss", "de")
    assert refused.status != 0
    assert with_admin("user", "language", "nobody", "fr").status == 2


@pytest.mark.parametrize(
    ("model", "state", "words"),
    [
        ("gemma3", "ok", "Ollama answers, has gemma3"),
        ("gemma3:latest", "ok", "Ollama answers, has gemma3:latest"),
        ("gemma3:27b", "warn", "Ollama answers, but has no model gemma3:27b"),
    ],
)
def test_the_doctor_asks_ollama_for_the_very_model(argus: Argus, model: str, state: str, words: str) -> None:
    with ModelServer() as server:
        outcome = argus("doctor", "--json", ARGUS_OLLAMA__URL=server.url, ARGUS_OLLAMA__MODEL=model)
    found = next(check for check in json.loads(outcome.out) if check["name"] == "ollama")
    assert (found["state"], found["detail"]) == (state, words)


@pytest.mark.parametrize(("model", "state"), [("gemma3:latest", "ok"), ("gpt-9", "warn")])
def test_the_doctor_asks_another_judge_for_its_model(argus: Argus, tmp_path: Path, model: str, state: str) -> None:
    with ModelServer() as server:
        own = {"url": f"{server.url}/v1", "model": model}
        file = tmp_path / "argus.yaml"
        file.write_text(json.dumps({"judge": {"kind": "openai", "settings": {"openai": own}}}))
        outcome = argus("doctor", "--json", ARGUS_CONFIG=str(file))
    found = next(check for check in json.loads(outcome.out) if check["name"] == "ollama")
    assert found["state"] == state


def test_the_doctor_finds_pictures_that_nothing_refers_to_and_deletes_none_while_nothing_runs(
    with_admin: Argus, tmp_path: Path
) -> None:
    picture = tmp_path / "data/media/crops/cam_001/2025/01/02/550e8400-e29b-41d4-a716-446655440000.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"jpeg")
    looked = ("doctor", "--media", "--no-cameras", "--json")
    checks = {row["name"]: row for row in json.loads(with_admin(*looked).out)}
    assert checks["media"]["state"] == "warn"
    assert "1 pictures that nothing refers to, such as crops/cam_001" in checks["media"]["detail"]
    assert checks["media"]["remedy"] == "argus doctor --media --fix"
    fixed = with_admin(*looked, "--fix")
    assert fixed.status == 1
    assert "nothing was deleted" in fixed.out
    assert picture.exists()
    picture.unlink()
    assert "every stored picture has its row" in with_admin(*looked).out


def test_the_doctor_deletes_them_where_it_is_known_who_is_in_view(
    with_admin: Argus, tmp_path: Path, redis_url: str
) -> None:
    picture = tmp_path / "data/media/snapshots/cam_001/2025/01/02/550e8400-e29b-41d4-a716-446655440000.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"jpeg")
    outcome = with_admin("doctor", "--media", "--fix", "--no-cameras", "--json", ARGUS_REDIS_URL=redis_url)
    checks = {row["name"]: row for row in json.loads(outcome.out)}
    assert checks["media"]["detail"].startswith("deleted 1 pictures")
    assert not picture.exists()


def test_the_doctor_deletes_nothing_that_it_was_not_asked_to_look_at(argus: Argus) -> None:
    outcome = argus("doctor", "--fix")
    assert outcome.status != 0
    assert "argus doctor --media --fix" in outcome.err


def test_the_doctor_tries_each_camera(with_admin: Argus, tmp_path: Path) -> None:
    (tmp_path / "data" / "letter.mp4").write_text("this is no video")
    with_admin("camera", "add", "--url", f"file://{tmp_path}/data/missing.mp4")
    with_admin("camera", "add", "--url", f"file://{tmp_path}/data/letter.mp4")
    with_admin("camera", "add", "--url", "rtsp://127.0.0.1:1/x", "--disabled")
    outcome = with_admin("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(outcome.out)}
    assert outcome.status == 1
    assert checks["camera cam_001"]["state"] == "fail"
    assert "not_found" in checks["camera cam_001"]["detail"]
    assert checks["camera cam_002"]["state"] == "fail"
    assert checks["camera cam_003"] == {"name": "camera cam_003", "state": "ok", "detail": "disabled", "remedy": ""}


def test_what_is_written_is_private(with_admin: Argus, tmp_path: Path) -> None:
    with_admin("camera", "add", "--url", "rtsp://192.0.2.1/x")
    assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(argus: Argus, command: str) -> None:
    outcome = argus(command, "--help")
    assert outcome.status == 0
    assert "Example: argus " in " ".join(outcome.out.split())


def test_rules_go_to_a_file_and_come_back(argus: Argus, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    exported = argus("rule", "export")
    assert exported.status == 0
    file.write_text(exported.out)
    again = argus("rule", "import", str(file))
    assert (again.status, again.out.splitlines()[0][:10]) == (0, "= rule_001")
    file.write_text(exported.out + "- {id: night, name: Night, armed: [night], severity: 4}\n")
    tried = argus("rule", "import", str(file), "--dry-run")
    assert tried.out.splitlines()[1:] == ["+ night (Night)", "2 rules checked; nothing was changed"]
    assert [row["id"] for row in json.loads(argus("rule", "list", "--json").out)] == ["rule_001"]
    assert argus("rule", "import", str(file)).status == 0
    file.write_text("rules: [{id: night, name: Night, armed: [night], severity: 2}]")
    assert argus("rule", "import", str(file)).out.splitlines()[0] == "~ night (Night): severity"
    rows = {row["id"]: row for row in json.loads(argus("rule", "list", "--json").out)}
    assert (rows["night"]["severity"], rows["night"]["origin"]) == (2, "api")


def test_rules_that_a_file_writes_in_its_own_way_are_not_changed(argus: Argus, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("rules: [{id: cars, name: Cars, condition: {labels: [car]}}]")
    assert argus("rule", "import", str(file)).out.splitlines()[0] == "+ cars (Cars)"
    assert argus("rule", "import", str(file)).out.splitlines()[0] == "= cars (Cars)"


def test_a_file_with_one_wrong_rule_changes_nothing(argus: Argus, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("rules: [{id: good, name: Good}, {id: bad, name: Bad, camera_id: cam_404}]")
    refused = argus("rule", "import", str(file))
    assert refused.status == 2
    assert "there is no such camera" in refused.err
    assert [row["id"] for row in json.loads(argus("rule", "list", "--json").out)] == ["rule_001"]
    assert argus("rule", "check", str(file)).out == "2 rules can be read\n"
    file.write_text("rules: [{id: bad, severity: 9}]")
    assert "rules.0.name" in argus("rule", "check", str(file)).err
    for content, said in (("x: 1", "has no list 'rules'"), ("rules: [", "is not valid YAML")):
        file.write_text(content)
        assert said in argus("rule", "import", str(file)).err
    assert argus("rule", "import", str(tmp_path / "none.yaml")).status == 2


def test_all_rules_of_a_file_that_are_wrong_are_named_by_place_and_id(argus: Argus, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(
        "rules: [{id: one, name: One, camera_id: cam_404}, {id: good, name: Good},"
        " {id: two, name: Two, recipients: [99], camera_id: cam_404}]"
    )
    refused = argus("rule", "import", str(file), "--dry-run")
    assert refused.status == 2
    for expected in (
        "rules.0.camera_id (one): there is no such camera",
        "rules.2.camera_id (two): there is no such camera",
        "rules.2.recipients.0 (two): there is no recipient 99",
    ):
        assert expected in refused.err
    assert argus("rule", "import", str(file)).status == 2
    assert [row["id"] for row in json.loads(argus("rule", "list", "--json").out)] == ["rule_001"]


def test_a_rule_of_argus_yaml_is_not_changed_by_another_file(argus: Argus, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("rules: [{id: night, name: Night}]")
    assert argus("rule", "import", str(file)).status == 0
    with sqlite3.connect(next((tmp_path / "data").rglob("*.db"))) as database:
        database.execute("UPDATE rules SET origin = 'file' WHERE slug = 'night'")
    assert argus("rule", "import", str(file)).status == 0
    file.write_text("rules: [{id: night, name: Other}, {id: bad, name: Bad, camera_id: cam_404}]")
    refused = argus("rule", "import", str(file))
    assert "rules.0.id (night): stands in argus.yaml" in refused.err
    assert "rules.1.camera_id (bad)" in refused.err
    assert "Night" in argus("rule", "list").out
