"""`python -m services.alerts.trial ID`: send a sample alert to one webhook now, and say as JSON how it went."""

from __future__ import annotations

import json
import sys
import uuid
from datetime import UTC, datetime
from typing import Any

from services.alerts.channel import Parcel, open_channels
from services.alerts.notice import Notice
from shared.db.engine import connect, read_sessions
from shared.db.secrets import installation_box
from shared.domain.errors import USER_ERROR_STATUS, Permanent, Transient, UserError
from shared.messages.events import EventRaised
from shared.settings import load_settings


def main(arguments: list[str]) -> int:
    """Exit status 0 when the receiver took it, 1 when not, 2 for an operator's mistake."""
    try:
        report = send_sample(arguments[0])
    except UserError as error:
        print(f"argus alerts: {error}", file=sys.stderr)  # noqa: T201 – the operator's one line
        return USER_ERROR_STATUS
    print(json.dumps(report))  # noqa: T201 – the answer to whoever started this process
    return 0 if report["ok"] else 1


def send_sample(recipient: str) -> dict[str, Any]:
    """Send through the real webhook channel, once. Blocks up to the channel's timeout."""
    settings = load_settings()
    channel = open_channels(settings, installation_box(settings))["webhook"]
    engine = connect(settings.effective_database_url)
    now = datetime.now(UTC)
    sample = EventRaised.example().model_copy(
        update={"captured_at": now, "stored_at": now, "snapshot": None, "text": "a sample alert, sent by hand"}
    )
    try:
        with read_sessions(engine)() as session:
            address = channel.address(session, recipient, decided_at=now)
        receipt = channel.send(address, Parcel(str(uuid.uuid4()), attempt=1, notice=Notice.of(sample)))
    except (Transient, Permanent) as error:
        return {"ok": False, "detail": str(error)}
    finally:
        channel.close()
        engine.dispose()
    return {"ok": True, "detail": f"HTTP {receipt.detail.get('status')}", **receipt.detail}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
