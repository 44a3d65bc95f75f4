"""The schema, sessions and secrets, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from cryptography.fernet import Fernet
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from shared.db import migrations
from shared.db.engine import as_transient, connect, read_sessions, sessions
from shared.db.migrate import current_revision, known_revisions, upgrade
from shared.db.secrets import SecretBox, installation_key
from shared.db.tables import (
    Account,
    Alert,
    AuditRow,
    Base,
    Camera,
    Delivery,
    DeliveryAttempt,
    Event,
    RecipientRow,
    Recognition,
    Webhook,
    ZoneRow,
)
from shared.domain.errors import Transient, UserError

_AT = "2026-01-15 10:30:45+00:00"
_SITE_OF_0017 = (
    "INSERT INTO accounts (id, uuid, username, password_hash, role, enabled, arm, created_at)"
    f" VALUES (7, 'u', 'ada', 'x', 'operator', true, 'away', '{_AT}')",
    "INSERT INTO cameras (slug, account_id, name, url_encrypted, url_masked, enabled, options, created_at, updated_at)"
    f" VALUES ('yard', 7, 'c', '', '', true, '{{}}', '{_AT}', '{_AT}')",
    "INSERT INTO zones (camera_id, name, points, labels, sensitivity, alert_duration_s, notification_enabled,"
    f" created_at) SELECT id, 'z', '[]', '[]', 1, 0, true, '{_AT}' FROM cameras",
    "INSERT INTO recipients (account_id, channel, name, address, notification_types, cameras, rules, min_severity,"
    " language, cooldown_s, after_s, enabled, created_at, updated_at)"
    f" VALUES (7, 'email', 'r', '{{}}', '[]', '[]', '[]', 0, 'en', 0, 0, true, '{_AT}', '{_AT}')",
    "INSERT INTO webhooks (account_id, name, url, events, auth_type, enabled, created_at, updated_at)"
    f" VALUES (7, 'w', '', '[]', 'none', true, '{_AT}', '{_AT}')",
)
ROOT = Path(__file__).resolve().parents[3]
AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


def audit(action: str) -> AuditRow:
    return AuditRow(at=AT, principal="p", action=action, target="t")


def alembic(connection: Connection | None = None) -> Config:
    """Our migrations, on that connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    return config


def test_the_migrations_make_exactly_the_schema_of_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_files_of_the_migrations_are_named_by_their_revisions() -> None:
    revisions = ScriptDirectory.from_config(alembic()).walk_revisions()
    assert known_revisions() == tuple(revision.revision for revision in revisions)


def test_an_upgrade_of_what_is_new_changes_nothing(engine: Engine) -> None:
    with sessions(engine).begin() as session:
        session.add(audit("kept"))
    assert upgrade(engine) == current_revision(engine)
    with sessions(engine)() as session:
        assert session.scalars(sqlalchemy.select(AuditRow.action)).all() == ["kept"]


def test_an_upgrade_keeps_what_was_stored_and_what_refers_to_it(database_url: str) -> None:
    engine = connect(database_url)
    at = "2026-01-15 10:30:45+00:00"
    with engine.begin() as connection:
        command.upgrade(alembic(connection), "0005")
        insert = "INSERT INTO alerts (id, event_uuid, notice, decided_at) VALUES ('a', 'e', '{}', '%s')"
        connection.exec_driver_sql(insert % at)
        columns = "id, alert_id, event_uuid, channel, recipient, state, attempts, doubtful, due_at, created_at, reason"
        values = f"'d', 'a', 'e', 'webhook', '1', 'sent', 1, 0, '{at}', '{at}', ''"
        connection.exec_driver_sql(f"INSERT INTO deliveries ({columns}, receipt) VALUES ({values}, '{{}}')")
        columns, values = "delivery_id, number, at, outcome, reason, duration_ms", f"'d', 1, '{at}', 'sent', '', 1.0"
        connection.exec_driver_sql(f"INSERT INTO delivery_attempts ({columns}) VALUES ({values})")
    upgrade(engine)
    with sessions(engine).begin() as session:
        assert session.scalars(sqlalchemy.select(DeliveryAttempt.delivery_id)).all() == ["d"]
        assert session.scalars(sqlalchemy.select(Delivery.revision)).all() == [0]
        session.execute(sqlalchemy.delete(Alert))
    with sessions(engine)() as session:
        assert session.scalars(sqlalchemy.select(DeliveryAttempt.id)).all() == [], "references are enforced again"
    engine.dispose()


