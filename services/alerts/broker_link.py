"""A connection to the MQTT broker that comes back by itself, shared by all threads of a process."""

from __future__ import annotations

import os
import random
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from services.alerts.broker import QOS, SETTINGS_PATH, BrokerOptions, Message
from shared.domain.backoff import doubling_s
from shared.domain.errors import Permanent, Transient
from shared.observability import get_logger

if TYPE_CHECKING:
    from paho.mqtt.client import Client
    from paho.mqtt.reasoncodes import ReasonCode

log = get_logger("alerts.broker")

KEEPALIVE_S: Final = 15
_BACKOFF_BASE_S: Final = 0.25
_BACKOFF_CAP_S: Final = 10.0
_GOODBYE_S: Final = 1.0

# Reasons of MQTT 5 and of 3.1.1, as paho numbers them.
_BAD_CREDENTIALS: Final = frozenset({4, 5, 134, 135})
_UNSUPPORTED_VERSION: Final = frozenset({1, 132})
_TRY_AGAIN: Final = frozenset({128, 131, 136, 137, 147, 151})

Take = Callable[[Message], None]


def _nothing(_: Message) -> None:
    """What a link does with messages that nobody wants."""


class BrokerLink:
    """Publishes and waits for the broker's acknowledgements. Thread-safe.

    Nothing is connected before the first `publish` or `start`. Each connection is made anew, with nothing left in it of
    the last: what was not acknowledged is told to the caller, who sends it again, and never sent again behind its back.
    Every process has a client id of its own, or brokers would end the connection of one for the other's.

    `will` is what the broker publishes when this process vanishes; `greeting` is published on every connection, and
    `on_up` called afterwards. Messages of the topics in `subscriptions` go to `take`. Both are called on the network's
    thread and must return at once.
    """

    def __init__(
        self,
        options: BrokerOptions,
        *,
        will: Message | None = None,
        greeting: Message | None = None,
        subscriptions: Sequence[str] = (),
        on_up: Callable[[], None] = lambda: None,
        take: Take = _nothing,
    ) -> None:
        self._options = options
        self._will = will
        self._greeting = greeting
        self._subscriptions = tuple(subscriptions)
        self._on_up = on_up
        self._take = take
        self._client_id = f"{options.client_id}-{os.getpid()}-{secrets.token_hex(4)}"
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._client: Client | None = None
        self._up = False
        self._old_protocol = False
        self._reason = ""
        self._connection = 0
        self._aborts = 0
        self._acknowledged: dict[int, ReasonCode] = {}
        self._unwanted: set[int] = set()
        self._closed = threading.Event()

    def start(self) -> None:
        """Connect in the background, from now on."""
        with self._changed:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name="broker", daemon=True)
                self._thread.start()

    def publish(self, messages: Sequence[Message], *, timeout_s: float | None = None) -> list[int]:
        """Publish in this order and wait until all are acknowledged; their message ids.

        Blocks up to `timeout_s` (default: the settings'). Raises `Transient` when the broker is away, refuses the
        credentials, or time runs out – a message may have arrived all the same –, and `Permanent` when it refuses one,
        or there is none.
        """
        if self._options.url is None:
            raise Permanent(f"no broker is configured: set {SETTINGS_PATH}.url")
        until = time.monotonic() + (self._options.timeout_s if timeout_s is None else timeout_s)
        self.start()
        client, connection, aborts = self._connected(until)
        numbers: list[int] = []
        for message in messages:
            info = client.publish(message.topic, message.payload, qos=QOS, retain=message.retain)
            if info.rc:
                self._disown(numbers, connection)
                raise Transient(f"the broker went away ({self._reason or 'the connection is lost'})")
            numbers.append(info.mid)
        for position, (number, message) in enumerate(zip(numbers, messages, strict=True)):
            try:
                self._await(number, message, connection, aborts, until)
            except (Transient, Permanent):
                self._disown(numbers[position + 1 :], connection)
                raise
        return numbers

    def hand_over(self, message: Message) -> None:
        """Publish on this connection if there is one, without waiting. For the network's own thread."""
        client = self._client
        if client is not None:
            self._publish_unwatched(client, message)

    def abort(self) -> None:
        """Let every `publish` that waits raise `Transient`."""
        with self._changed:
            self._aborts += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Say good-bye (the will's message, since a good-bye makes the broker forget it) and disconnect."""
        if self._up and self._will is not None:
            try:
                self.publish([self._will], timeout_s=_GOODBYE_S)
            except (Transient, Permanent) as error:
                log.info("no_goodbye", reason=str(error)[:200])
        self._closed.set()
        self.abort()
        thread = self._thread
        if thread is not None:
            thread.join(timeout=_GOODBYE_S)

    def _publish_unwatched(self, client: Client, message: Message) -> None:
        info = client.publish(message.topic, message.payload, qos=QOS, retain=message.retain)
        with self._changed:
            self._unwanted.add(info.mid)

    def _connected(self, until: float) -> tuple[Client, int, int]:
        with self._changed:
            aborts, refused = self._aborts, self._reason
            # A broker that was away a moment ago is not waited for: the delivery comes again.
            while not self._up and not self._reason and self._aborts == aborts:
                left = until - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    raise Transient("the broker does not answer in time")
            if self._aborts != aborts:
                raise Transient("broken off")
            if not self._up or self._client is None:
                raise Transient(self._reason or refused)
            return self._client, self._connection, aborts

    def _await(self, number: int, message: Message, connection: int, aborts: int, until: float) -> None:
        def over() -> bool:
            return number in self._acknowledged or self._connection != connection or self._aborts != aborts

        with self._changed:
            in_time = self._changed.wait_for(over, timeout=max(0.0, until - time.monotonic()))
            # Numbers are counted per connection: what another one's are about says nothing of this message.
            reason = self._acknowledged.pop(number, None) if self._connection == connection else None
            if reason is None and self._connection == connection:
                self._unwanted.add(number)
        if reason is not None:
            return _judge(reason, message)
        if not in_time:
            raise Transient("the broker did not acknowledge in time")
        raise Transient("broken off" if self._aborts != aborts else f"the broker went away ({self._reason})")

    def _disown(self, numbers: Sequence[int], connection: int) -> None:
        """Nobody waits for these any more. Numbers are used again: an old answer must not be taken for a new one."""
        with self._changed:
            if self._connection == connection:
                self._unwanted |= {number for number in numbers if self._acknowledged.pop(number, None) is None}

    def _run(self) -> None:
        failures = 0
        while not self._closed.is_set():
            was_up = self._connect_once()
            failures = 1 if was_up else failures + 1
            pause_s = doubling_s(failures, base_s=_BACKOFF_BASE_S, cap_s=_BACKOFF_CAP_S)
            self._closed.wait(random.uniform(pause_s / 2, pause_s))

    def _connect_once(self) -> bool:
        """One connection from its beginning to its end; whether the broker took it."""
        client = self._made()
        try:
            client.connect(self._options.host, self._options.port, keepalive=KEEPALIVE_S)
        except (OSError, ValueError) as error:
            self._down(client, f"the broker cannot be reached: {_said(error)}")
            return False
        client.loop_start()
        try:
            return self._stay(client)
        finally:
            client.disconnect()  # a network thread with something left to send would not end otherwise
            client.loop_stop()

    def _stay(self, client: Client) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._client is not client or self._up, timeout=self._options.timeout_s)
            was_up = self._up
            while self._up and self._client is client and not self._closed.is_set():
                self._changed.wait()
        if not was_up and self._client is client:
            self._down(client, "the broker does not answer in time")
        return was_up

    def _made(self) -> Client:
        from paho.mqtt import client as paho  # only where a broker is in use
        from paho.mqtt.enums import CallbackAPIVersion

        options = self._options
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=paho.MQTTv311 if self._old_protocol else paho.MQTTv5,
            reconnect_on_failure=False,
        )
        client.connect_timeout = options.timeout_s
        if options.username is not None:
            client.username_pw_set(options.username, options.password.get_secret_value() if options.password else None)
        if options.encrypted:
            client.tls_set_context(ssl.create_default_context(cafile=options.ca_file))
        if self._will is not None:
            client.will_set(self._will.topic, self._will.payload, qos=QOS, retain=self._will.retain)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        with self._changed:
            self._client = client
        return client

    def _on_connect(self, client: Client, _: Any, __: Any, reason: ReasonCode, ___: Any) -> None:
        if reason.is_failure:
            self._old_protocol = self._old_protocol or reason.value in _UNSUPPORTED_VERSION
            return self._down(client, _refusal(reason))
        for topic in self._subscriptions:
            client.subscribe(topic, qos=QOS)
        if self._greeting is not None:
            self._publish_unwatched(client, self._greeting)
        with self._changed:
            self._up, self._reason = True, ""
            self._changed.notify_all()
        log.info("broker_connected", host=self._options.host)
        return self._on_up()

    def _on_disconnect(self, client: Client, _: Any, __: Any, reason: ReasonCode, ___: Any) -> None:
        self._down(client, f"the broker ended the connection: {reason}")

    def _on_publish(self, client: Client, _: Any, number: int, reason: ReasonCode, __: Any) -> None:
        with self._changed:
            if number in self._unwanted:
                self._unwanted.discard(number)
            elif client is self._client:
                self._acknowledged[number] = reason
                self._changed.notify_all()

    def _on_message(self, _: Client, __: Any, message: Any) -> None:
        self._take(Message(message.topic, message.payload, bool(message.retain)))

    def _down(self, client: Client, reason: str) -> None:
        with self._changed:
            if client is not self._client:
                return
            self._client, self._up, self._reason = None, False, reason
            self._connection += 1
            self._acknowledged.clear()
            self._unwanted.clear()
            self._changed.notify_all()
        if not self._closed.is_set():
            log.warning("broker_away", host=self._options.host, reason=reason[:200])


def _judge(reason: ReasonCode, message: Message) -> None:
    if not reason.is_failure:
        return
    if reason.value in _TRY_AGAIN:
        raise Transient(f"the broker does not take it now: {reason}")
    raise Permanent(f"the broker refuses to take {message.topic}: {reason}")


def _refusal(reason: ReasonCode) -> str:
    if reason.value in _BAD_CREDENTIALS:
        return f"the broker refuses the user name or password ({reason}): mend {SETTINGS_PATH}"
    return f"the broker refuses the connection: {reason}"


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
