"""Rules that stand in argus.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog
import yaml
from sqlalchemy import select

from services.brain.bootstrap import build
from services.brain.configured import sync_rules
from shared.db.engine import SessionFactory
from shared.db.tables import AuditRow, RuleRow
from shared.domain.errors import InvalidInput
from shared.rules.document import read_rules
from shared.settings import Settings, load_settings
from tests.integration.brain.conftest import AT, presence
from tests.integration.brain.test_presence_to_event import add_rule, events, handle


def stored(site: SessionFactory) -> dict[str, tuple[str, str, str | None]]:
    with site() as session:
        return {row.slug: (row.name, row.origin, row.camera_slug) for row in session.scalars(select(RuleRow))}


def audited(site: SessionFactory) -> list[str]:
    with site() as session:
        return [f"{row.action} {row.target}" for row in session.scalars(select(AuditRow).order_by(AuditRow.id))]


def sync(site: SessionFactory, *rules: dict[str, object]) -> None:
    with site.begin() as session:
        sync_rules(session, read_rules(list(rules), new=False), now=AT)


def test_they_are_kept_in_step_with_the_file(site: SessionFactory) -> None:
    add_rule(site, "own", name="Own")
    sync(site, {"id": "door", "name": "Door", "camera_id": "not-there-yet"}, {"id": "rule_001", "name": "Taken over"})
    expected = {
        "own": ("Own", "api", None),
        "door": ("Door", "file", "not-there-yet"),
        "rule_001": ("Taken over", "file", None),
    }
    assert stored(site) == expected
    before = audited(site)
    assert before == ["rule.add door", "rule.change rule_001"]
    sync(site, {"id": "door", "name": "Door", "camera_id": "not-there-yet"}, {"id": "rule_001", "name": "Taken over"})
    assert audited(site) == before
    sync(site, {"id": "door", "name": "Front door"})
    assert stored(site) == {"own": ("Own", "api", None), "door": ("Front door", "file", None)}
    sync(site)
    assert stored(site) == {"own": ("Own", "api", None)}


def test_only_what_changes_is_written_and_leaves_a_trail(site: SessionFactory) -> None:
    add_rule(site, "own", name="Own")
    # Without its kind, and steps without their cameras: stored, they are written out.
    door: dict[str, object] = {"id": "door", "name": "Door", "condition": {"labels": ["person"]}, "armed": ["away"]}
    steps = [{"condition": {"labels": [label]}} for label in ("car", "person")]
    walk: dict[str, object] = {
        "id": "walk",
        "name": "Walk",
        "camera_id": "cam_001",
        "condition": {"kind": "sequence", "within_s": 60, "steps": steps},
    }
    own: dict[str, object] = {"id": "own", "name": "Own"}
    for rules in ([door, walk], [door, walk], [door | {"severity": 3}, walk, own], [door | {"severity": 3}, walk, own]):
        sync(site, *rules)
    assert audited(site) == ["rule.add door", "rule.add walk", "rule.change door", "rule.change own"]
    sync(site)
    assert sorted(audited(site)[4:]) == [f"rule.remove {slug}" for slug in ("door", "own", "walk")]


def test_the_brain_fires_them(site: SessionFactory, settings: Settings) -> None:
    rules = ({"id": "cars", "name": "Cars", "condition": {"labels": ["car"]}}, {"id": "rule_001", "name": "X"})
    brain = build(settings.model_copy(update={"rules": rules}), instance="brain-0")
    sync(site, *rules)
    handle(brain, presence(label="car"))
    brain.close()
    assert [event.rules for event in events(site)] == [["rule_001", "cars"]]


def test_a_wrong_rule_stops_the_start_and_every_fault_is_named(tmp_path: Path) -> None:
    file = tmp_path / "argus.yaml"
    file.write_text(yaml.safe_dump({"rules": [{"id": "a", "name": "A", "severity": 9}, {"id": "b"}]}))
    settings = load_settings(file=file, environ={"ARGUS_DATA_DIR": str(tmp_path), "ARGUS_REDIS_URL": "redis://x"})
    with pytest.raises(InvalidInput, match=r"rules\.0\.severity") as error:
        build(settings)
    assert "rules.1.name" in str(error.value)


def test_one_that_can_never_fire_is_no_reason_not_to_start(site: SessionFactory, settings: Settings) -> None:
    rules: tuple[dict[str, object], ...] = (
        {"id": "typo", "name": "Typo", "condition": {"kind": "finding", "module": "fire_smoke", "label": "fier"}},
        {"id": "fire", "name": "Fire", "condition": {"kind": "finding", "module": "fire_smoke", "label": "fire"}},
    )
    with pytest.raises(InvalidInput, match="never says 'fier'"):
        read_rules(rules)
    build(settings.model_copy(update={"rules": rules}), instance="brain-0").close()
    with structlog.testing.capture_logs() as logs:
        sync(site, *rules)
    assert set(stored(site)) >= {"typo", "fire"}
    (warning,) = (each for each in logs if each["event"] == "rule_never_fires")
    assert warning["field"] == "rules.0.condition.label"
