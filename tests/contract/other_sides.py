"""The receiving ends of every channel, each a server that speaks its protocol."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from services.alerts.channel import Parcel
from services.alerts.channels.email import Box
from services.alerts.channels.line.channel import LineTarget
from services.alerts.channels.siren import Target
from services.alerts.channels.telegram.channel import Chat
from services.alerts.channels.webhook import Endpoint
from services.alerts.notice import Notice
from services.alerts.switch import Device
from shared.messages.events import EventRaised
from shared.recipients.addresses import PhysicalAddress
from tests.conftest import wait_until
from tests.integration.alerts import line_server, telegram_server
from tests.integration.alerts.devices import Answer as RelayAnswer
from tests.integration.alerts.devices import ShellyGen2
from tests.integration.alerts.holding_proxy import HoldingProxy
from tests.integration.alerts.mail_server import HANG, MailServer
from tests.integration.alerts.mosquitto import Ear, Mosquitto
from tests.integration.alerts.receiver import Answer, Receiver

# Of a moment ago: some channels tell of nothing that is long over.
PARCEL = Parcel("delivery-1", 1, Notice.of(EventRaised.example().model_copy(update={"captured_at": datetime.now(UTC)})))


class OtherSide(Protocol):
    """The receiving end of one channel, as the contract needs it.

    `names_a_pause` is whether its protocol can say how long to wait; `settings` are the channel's own.
    """

    names_a_pause: bool
    settings: dict[str, Any]

    def address(self) -> Any: ...
    def accept(self) -> None: ...
    def refuse(self) -> None: ...
    def ask_to_wait(self, seconds: int) -> None: ...
    def hang(self) -> None: ...
    def received(self) -> int: ...
    def close(self) -> None: ...


class HttpSide:
    names_a_pause = True

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self._receiver = Receiver()

    def address(self) -> Endpoint:
        return Endpoint(url=self._receiver.url("/hook"), events=frozenset({"detection"}))

    def accept(self) -> None:
        self._receiver.answers["/hook"] = Answer()

    def refuse(self) -> None:
        self._receiver.answers["/hook"] = Answer(status=403)

    def ask_to_wait(self, seconds: int) -> None:
        self._receiver.answers["/hook"] = Answer(status=429, headers={"retry-after": str(seconds)})

    def hang(self) -> None:
        self._receiver.answers["/hook"] = Answer(delay_s=60)

    def received(self) -> int:
        return len(self._receiver.requests)

    def close(self) -> None:
        self._receiver.close()


class BrokerSide:
    """A real broker; the proxy before it withholds what no broker withholds when it is asked to."""

    names_a_pause = False

    def __init__(self) -> None:
        self._broker = Mosquitto()
        self._ear = Ear(self._broker, "argus/events/#")
        self._proxy = HoldingProxy(self._broker.port)
        self.settings: dict[str, Any] = {"url": self._proxy.url, "timeout_s": 1.0}

    def address(self) -> str:
        return "broker"

    def accept(self) -> None:
        """It does."""

    def refuse(self) -> None:
        self._broker.deny("argus/#")

    def ask_to_wait(self, seconds: int) -> None:
        self._proxy.busy = True

    def hang(self) -> None:
        self._proxy.holding = True

    def received(self) -> int:
        # What the broker took before the question arrives at the ear before its answer.
        self._ear.say("argus/events/asked", "")
        wait_until(lambda: self._ear.at("argus/events/asked"), what="the broker's answer")
        return len(self._ear.at(f"argus/events/{PARCEL.notice.camera}"))

    def close(self) -> None:
        self._ear.close()
        self._proxy.close()
        self._broker.close()


class RelaySide:
    names_a_pause = True

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {"timeout_s": 1.0, "late_after_s": 86_400}  # the tests before may take long
        self._relay = ShellyGen2()

    def address(self) -> Target:
        place = PhysicalAddress(kind="shelly", url=self._relay.url, pulse_s=600)
        return Target("1", Device("Siren", place), disarms=0)

    def accept(self) -> None:
        self._relay.answer_instead = None

    def refuse(self) -> None:
        self._relay.answer_instead = RelayAnswer(403, "")

    def ask_to_wait(self, seconds: int) -> None:
        self._relay.answer_instead = RelayAnswer(429, "", (("retry-after", str(seconds)),))

    def hang(self) -> None:
        self._relay.hanging = True

    def received(self) -> int:
        return sum(map(self._relay.is_command, list(self._relay.requests)))

    def close(self) -> None:
        self._relay.close()


class TelegramSide:
    names_a_pause = True

    def __init__(self) -> None:
        self._server = telegram_server.TelegramServer()
        self.settings: dict[str, Any] = {"base_url": self._server.url, "timeout_s": 1.0}

    def address(self) -> Chat:
        return Chat(7, telegram_server.TOKEN)

    def accept(self) -> None:
        self._server.faults.clear()

    def refuse(self) -> None:
        self._server.chats[7].blocked = True

    def ask_to_wait(self, seconds: int) -> None:
        self._server.fail(*[telegram_server.Fault.flood(seconds)] * 9)

    def hang(self) -> None:
        self._server.fail(telegram_server.Fault(hang=True))

    def received(self) -> int:
        return len(self._server.calls)

    def close(self) -> None:
        self._server.close()


class LineSide:
    names_a_pause = True

    def __init__(self) -> None:
        self._server = line_server.LineServer()
        self.settings: dict[str, Any] = {"base_url": self._server.url, "timeout_s": 1.0}

    def address(self) -> LineTarget:
        return LineTarget(line_server.USER, line_server.TOKEN)

    def accept(self) -> None:
        self._server.faults.clear()

    def refuse(self) -> None:
        self._server.tokens.clear()

    def ask_to_wait(self, seconds: int) -> None:
        fault = line_server.Fault(429, {"message": "Slow down"}, headers={"retry-after": str(seconds)})
        self._server.faults.extend([fault] * 9)

    def hang(self) -> None:
        self._server.faults.append(line_server.Fault(hang=True))

    def received(self) -> int:
        return len(self._server.calls)

    def close(self) -> None:
        self._server.close()


class SmtpSide:
    names_a_pause = True

    def __init__(self) -> None:
        self._server = MailServer()
        self.settings: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self._server.port,
            "security": "plain",
            "from_address": "argus@example.org",
            "timeout_s": 1.0,
        }

    def address(self) -> Box:
        return Box("ada@example.org")

    def accept(self) -> None:
        self._server.always.clear()

    def refuse(self) -> None:
        self._server.always["RCPT"] = "550 5.1.1 no such user"

    def ask_to_wait(self, seconds: int) -> None:
        self._server.always["RCPT"] = f"451 4.7.1 try again in {seconds} seconds"

    def hang(self) -> None:
        self._server.always["RCPT"] = HANG

    def received(self) -> int:
        return self._server.asked["RCPT"]

    def close(self) -> None:
        self._server.close()


OTHER_SIDES: dict[str, Callable[[], OtherSide]] = {
    "email": SmtpSide,
    "line": LineSide,
    "mqtt": BrokerSide,
    "physical": RelaySide,
    "telegram": TelegramSide,
    "webhook": HttpSide,
}
