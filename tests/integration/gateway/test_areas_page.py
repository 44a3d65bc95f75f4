"""The editor of detection areas in a real browser, with mouse, finger and keyboard."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from services.ingest.bootstrap import build as build_ingest
from shared.settings import Settings
from shared.settings.sections import IngestSettings
from tests.integration.gateway.server import Server, StartServer
from tests.integration.ingest.clips import draw_clip, walker
from tests.system import require
from tests.unit.gateway.installation import PASSWORD

Wait = Callable[..., Any]
SIZE = (640, 360)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    require("chromium", program is not None)
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        # Chromium's own sandbox wants rights that root in a container has not.
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"] if os.getuid() == 0 else [])
        yield opened
        opened.close()


@pytest.fixture
def server(
    start: StartServer, tmp_path: Path, redis_url: str, api_settings: Settings, wait_until: Wait
) -> Iterator[Server]:
    """A gateway with a camera that ingest watches."""
    clip = draw_clip(tmp_path / "busy.mp4", seconds=4, size=SIZE, fps=10, mover=walker(0, 4))
    made = start(ARGUS_INGEST__FILE_ROOTS=str(tmp_path))
    with made.client() as client:
        body = {"id": "cam_001", "name": "<Door> & yard", "rtsp_url": clip.as_uri() + "?loop=1"}
        assert client.post("/cameras", json=body).status_code == 201
    settings = api_settings.model_copy(
        update={
            "data_dir": tmp_path / "data",
            "database_url": None,
            "redis_url": redis_url,
            "ingest": IngestSettings(file_roots=(tmp_path,), sync_interval_s=0.5),
        }
    )
    service, stop = build_ingest(settings), threading.Event()
    thread = threading.Thread(target=service.run, args=(stop,), daemon=True)
    thread.start()

    def known() -> bool:
        with made.client() as client:
            return bool(client.get("/cameras/cam_001").json()["resolution"] == "640x360")

    wait_until(known, 60, "the camera's size to be known")
    yield made
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The editor, by somebody who has logged in; no error may have been logged at the end."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1200, "height": 760}, has_touch=True)
    opened = context.new_page()
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # What the server refuses is told there too, and the icon that browsers ask for unasked.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    opened.on("console", heard)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(f"{server.url}/visionflow/login")
    opened.fill("input[name=username]", "alice")
    opened.fill("input[name=password]", PASSWORD)
    opened.click("button[type=submit]")
    opened.goto(f"{server.url}/visionflow/snapshot_ui/1")
    # Nothing moves on the screen any more once the picture is there.
    opened.wait_for_function("document.getElementById('picture').naturalWidth === 640")
    yield opened
    context.close()
    assert complaints == []


def stored(server: Server) -> list[dict[str, Any]]:
    with server.client() as client:
        zones: list[dict[str, Any]] = client.get("/cameras/cam_001").json()["zones"]
        return zones


def at(page: Page, x: int, y: int) -> tuple[float, float]:
    """Where a pixel of the camera is on the screen."""
    box = page.locator("#drawing").bounding_box()
    assert box is not None
    return box["x"] + x / SIZE[0] * box["width"], box["y"] + y / SIZE[1] * box["height"]


def saved(page: Page) -> None:
    page.click("#save")
    expect(page.locator("#said")).not_to_have_text("")
    expect(page.locator("#said")).not_to_have_class("said wrong")


def shoot(page: Page, name: str) -> None:
    """For people who want to look: pictures go where this variable says."""
    if folder := os.environ.get("TEST_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_an_area_is_drawn_moved_named_and_saved_with_the_mouse(page: Page, server: Server) -> None:
    expect(page.locator("h1")).to_have_text("<Door> & yard")
    page.click("#add")
    for x, y in ((100, 60), (500, 60), (500, 300), (100, 300)):
        page.mouse.click(*at(page, x, y))
    page.keyboard.press("Enter")
    page.fill("#name", "入口 <1>")
    page.fill("#classes", "person, vehicle")
    page.fill("#duration", "5")
    page.mouse.move(*at(page, 100, 60))
    page.mouse.down()
    page.mouse.move(*at(page, 40, 30), steps=4)
    page.mouse.up()
    shoot(page, "drawn")
    saved(page)
    (zone,) = stored(server)
    assert (zone["name"], zone["alert_duration"]) == ("入口 <1>", 5)
    for point, expected in zip(zone["points"], [[40, 30], [500, 60], [500, 300], [100, 300]], strict=True):
        assert point == pytest.approx(expected, abs=2)
    page.reload()
    expect(page.locator("#areas button")).to_have_text("入口 <1>")
    expect(page.locator(".point")).to_have_count(4)
    expect(page.locator("#classes")).to_have_value("person, vehicle")
    page.mouse.dblclick(*at(page, 300, 298))
    expect(page.locator(".point")).to_have_count(5)
    page.click("#points div:nth-child(4) button")
    expect(page.locator(".point")).to_have_count(4)
    page.click("#remove")
    saved(page)
    assert stored(server) == []


def test_an_area_is_drawn_with_a_finger_on_a_small_screen(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.tap("#add")
    for x, y in ((100, 60), (500, 60), (300, 300)):
        page.touchscreen.tap(*at(page, x, y))
    expect(page.locator(".point")).to_have_count(3)
    shoot(page, "phone")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    saved(page)
    (zone,) = stored(server)
    assert len(zone["points"]) == 3


def test_an_area_is_drawn_with_the_keyboard_alone(page: Page, server: Server) -> None:
    page.focus("#add")
    page.keyboard.press("Enter")
    page.locator("#drawing").focus()
    for key in ("Insert", "Insert", "Insert", "ArrowDown"):
        page.keyboard.press(key)
    for _ in range(5):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    saved(page)
    (zone,) = stored(server)
    assert zone["points"] == [[320, 180], [384, 180], [448, 231]]


def test_what_cannot_be_saved_says_why(page: Page, server: Server) -> None:
    page.click("#add")
    page.mouse.click(*at(page, 100, 60))
    page.click("#save")
    expect(page.locator("#said")).to_have_text("“Area 1” needs three corners at least.")
    for x, y in ((500, 300), (500, 60), (100, 300)):
        page.mouse.click(*at(page, x, y))
    page.click("#save")
    expect(page.locator("#said")).to_have_class("said wrong")
    assert stored(server) == []


def test_the_page_speaks_chinese_by_default_and_loads_nothing_from_elsewhere(server: Server) -> None:
    with server.client() as client:
        token = client.post("/visionflow/login", json={"username": "alice", "password": PASSWORD}).json()[
            "access_token"
        ]
        answer = client.get("/visionflow/snapshot_ui/1", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        assert '<html lang="zh-TW">' in answer.text
        assert "儲存" in answer.text
        assert "//" not in answer.text.replace("<!doctype", "")
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "<Door>" not in answer.text
        assert client.get("/visionflow/snapshot_ui/2", headers={"Authorization": f"Bearer {token}"}).status_code == 404
        assert client.get("/visionflow/snapshot_ui/assets/..%2Fareas_page.py").status_code == 404
        assert client.get("/visionflow/snapshot_ui/1").status_code == 401
