"""`python -m services.alerts.webhook_trial ID`: send a test alert to one webhook now, and say as JSON how it went."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

from services.alerts.channel import open_channels
from services.alerts.trial import Trial
from shared.db.engine import connect, read_sessions
from shared.db.secrets import installation_box
from shared.domain.errors import USER_ERROR_STATUS, Permanent, Transient, UserError
from shared.settings import load_settings

_CHANNEL = "webhook"


def main(arguments: list[str]) -> int:
    """Exit status 0 when the receiver took it, 1 when not, 2 for an operator's mistake."""
    try:
        report = try_webhook(arguments[0])
    except UserError as error:
        print(f"argus alerts: {error}", file=sys.stderr)  # noqa: T201 – the operator's one line
        return USER_ERROR_STATUS
    print(json.dumps(report))  # noqa: T201 – the answer to whoever started this process
    return 0 if report["ok"] else 1


def try_webhook(recipient: str) -> dict[str, Any]:
    """Send through the real webhook channel, once. Blocks up to the channel's timeout."""
    settings = load_settings()
    channels = open_channels(settings, installation_box(settings))
    engine = connect(settings.effective_database_url)
    trial = Trial(channels, read_sessions(engine), now=lambda: datetime.now(UTC))
    try:
        if _CHANNEL not in channels:
            raise UserError("alerts.channels", "leaves out webhook", remedy="add it to use webhooks")
        receipt = trial.send_to(_CHANNEL, recipient, message="a test alert, sent by hand")
    except (Transient, Permanent) as error:
        return {"ok": False, "detail": str(error)}
    finally:
        for channel in channels.values():
            channel.close()
        engine.dispose()
    return {"ok": True, "detail": f"HTTP {receipt.detail.get('status')}", **receipt.detail}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