def test_accounts_that_were_there_get_a_uuid_each(database_url: str) -> None:
    engine = connect(database_url)
    at = "2026-01-15 10:30:45+00:00"
    with engine.begin() as connection:
        command.upgrade(alembic(connection), "0008")
        for name in ("ada", "bob"):
            columns = "username, password_hash, role, enabled, arm, created_at"
            values = f"'{name}', 'x', 'operator', true, 'away', '{at}'"
            connection.exec_driver_sql(f"INSERT INTO accounts ({columns}) VALUES ({values})")
        columns = "slug, account_id, name, url_encrypted, url_masked, enabled, options, created_at, updated_at"
        account = connection.scalar(text("SELECT id FROM accounts WHERE username = 'ada'"))
        values = f"'cam_001', {account}, 'a', '', '', true, '{{}}', '{at}', '{at}'"
        connection.exec_driver_sql(f"INSERT INTO cameras ({columns}) VALUES ({values})")
        columns = "camera_id, name, points, labels, sensitivity, alert_duration_s, notification_enabled"
        camera = connection.scalar(text("SELECT id FROM cameras"))
        connection.exec_driver_sql(f"INSERT INTO zones ({columns}) VALUES ({camera}, 'z', '[]', '[]', 1, 0, true)")
    upgrade(engine)
    with sessions(engine)() as session:
        uuids = session.scalars(sqlalchemy.select(Account.uuid)).all()
        assert len({uuid.UUID(text) for text in uuids}) == 2
        drawn = session.scalars(sqlalchemy.select(ZoneRow.created_at)).one()
        assert drawn == datetime(2026, 1, 15, 10, 30, 45, tzinfo=UTC)
    engine.dispose()


def test_recognitions_that_were_there_get_their_account_and_events_are_under_no_hold(database_url: str) -> None:
    engine = connect(database_url)
    at = "2026-01-15 10:30:45+00:00"
    with engine.begin() as connection:
        command.upgrade(alembic(connection), "0008")
        columns = "id, username, password_hash, role, enabled, arm, created_at"
        connection.exec_driver_sql(
            f"INSERT INTO accounts ({columns}) VALUES (7, 'ada', 'x', 'operator', true, 'away', '{at}')"
        )
        columns = "slug, account_id, name, url_encrypted, url_masked, enabled, options, created_at, updated_at"
        values = f"'yard', 7, 'a', '', '', true, '{{}}', '{at}', '{at}'"
        connection.exec_driver_sql(f"INSERT INTO cameras ({columns}) VALUES ({values})")
        columns = "id, uuid, account_id, camera_slug, kind, label, confidence, severity, rules, zones, started_at, "
        columns += "occurred_at, stored_at, modules_triggered, module_results, trace_id"
        values = f"1, 'u', 8, 'yard', 'detection', 'car', 0.9, 1, '[]', '[]', '{at}', '{at}', '{at}', '[]', '{{}}', ''"
        connection.exec_driver_sql(f"INSERT INTO events ({columns}) VALUES ({values})")
        for event, camera in (("1", "yard"), ("NULL", "yard"), ("NULL", "gone")):
            values = f"{event}, '{camera}', 'plate_read', '{at}', '{{}}'"
            connection.exec_driver_sql(
                f"INSERT INTO recognitions (event_id, camera_slug, kind, at, data) VALUES ({values})"
            )
    upgrade(engine)
    with sessions(engine)() as session:
        rows = session.scalars(sqlalchemy.select(Recognition).order_by(Recognition.id)).all()
        assert [row.account_id for row in rows] == [8, 7, None]
        assert {row.stored_at for row in rows} == {datetime(2026, 1, 15, 10, 30, 45, tzinfo=UTC)}
        assert session.scalars(sqlalchemy.select(Event.legal_hold)).one() is False
    engine.dispose()


