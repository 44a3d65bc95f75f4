"""What every source promises, whatever its scheme: a new one is held to it as soon as it is in the CATALOGUE."""

from __future__ import annotations

import importlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.ingest.faults import SourceFailed
from services.ingest.source import SourceOptions, make_source
from services.ingest.sources import CATALOGUE
from shared.domain.camera import CameraFault
from shared.domain.camera_url import SCHEMES, CameraUrl
from shared.domain.errors import UserError

OPTIONS = SourceOptions(connect_timeout_s=1.0, stall_timeout_s=1.0)


def address(scheme: str, folder: Path, *, port: int) -> CameraUrl:
    """Something of that scheme that is not there, or, with a port, does not answer."""
    if scheme == "file":
        return CameraUrl.parse((folder / "missing.mp4").as_uri(), file_roots=[folder])
    return CameraUrl.parse(f"{scheme}://anna:topsecret@127.0.0.1:{port}/live", file_roots=[])


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Accepts connections and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(8)
        yield int(listening.getsockname()[1])


def test_every_scheme_of_an_address_has_a_source_and_the_other_way_round() -> None:
    assert set(CATALOGUE) == set(SCHEMES)


@pytest.mark.parametrize("scheme", sorted(CATALOGUE))
def test_a_catalogue_entry_names_a_documented_class(scheme: str) -> None:
    module, _, name = CATALOGUE[scheme].partition(":")
    assert getattr(importlib.import_module(module), name).__doc__


@pytest.mark.parametrize("scheme", sorted(CATALOGUE))
def test_making_a_source_opens_nothing_and_closing_it_unopened_is_fine(
    scheme: str, tmp_path: Path, closed_port: int
) -> None:
    source = make_source(address(scheme, tmp_path, port=closed_port), options=OPTIONS)
    assert isinstance(source.live, bool)
    source.close()
    source.close()


@pytest.mark.parametrize("scheme", sorted(CATALOGUE))
def test_what_is_not_there_fails_at_once_with_a_fault_and_without_credentials(
    scheme: str, tmp_path: Path, closed_port: int
) -> None:
    source = make_source(address(scheme, tmp_path, port=closed_port), options=OPTIONS)
    began = time.monotonic()
    with pytest.raises(SourceFailed) as failed:
        source.open()
    source.close()
    assert time.monotonic() - began < 15
    assert failed.value.fault in (CameraFault.NETWORK, CameraFault.NOT_FOUND)
    assert "topsecret" not in repr(failed.value) + str(failed.value)


@pytest.mark.parametrize("scheme", sorted(set(CATALOGUE) - {"file"}))
def test_a_server_that_says_nothing_is_given_up_in_time(scheme: str, tmp_path: Path, silent_port: int) -> None:
    source = make_source(address(scheme, tmp_path, port=silent_port), options=OPTIONS)
    began = time.monotonic()
    with pytest.raises(SourceFailed) as failed:
        source.open()
    source.close()
    assert time.monotonic() - began < 20  # a few on a machine that does nothing else; the server is silent for good
    assert failed.value.fault in (CameraFault.STALLED, CameraFault.TIMEOUT)


@pytest.mark.parametrize("scheme", sorted(set(CATALOGUE) - {"file"}))
def test_a_server_that_talks_nonsense_is_a_fault_and_no_crash(scheme: str, tmp_path: Path) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(8)
        threading.Thread(target=_talk_nonsense, args=(listening,), daemon=True).start()
        source = make_source(address(scheme, tmp_path, port=listening.getsockname()[1]), options=OPTIONS)
        with pytest.raises(SourceFailed):
            source.open()
        source.close()


def test_a_scheme_without_a_source_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    strange = replace(address("file", tmp_path, port=1), scheme="gopher")
    with pytest.raises(UserError, match="rtsp"):
        make_source(strange, options=OPTIONS)


def _talk_nonsense(listening: socket.socket) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection:
            connection.sendall(b"\x00\xffnonsense\r\n\r\n" * 100)
