"""How setup reaches package registries."""

from __future__ import annotations

import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.setup.failure import SetupFailure
from tools.setup.registry import download_wheel, own_index, uv_environment
from tools.setup.wheels import Wheel

LOCKED = "https://registry.example/simple"
CONTENT = b"the content of a wheel"
FILE = "uv-1.2.3-py3-none-any.whl"


class _Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/closed/"):
            if self.headers.get("Authorization") != "Basic bWU6c2VjcmV0":  # me:secret
                self.send_error(401)
                return
            self.path = self.path.removeprefix("/closed")
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """A registry of one package on loopback, and its file under the address of the lock."""
    page = tmp_path / "site" / "simple" / "uv"
    page.mkdir(parents=True)
    (tmp_path / "site" / FILE).write_bytes(CONTENT)
    (page / "index.html").write_text(f'<a href="../../{FILE}#sha256=00">{FILE}</a><a href="x/uv-0.9.tar.gz">old</a>')
    handler = functools.partial(_Handler, directory=str(tmp_path / "site"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def wheel_at(url: str, content: bytes = CONTENT) -> Wheel:
    return Wheel(url, hashlib.sha256(content).hexdigest(), "1.2.3")


def test_a_wheel_comes_from_its_locked_address(site: str, tmp_path: Path) -> None:
    download_wheel(wheel_at(f"{site}/{FILE}"), tmp_path / "got", None)
    assert (tmp_path / "got").read_bytes() == CONTENT


def test_a_wheel_comes_from_the_registry_of_the_environment(site: str, tmp_path: Path) -> None:
    download_wheel(wheel_at(f"https://files.invalid/{FILE}"), tmp_path / "got", f"{site}/simple/")
    assert (tmp_path / "got").read_bytes() == CONTENT


def test_a_wheel_comes_from_a_registry_in_a_folder(site: str, tmp_path: Path) -> None:
    index = (tmp_path / "site" / "simple").as_uri()
    download_wheel(wheel_at(f"https://files.invalid/{FILE}"), tmp_path / "got", index)
    assert (tmp_path / "got").read_bytes() == CONTENT


def test_another_file_than_the_locked_one_is_refused(site: str, tmp_path: Path) -> None:
    with pytest.raises(SetupFailure, match=r"is not the file uv\.lock names"):
        download_wheel(wheel_at(f"{site}/{FILE}", b"other"), tmp_path / "got", None)
    assert not (tmp_path / "got").exists()


def test_a_registry_without_the_file_is_named(site: str, tmp_path: Path) -> None:
    wheel = wheel_at(f"{site}/uv-9-py3-none-any.whl")
    with pytest.raises(SetupFailure, match=r"the registry 127\.0\.0\.1 does not have uv-9-py3-none-any\.whl"):
        download_wheel(wheel, tmp_path / "got", f"{site}/simple")


def test_a_registry_that_does_not_answer_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SetupFailure, match=r"127\.0\.0\.1 cannot be reached: .*refused"):
        download_wheel(wheel_at(f"http://127.0.0.1:9/{FILE}"), tmp_path / "got", None)


def test_a_registry_that_wants_a_password_gets_it(site: str, tmp_path: Path) -> None:
    index = site.replace("http://", "http://me:secret@") + "/closed/simple"
    download_wheel(wheel_at(f"https://files.invalid/{FILE}"), tmp_path / "got", index)
    assert (tmp_path / "got").read_bytes() == CONTENT


def test_a_registry_password_is_never_shown(tmp_path: Path) -> None:
    with pytest.raises(SetupFailure) as caught:
        download_wheel(wheel_at("https://files.invalid/" + FILE), tmp_path / "got", "http://me:secret@127.0.0.1:9/s")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("environ", "index"),
    [
        ({}, None),
        ({"PIP_INDEX_URL": f"{LOCKED}/"}, None),
        ({"PIP_INDEX_URL": "https://a.example/s"}, "https://a.example/s"),
        ({"PIP_INDEX_URL": "https://a.example/s", "UV_INDEX_URL": "https://b.example/s"}, "https://b.example/s"),
        ({"UV_INDEX_URL": "https://b.example/s", "UV_DEFAULT_INDEX": "https://c.example/s"}, "https://c.example/s"),
        ({"UV_DEFAULT_INDEX": " "}, None),
    ],
)
def test_uvs_own_settings_come_before_pips(environ: dict[str, str], index: str | None) -> None:
    assert own_index(environ, LOCKED) == index


def test_uv_is_told_the_registry_of_pips_settings() -> None:
    env = uv_environment({"PIP_INDEX_URL": "https://a.example/s"}, Path("/p"), "https://a.example/s")
    assert env["UV_DEFAULT_INDEX"] == "https://a.example/s"
    assert "UV_DEFAULT_INDEX" not in uv_environment({}, Path("/p"), None)


def test_uv_works_in_the_project_and_never_downloads_a_python(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "VIRTUAL_ENV": "/elsewhere", "PIP_CERT": "/certs.pem", "HTTPS_PROXY": "http://p"}
    env = uv_environment(environ, Path("/project"), None)
    assert "VIRTUAL_ENV" not in env
    assert env["UV_PROJECT_ENVIRONMENT"] == "/project/.venv"
    assert env["UV_PYTHON_DOWNLOADS"] == "never"
    assert env["SSL_CERT_FILE"] == "/certs.pem"
    assert env["HTTPS_PROXY"] == "http://p"
    assert "UV_CACHE_DIR" not in env


@pytest.mark.parametrize("home", [{}, {"HOME": ""}, {"HOME": "/nonexistent"}])
def test_without_a_home_the_cache_is_in_the_project(home: dict[str, str]) -> None:
    assert uv_environment(home, Path("/project"), None)["UV_CACHE_DIR"] == "/project/.tools/cache"