def test_numbers_of_before_an_upgrade_do_not_come_again_either(database_url: str) -> None:
    engine = connect(database_url)
    at = "2026-01-15 10:30:45+00:00"
    with engine.begin() as connection:
        command.upgrade(alembic(connection), "0016")
        columns = (
            "uuid, camera_slug, kind, label, confidence, severity, rules, zones, started_at, occurred_at, stored_at"
        )
        for uuid_ in ("u", "v"):
            values = (
                f"'{uuid_}', 'yard', 'detection', 'car', 0.9, 1, '[]', '[]', '{at}', '{at}', '{at}', '[]', '{{}}', ''"
            )
            connection.exec_driver_sql(
                f"INSERT INTO events ({columns}, modules_triggered, module_results, trace_id) VALUES ({values})"
            )
        newest = connection.scalar(text("SELECT max(id) FROM events"))
        for kind in ("plate_read", "face_match"):
            values = f"{newest}, 'yard', '{kind}', '{at}', '{at}', '{{}}'"
            connection.exec_driver_sql(
                f"INSERT INTO recognitions (event_id, camera_slug, kind, at, stored_at, data) VALUES ({values})"
            )
    upgrade(engine)
    with sessions(engine)() as session:
        before = [max(session.scalars(sqlalchemy.select(table.id))) for table in (Event, Recognition)]
        assert session.scalars(sqlalchemy.select(Recognition.event_id)).all() == [newest, newest]
    with sessions(engine).begin() as session:
        session.execute(sqlalchemy.delete(Event))
        assert session.scalars(sqlalchemy.select(Recognition.id)).all() == [], "what hangs on an event goes with it"
    with sessions(engine).begin() as session:
        times = dict.fromkeys(("started_at", "occurred_at", "stored_at"), AT)
        event = Event(uuid="w", camera_slug="yard", label="car", confidence=0.9, **times)
        session.add(event)
        session.flush()
        named = Recognition(event_id=event.id, camera_slug="yard", kind="plate_read", at=AT, stored_at=AT, data={})
        session.add(named)
        session.flush()
        assert [event.id, named.id] == [number + 1 for number in before]
    engine.dispose()


def test_numbers_of_what_was_deleted_do_not_come_again(database_url: str) -> None:
    """Else a client's old number of a camera, recipient or webhook leads to another's."""
    engine = connect(database_url)
    with engine.begin() as connection:
        command.upgrade(alembic(connection), "0017")
        for statement in _SITE_OF_0017:
            connection.exec_driver_sql(statement)
    upgrade(engine)
    tables = (Camera, ZoneRow, RecipientRow, Webhook)
    with sessions(engine).begin() as session:
        assert [session.scalars(sqlalchemy.select(table.name)).all() for table in tables] == [
            ["c"],
            ["z"],
            ["r"],
            ["w"],
        ]
        before = [session.scalars(sqlalchemy.select(table.id)).one() for table in tables]
        session.execute(sqlalchemy.delete(Camera))
        assert session.scalars(sqlalchemy.select(ZoneRow.id)).all() == [], "what hangs on a camera goes with it"
        for table in (RecipientRow, Webhook):
            session.execute(sqlalchemy.delete(table))
    with engine.begin() as connection:
        for statement in _SITE_OF_0017[1:]:
            connection.exec_driver_sql(statement)
    with sessions(engine)() as session:
        after = [session.scalars(sqlalchemy.select(table.id)).one() for table in tables]
        assert after == [number + 1 for number in before]
    engine.dispose()


def test_tables_that_are_made_anew_keep_their_indexes_in_order(tmp_path: Path) -> None:
    """Of two that serve equally well SQLite takes the one made last."""
    engine = connect(f"sqlite:///{tmp_path}/argus.db")
    query = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY rowid"
    names = ("cameras", "zones", "recipients", "webhooks")
    found = []
    with engine.begin() as connection:
        for revision in ("0017", "head"):
            command.upgrade(alembic(connection), revision)
            rows = connection.exec_driver_sql(query).all()
            found.append({name: [row[1:] for row in rows if row[0] == name] for name in names})
    assert found[0] == found[1]
    assert all(found[0].values())
    engine.dispose()


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(database_url: str) -> None:
    engine = connect(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE webhooks (id INTEGER)")  # the migration cannot make it
    with pytest.raises(UserError, match="database: cannot be"):
        upgrade(engine)
    with engine.connect() as connection:
        assert sqlalchemy.inspect(connection).get_table_names() == ["webhooks"]
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UserError, match=r"newer version of Argus \(schema 9999\)"):
        upgrade(engine)


