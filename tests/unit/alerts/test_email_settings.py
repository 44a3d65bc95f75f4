"""What the e-mail channel takes for its settings, and what it costs while there are none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from services.alerts.channel import open_channels
from services.alerts.channels.email import EmailOptions
from shared.db.secrets import SecretBox
from shared.domain.errors import UserError
from shared.settings import Settings
from tests.conftest import PROJECT


def opened(folder: Path, **options: Any) -> Any:
    alerts = {"channels": ["email"], "channel_settings": {"email": options}}
    settings = Settings.model_validate({"data_dir": folder, "alerts": alerts})
    return open_channels(settings, SecretBox(Fernet.generate_key().decode()))["email"]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"host": "mail.example.org"}, "host needs from_address"),
        ({"host": "mail.example.org\r\nQUIT", "from_address": "a@example.org"}, "email.host"),
        ({"from_address": "Argus <a@example.org>"}, "email.from_address"),
        ({"from_address": "a@example.org\nBcc: b@example.org"}, "email.from_address"),
        ({"list_unsubscribe": "mailto:a@example.org"}, "email.list_unsubscribe"),
        ({"username": "argus"}, "username and password belong together"),
        ({"security": "plain", "username": "argus", "password": "secret"}, "would show the password"),
        ({"security": "ssl"}, "email.security"),
        ({"hostname": "two words"}, "email.hostname"),
        ({"port": 0}, "email.port"),
        ({"timeout_s": 0}, "email.timeout_s"),
        ({"hots": "mail.example.org"}, "did you mean 'host'"),
        ({"ca_file": "/nowhere/ca.pem"}, "email.ca_file"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_their_name(
    tmp_path: Path, options: dict[str, Any], field: str
) -> None:
    with pytest.raises(UserError, match=field) as caught:
        opened(tmp_path, **options)
    assert "secret" not in str(caught.value)


def test_a_file_that_holds_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("hello")
    with pytest.raises(UserError, match=r"ca_file.*cannot be used"):
        opened(tmp_path, ca_file=str(tmp_path / "ca.pem"))


def test_every_setting_stands_on_the_page() -> None:
    page = (PROJECT / "docs" / "how-to" / "alerts-by-email.md").read_text(encoding="utf-8")
    rows = "\n".join(line for line in page.splitlines() if line.startswith("| `"))
    assert [name for name in EmailOptions.model_fields if f"`{name}`" not in rows] == []


IMPORTED = """
import sys, threading
from cryptography.fernet import Fernet
from services.alerts.channel import open_channels
from shared.db.secrets import SecretBox
from shared.settings import Settings

settings = Settings.model_validate({"data_dir": sys.argv[1], "alerts": {"channels": ["email"]}})
channel = open_channels(settings, SecretBox(Fernet.generate_key().decode()))["email"]
assert channel.recipients(None) == []
channel.abort()
channel.close()
assert threading.active_count() == 1
print(",".join(name for name in ("aiosmtplib", "asyncio", "babel", "PIL") if name in sys.modules))
"""


def test_a_channel_without_a_server_loads_nothing_starts_nothing_and_asks_nobody(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", IMPORTED, tmp_path], cwd=PROJECT, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    loaded = set(ended.stdout.strip().split(","))
    assert not {"aiosmtplib", "babel", "PIL"} & loaded
    assert not (tmp_path / "media").exists()
