"""A real MQTT broker with a folder and a loopback port of its own, and who listens there."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from random import Random

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from services.alerts.broker import Message
from services.cli.leash import leashed
from services.cli.redis_server import free_port
from tests.conftest import wait_until
from tests.system import require

USER, PASSWORD = "argus", "right horse"


def mosquitto_program() -> str:
    """The broker's program; skips or fails the test where there is none."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    require("mosquitto", found)
    return str(found)


class Mosquitto:
    """A broker. `deny` refuses what is published below a topic; `kill` and `start` keep port and configuration."""

    def __init__(self, *, tls: bool = False, password: bool = False) -> None:
        self._program = mosquitto_program()
        self.folder = Path(tempfile.mkdtemp(prefix="argus-mqtt-"))
        self.port = free_port(Random())
        self.scheme = "mqtts" if tls else "mqtt"
        self._process: subprocess.Popen[bytes] | None = None
        lines = [
            f"listener {self.port} 127.0.0.1",
            "persistence false",
            "max_inflight_messages 0",
            f"acl_file {self.folder / 'acl'}",
            f"allow_anonymous {'false' if password else 'true'}",
            *(["user root"] if os.geteuid() == 0 else []),
        ]
        if tls:
            self.certificate = write_certificate(self.folder)
            lines += [f"certfile {self.certificate}", f"keyfile {self.folder / 'key.pem'}"]
        if password:
            subprocess.run(["mosquitto_passwd", "-b", "-c", self.folder / "passwd", USER, PASSWORD], check=True)
            lines.append(f"password_file {self.folder / 'passwd'}")
        (self.folder / "config").write_text("\n".join(lines) + "\n")
        self.allow()
        self.start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def start(self) -> None:
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [*leashed([]), self._program, "-c", str(self.folder / "config")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + 10
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self.folder / "log").read_text(errors="replace")) from None
                time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL: nothing is said and nothing saved."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def freeze(self) -> None:
        """The broker neither reads nor answers; the kernel still takes connections for it."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def allow(self) -> None:
        self._permit(f"topic readwrite #\nuser {USER}\ntopic readwrite #\n")

    def deny(self, topic: str) -> None:
        """From now on what is published there is refused; everything can be read."""
        self._permit(f"topic readwrite #\ntopic deny {topic}\nuser {USER}\ntopic readwrite #\ntopic deny {topic}\n")

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _permit(self, rules: str) -> None:
        (self.folder / "acl").write_text(rules)
        if self._process is not None:
            before = self._reloads()
            self._signal(signal.SIGHUP)
            wait_until(lambda: self._reloads() > before, what="the broker to read its rules")

    def _reloads(self) -> int:
        return (self.folder / "log").read_text(errors="replace").count("Reloading config")

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


class Ear:
    """Hears everything on a broker, and connects again after the broker was away."""

    def __init__(self, broker: Mosquitto, topic: str = "#") -> None:
        self.heard: list[Message] = []
        self._subscribed = threading.Event()
        self._topic = topic
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id="ear", protocol=paho.MQTTv311, clean_session=False
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.username_pw_set(USER, PASSWORD)
        if broker.scheme == "mqtts":
            self._client.tls_set_context(ssl.create_default_context(cafile=broker.certificate))
        # Acknowledges nothing: what a killed broker had left unread would make the kernel drop what it had sent.
        self._client.on_connect = lambda client, *_: client.subscribe(topic, qos=0)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_disconnect = lambda *_: self._subscribed.clear()
        self._client.on_message = lambda _, __, got: self.heard.append(Message(got.topic, got.payload, got.retain))
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        self.wait()

    def wait(self) -> None:
        """Until it hears."""
        assert self._subscribed.wait(10), "the ear was not subscribed in time"

    def at(self, topic: str) -> list[bytes]:
        """The payloads heard at exactly this topic."""
        return [message.payload for message in list(self.heard) if message.topic == topic]

    def under(self, prefix: str) -> list[Message]:
        return [message for message in list(self.heard) if message.topic.startswith(prefix)]

    def say(self, topic: str, payload: str, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def write_certificate(folder: Path) -> Path:
    """A self-signed certificate of 127.0.0.1, and its key beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "argus test broker")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    file = folder / "certificate.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return file
