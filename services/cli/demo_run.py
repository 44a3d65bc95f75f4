"""`argus demo`: the whole of Argus in half a minute, without a camera."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import click
from rich.console import Console

from services.cli.demo.receiver import Delivery, WebhookReceiver, delivery_line
from services.cli.demo_clips import prepare_clips
from services.cli.demo_show import EventTail, event_line
from services.cli.demo_world import CLIPS, Login, curl_lines, demo_settings, fresh_folder, furnish, lend_models
from services.cli.folders import exclusive, prepare
from services.cli.installation import now
from services.cli.logview import LogView, may_colour
from services.cli.plan import SERVICES
from services.cli.readiness import gateway_url
from services.cli.up import Companions, run
from shared.messages.events import EventRaised
from shared.settings import load_settings
from shared.streams import connect as connect_redis
from shared.webhooks.secret import new_signing_secret


@click.command()
@click.option("--verbose", is_flag=True, help="Show every log line, not only warnings.")
def demo(*, verbose: bool) -> int:
    """Run Argus with drawn cameras and a webhook receiver of its own, until Ctrl-C.

    Everything lies in the folder 'demo' of the data dir and is made anew each time.

    Example: argus demo
    """
    configured = load_settings()
    folders = prepare(configured.data_dir / "demo")
    with exclusive(folders) as lock:
        fresh_folder(folders)
        settings, variables = demo_settings(folders.data)
        lend_models(configured.models_dir, folders)
        tell("Argus demo: two drawn cameras, every service, and a webhook receiver on this machine.")
        clips = prepare_clips(folders.data / CLIPS)
        secret = new_signing_secret()
        screen = Screen(gateway_url(settings.gateway), clock=time.monotonic)
        with (
            WebhookReceiver(secret, on_delivery=screen.delivered) as receiver,
            open(folders.run / "argus.log", "w", encoding="utf-8") as log_file,
        ):
            screen.login = furnish(settings, clips, receiver_url=receiver.url, signing_secret=secret)
            tell(f"Starting; logs go to {folders.run / 'argus.log'}")
            level = "debug" if verbose else "warning"
            view = LogView(sys.stdout, short=True, colour=may_colour(sys.stdout), now=now, level=level, copy=log_file)
            companions = Companions(on_start=screen.follow, on_ready=screen.ready, on_stop=screen.stop)
            return run(
                settings,
                folders,
                view,
                only=SERVICES,
                lock=lock,
                say=tell,
                environment=variables,
                companions=companions,
            )


def tell(text: str) -> None:
    """A line to the person; a terminal that went away is no error."""
    with suppress(OSError, ValueError):
        click.echo(text)


class Screen:
    """Prints what happens, in whole lines whichever thread it comes from."""

    def __init__(self, url: str, *, clock: Callable[[], float]) -> None:
        self.login = Login("", "", "")
        self._url = url
        self._clock = clock
        self._started = clock()
        self._lock = threading.Lock()
        self._tail: EventTail | None = None
        self._first_event = True
        self._stopped = False

    def follow(self, redis_url: str) -> None:
        """Begin to show events."""
        self._started = self._clock()
        self._tail = EventTail(connect_redis(redis_url, socket_timeout_s=2.0), self.event)
        self._tail.start()

    def ready(self, took_s: float) -> None:
        """Every service works: say what can be done now."""
        lines = [
            f"Argus is ready at {self._url} (API: {self._url}/docs) after {took_s:.1f} s.",
            f"  login    {self.login.username} / {self.login.password}",
            f"  API key  {self.login.key}",
            "Try, in another terminal:",
            *(f"  {command}   # {what}" for what, command in curl_lines(self._url, self.login).items()),
            "Events and delivered alerts appear below. Ctrl-C stops everything.",
        ]
        self._print(*lines)

    def event(self, event: EventRaised) -> None:
        """An event was stored."""
        lines = [event_line(event, now=now())]
        if self._first_event and event.snapshot:
            self._first_event = False
            picture = f"{self._url}/events/evt-{event.event_id}.jpg"
            lines.append(f"  (the first event, {self._clock() - self._started:.1f} s after the start; its picture:)")
            lines.append(f"  curl -s -H 'X-API-Key: {self.login.key}' -o event.jpg '{picture}'")
        self._print(*lines)

    def delivered(self, delivery: Delivery) -> None:
        """The receiver was told."""
        if not self._stopped:
            with self._lock, suppress(OSError, ValueError):
                Console(soft_wrap=True, highlight=False).print(delivery_line(delivery))

    def stop(self) -> None:
        """Say no more: the services are ending."""
        self._stopped = True
        if self._tail is not None:
            self._tail.stop()

    def _print(self, *lines: str) -> None:
        if self._stopped:
            return
        with self._lock:
            tell("\n".join(lines))
