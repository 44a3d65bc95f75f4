"""`python -m services.alerts.recipient_trial ID`: send one recipient a test alert now, and say as JSON how it went."""

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
from shared.recipients.registry import recipient_numbered
from shared.settings import load_settings


def main(arguments: list[str]) -> int:
    """Exit status 0 when the receiver's side took it, 1 when not, 2 for an operator's mistake."""
    try:
        report = try_recipient(int(arguments[0]))
    except UserError as error:
        print(f"argus alerts: {error}", file=sys.stderr)  # noqa: T201 – the operator's one line
        return USER_ERROR_STATUS
    print(json.dumps(report))  # noqa: T201 – the answer to whoever started this process
    return 0 if report["ok"] else 1


def try_recipient(number: int) -> dict[str, Any]:
    """Send through the recipient's channel, once. Blocks up to the channel's time-out."""
    settings = load_settings()
    channels = open_channels(settings, installation_box(settings))
    engine = connect(settings.effective_database_url)
    sessions = read_sessions(engine)
    try:
        with sessions() as session:
            channel = recipient_numbered(session, number).channel
        if channel not in channels:
            raise UserError("alerts.channels", f"leaves out {channel}", remedy="add it to tell such recipients")
        trial = Trial(channels, sessions, now=lambda: datetime.now(UTC))
        receipt = trial.send_to(channel, str(number), message="a test alert, sent by hand")
    except (Transient, Permanent) as error:
        return {"ok": False, "detail": str(error)}
    finally:
        for each in channels.values():
            each.close()
        engine.dispose()
    return {"ok": True, "detail": f"over {channel}", **receipt.detail}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