def test_a_new_file_that_another_writes_to_is_waited_for(tmp_path: Path) -> None:
    """Two services that start together on a fresh machine both want to turn its log on."""
    file = tmp_path / "argus.db"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE known (id INTEGER)")
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO known VALUES (1)")
    done = threading.Timer(0.5, other.execute, ("COMMIT",))
    done.start()
    engine = connect(f"sqlite:///{file}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("SELECT id FROM known").scalar() == 1
    done.join()
    other.close()
    engine.dispose()


def test_services_that_start_together_upgrade_one_after_the_other(database_url: str) -> None:
    command = [sys.executable, "-m", "tests.integration.shared.upgrade_process", database_url]
    children = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    told = [child.communicate(timeout=60) for child in children]
    assert [child.returncode for child in children] == [0, 0], told
    assert told[0][0] == told[1][0] != ""


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nonsense", "is not a database URL"),
        ("mysql://u:hunter2@h/d", "mysql is not supported"),
        ("postgresql://u:hunter2@h:port/d", "is not a database URL"),
        ("postgresql://u:hunter2@127.0.0.1:1/d", "cannot be opened"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(url: str, reason: str) -> None:
    with pytest.raises(UserError) as refused:
        upgrade(connect(url))
    assert reason in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "argus.db").write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(UserError, match="cannot be opened: file is not a database"):
        upgrade(connect(f"sqlite:///{tmp_path}/argus.db"))


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="data_dir"):
        connect(f"sqlite:///{tmp_path}/file/below/argus.db")


