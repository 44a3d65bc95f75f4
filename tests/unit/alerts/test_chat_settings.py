"""The settings of the channels that reach people in chats."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from services.alerts.channel import open_channels
from shared.db.secrets import SecretBox
from shared.domain.errors import UserError
from shared.settings import Settings

SECRET = "123456:AAH-secret"


@pytest.mark.parametrize("name", ["telegram", "line"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"base_url": "ftp://example.org"}, "base_url: .*must begin with https:// or http://"),
        ({"base_url": "not an address"}, "base_url"),
        ({"tokn": SECRET}, "did you mean 'token'"),
        ({"token": ["123456:AAH-secret"]}, "token"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"timeout_s": 1000}, "timeout_s"),
    ],
)
def test_a_wrong_setting_is_named_and_no_secret_shown(
    tmp_path: Path, name: str, options: dict[str, object], said: str
) -> None:
    alerts = {"channels": [name], "channel_settings": {name: options}}
    settings = Settings.model_validate({"data_dir": tmp_path, "alerts": alerts})
    with pytest.raises(UserError, match=said) as caught:
        open_channels(settings, SecretBox(Fernet.generate_key().decode()))
    assert f"alerts.channel_settings.{name}" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("answers", ["Polling", "push", ""])
def test_presses_come_back_in_one_of_the_ways_there_are(tmp_path: Path, answers: str) -> None:
    alerts = {"channels": ["telegram"], "channel_settings": {"telegram": {"answers": answers}}}
    settings = Settings.model_validate({"data_dir": tmp_path, "alerts": alerts})
    with pytest.raises(UserError, match="answers"):
        open_channels(settings, SecretBox(Fernet.generate_key().decode()))


def test_settings_of_a_channel_that_there_is_not_are_refused_with_the_nearest_name(tmp_path: Path) -> None:
    alerts = {"channels": ["telegram"], "channel_settings": {"telegramm": {"token": SECRET}}}
    settings = Settings.model_validate({"data_dir": tmp_path, "alerts": alerts})
    with pytest.raises(UserError, match=r"channel_settings\.telegramm: .* did you mean 'telegram'") as caught:
        open_channels(settings, SecretBox(Fernet.generate_key().decode()))
    assert SECRET not in str(caught.value)