def test_writers_wait_for_each_other(engine: Engine) -> None:
    """Each reads before it writes: on SQLite that fails unless the transaction is a writer's from its start."""
    with sessions(engine).begin() as session:
        session.add(AuditRow(at=AT, principal="p", action="count", target="0"))

    def count(times: int) -> None:
        for _ in range(times):
            with sessions(engine).begin() as session:
                row = session.scalars(sqlalchemy.select(AuditRow).with_for_update()).one()
                row.target = str(int(row.target) + 1)

    threads = [threading.Thread(target=count, args=(15,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with sessions(engine)() as session:
        assert session.scalars(sqlalchemy.select(AuditRow.target)).one() == "60"


def test_readers_neither_wait_for_a_writer_nor_make_it_wait(engine: Engine) -> None:
    with sessions(engine).begin() as writer:
        writer.add(audit("unseen"))
        writer.flush()
        started = time.monotonic()
        with read_sessions(engine)() as reader:
            assert reader.scalars(sqlalchemy.select(AuditRow)).all() == []
            with read_sessions(engine)() as other:
                assert other.scalars(sqlalchemy.select(AuditRow)).all() == []
        assert time.monotonic() - started < 10  # a locked database is waited for longer


def test_objects_stay_readable_after_the_commit(engine: Engine) -> None:
    with sessions(engine).begin() as session:
        row = audit("a")
        session.add(row)
    assert row.action == "a"
    assert row.id


def test_times_are_utc_on_every_database_and_naive_ones_are_refused(engine: Engine) -> None:
    local = AT.astimezone(timezone(timedelta(hours=9)))
    with sessions(engine).begin() as session:
        session.add(AuditRow(at=local, principal="p", action="a", target="t"))
    with sessions(engine)() as session:
        (at,) = session.scalars(sqlalchemy.select(AuditRow.at))
        assert at == AT
        assert at.utcoffset() == timedelta(0)
        found = session.scalars(sqlalchemy.select(AuditRow).where(AuditRow.at == local)).all()
        assert len(found) == 1
    with pytest.raises(StatementError, match="time zone"), sessions(engine).begin() as session:
        session.add(AuditRow(at=datetime(2026, 1, 15), principal="p", action="a", target="t"))  # noqa: DTZ001


def test_references_are_checked_and_deletions_cascade(engine: Engine) -> None:
    with sessions(engine).begin() as session:
        account = Account(username="a", password_hash="h", role="admin", created_at=AT)
        session.add(account)
        session.flush()
        session.add(_camera(account.id))
    with sessions(engine).begin() as session:
        session.execute(sqlalchemy.delete(Account))
    with sessions(engine)() as session:
        assert session.scalars(sqlalchemy.select(Camera)).all() == []
    with pytest.raises(IntegrityError), sessions(engine).begin() as session:
        session.add(_camera(12345))


def _camera(account_id: int) -> Camera:
    return Camera(
        slug="cam_001", account_id=account_id, name="c", url_encrypted="x", url_masked="y", created_at=AT, updated_at=AT
    )


def test_a_locked_database_is_something_that_may_pass() -> None:
    error = as_transient(OperationalError("SELECT 1", {}, Exception("database is locked")))
    assert isinstance(error, Transient)
    assert error.retry_after_s == 1.0


def test_secrets_are_sealed_and_opened_with_the_same_key() -> None:
    box = SecretBox(Fernet.generate_key().decode())
    sealed = box.seal("rtsp://u:hünter2@h")
    assert "nter2" not in sealed
    assert box.open(sealed) == "rtsp://u:hünter2@h"
    assert box.seal("x") != box.seal("x")


def test_another_key_opens_nothing() -> None:
    sealed = SecretBox(Fernet.generate_key().decode()).seal("x")
    for what in (sealed, "garbage", "", "ü"):
        with pytest.raises(UserError, match="secret_key: does not open the stored secrets"):
            SecretBox(Fernet.generate_key().decode()).open(what)


@pytest.mark.parametrize("key", ["", "short", "ü" * 44, "!" * 44, "a" * 45])
def test_what_is_no_key_is_refused_without_being_repeated(key: str) -> None:
    with pytest.raises(UserError, match="secret_key: is not a Fernet key") as refused:
        SecretBox(key)
    assert not key or key not in str(refused.value)


def test_the_key_of_an_installation_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        key = installation_key(tmp_path / "data", None)
    finally:
        os.umask(before)
    assert installation_key(tmp_path / "data", None) == key
    assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600
    SecretBox(key)


def test_a_configured_key_goes_first_and_writes_nothing(tmp_path: Path) -> None:
    assert installation_key(tmp_path / "data", "configured") == "configured"
    assert not (tmp_path / "data").exists()


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    command = [sys.executable, "-m", "tests.integration.shared.key_process", str(folder)]
    children = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(5)]
    time.sleep(0.5)
    (tmp_path / "go").touch()
    keys = {child.communicate(timeout=30)[0] for child in children}
    assert keys == {(folder / "secret.key").read_text()}


def test_a_key_file_that_another_process_is_about_to_fill_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.touch()
    threading.Timer(0.3, lambda: path.write_text("the key")).start()
    assert installation_key(tmp_path, None) == "the key"


@pytest.mark.parametrize(("content", "reason"), [(b"", "is empty"), (b"\xff\xfe", "holds no key")])
def test_a_broken_key_file_is_told_and_not_replaced(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "secret.key").write_bytes(content)
    with pytest.raises(UserError, match=reason):
        installation_key(tmp_path, None)
    assert (tmp_path / "secret.key").read_bytes() == content


def test_a_data_dir_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    for folder in (tmp_path / "data", tmp_path / "data" / "below"):
        with pytest.raises(UserError, match="data_dir"):
            installation_key(folder, None)


def test_a_key_file_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.key").mkdir()
    with pytest.raises(UserError, match="cannot be read: Is a directory"):
        installation_key(tmp_path, None)


def test_a_data_dir_where_nobody_may_write_is_refused() -> None:
    with pytest.raises(UserError, match=r"data_dir: /proc/argus/secret\.key cannot be written"):
        installation_key(Path("/proc/argus"), None)
