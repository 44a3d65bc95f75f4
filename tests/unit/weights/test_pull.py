"""Bringing weights here, from a real server and from folders."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.domain.errors import UserError
from shared.weights.pull import PullLimits, pull
from tests.unit.weights.samples import CONTENT, FILE, weights_of
from tests.unit.weights.server import Behaviour, serving

QUICK = PullLimits(connect_s=2, stall_s=0.3, attempts=1)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_brought_whole_and_its_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    with serving(Behaviour(CONTENT)) as root:
        path = pull(weights_of(url=f"{root}/files/{FILE}"), tmp_path / "models", progress=lambda *at: told.append(at))
    assert path.read_bytes() == CONTENT
    assert left_in(tmp_path / "models") == [FILE]
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert sorted(told) == told


def test_a_file_that_is_here_is_not_brought_again(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(CONTENT)
    behaviour = Behaviour(CONTENT)
    with serving(behaviour) as root:
        pull(weights_of(url=f"{root}/{FILE}"), tmp_path)
    assert behaviour.requests == []


def test_a_damaged_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(CONTENT[:-1] + b"!")
    with serving(Behaviour(CONTENT)) as root:
        path = pull(weights_of(url=f"{root}/{FILE}"), tmp_path)
    assert path.read_bytes() == CONTENT


def test_a_cut_connection_is_continued_within_one_pull(tmp_path: Path) -> None:
    behaviour = Behaviour(CONTENT, cut_after=[100_000, 50_000])
    with serving(behaviour) as root:
        path = pull(weights_of(url=f"{root}/{FILE}"), tmp_path, sleep=lambda _: None)
    assert path.read_bytes() == CONTENT
    assert behaviour.requests == [None, "bytes=100000-", "bytes=150000-"]


def test_the_next_pull_continues_where_a_cut_one_stopped(tmp_path: Path) -> None:
    behaviour = Behaviour(CONTENT, cut_after=[123_456])
    with serving(behaviour) as root:
        weights = weights_of(url=f"{root}/{FILE}")
        with pytest.raises(UserError, match="check the network"):
            pull(weights, tmp_path, limits=QUICK)
        assert left_in(tmp_path) == [f"{FILE}.part"]
        path = pull(weights, tmp_path, limits=QUICK)
    assert behaviour.requests == [None, "bytes=123456-"]
    assert path.read_bytes() == CONTENT
    assert left_in(tmp_path) == [FILE]


@pytest.mark.parametrize("have", [len(CONTENT), len(CONTENT) + 10])
def test_a_part_that_cannot_be_continued_is_started_over(tmp_path: Path, have: int) -> None:
    (tmp_path / f"{FILE}.part").write_bytes(b"x" * have)
    with serving(Behaviour(CONTENT)) as root:
        assert pull(weights_of(url=f"{root}/{FILE}"), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("behaviour", [Behaviour(CONTENT, ranges=False), Behaviour(CONTENT, ranges=True)])
def test_a_part_is_continued_or_replaced_as_the_server_allows(tmp_path: Path, behaviour: Behaviour) -> None:
    (tmp_path / f"{FILE}.part").write_bytes(CONTENT[:7])
    with serving(behaviour) as root:
        assert pull(weights_of(url=f"{root}/{FILE}"), tmp_path).read_bytes() == CONTENT


def test_a_server_that_answers_with_another_part_never_mixes_into_the_file(tmp_path: Path) -> None:
    (tmp_path / f"{FILE}.part").write_bytes(CONTENT[:1000])
    with serving(Behaviour(CONTENT, range_shift=5)) as root:
        assert pull(weights_of(url=f"{root}/{FILE}"), tmp_path, sleep=lambda _: None).read_bytes() == CONTENT


def test_a_wrong_checksum_is_refused_and_removed(tmp_path: Path) -> None:
    other = CONTENT[:-1] + b"!"
    weights = weights_of()
    with (
        serving(Behaviour(other)) as root,
        pytest.raises(UserError, match=f"expected sha256 {weights.sha256}, got [0-9a-f]{{64}}") as caught,
    ):
        pull(weights_of(url=f"{root}/{FILE}"), tmp_path)
    assert "pull again" in caught.value.remedy
    assert left_in(tmp_path) == []


def test_a_wrong_checksum_leaves_the_weights_that_were_here_alone(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"an older version")
    with serving(Behaviour(CONTENT[::-1])) as root, pytest.raises(UserError, match="wrong checksum"):
        pull(weights_of(url=f"{root}/{FILE}"), tmp_path)
    assert (tmp_path / FILE).read_bytes() == b"an older version"


def test_a_longer_file_is_refused_before_it_fills_the_disk(tmp_path: Path) -> None:
    with serving(Behaviour(CONTENT * 2)) as root, pytest.raises(UserError, match="more than the 512000 bytes"):
        pull(weights_of(url=f"{root}/{FILE}"), tmp_path)
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(("status", "said"), [(404, "404 Not Found"), (403, "403"), (503, "503"), (429, "429")])
def test_a_server_that_refuses_is_named_with_its_answer(tmp_path: Path, status: int, said: str) -> None:
    behaviour = Behaviour(CONTENT, status=status)
    with serving(behaviour) as root, pytest.raises(UserError, match=said):
        pull(weights_of(url=f"{root}/{FILE}"), tmp_path, sleep=lambda _: None)
    assert len(behaviour.requests) == (3 if status in (503, 429) else 1)
    assert left_in(tmp_path) == []


def test_a_redirect_is_followed(tmp_path: Path) -> None:
    behaviour = Behaviour(CONTENT, redirect=True)
    with serving(behaviour) as root:
        assert pull(weights_of(url=f"{root}/files/{FILE}"), tmp_path).read_bytes() == CONTENT
    assert behaviour.paths[-1] == f"/elsewhere/files/{FILE}"


def test_a_connection_that_falls_silent_ends_as_a_time_out(tmp_path: Path) -> None:
    with (
        serving(Behaviour(CONTENT, release=threading.Event())) as root,
        pytest.raises(UserError, match="no answer in time"),
    ):
        pull(weights_of(url=f"{root}/{FILE}"), tmp_path, limits=QUICK)


def test_a_pull_ends_when_its_whole_time_is_used_up(tmp_path: Path) -> None:
    limits = PullLimits(total_s=0.4, stall_s=0.3, attempts=100)
    behaviour = Behaviour(CONTENT, release=threading.Event())
    with serving(behaviour) as root, pytest.raises(UserError, match=r"not complete after 0\.4 s .* continues where"):
        pull(weights_of(url=f"{root}/{FILE}"), tmp_path, limits=limits)
    assert len(behaviour.requests) < 5


def test_nobody_listening_is_one_clear_error(tmp_path: Path) -> None:
    with serving(Behaviour(CONTENT)) as root:
        pass
    with pytest.raises(UserError, match="Connection refused"):
        pull(weights_of(url=f"{root}/{FILE}"), tmp_path, sleep=lambda _: None)


@pytest.mark.parametrize("form", ["{folder}", "file://{folder}"])
def test_a_mirror_folder_replaces_the_origin(tmp_path: Path, form: str) -> None:
    mirror = tmp_path / "a mirror"
    mirror.mkdir()
    (mirror / FILE).write_bytes(CONTENT)
    weights = weights_of(url="http://origin.invalid/never/asked.onnx")
    assert pull(weights, tmp_path / "m", mirror=form.format(folder=mirror)).read_bytes() == CONTENT


def test_a_mirror_url_replaces_the_origin(tmp_path: Path) -> None:
    behaviour = Behaviour(CONTENT)
    with serving(behaviour) as root:
        pull(weights_of(url="http://origin.invalid/never/asked.onnx"), tmp_path, mirror=f"{root}/weights/")
    assert behaviour.paths == [f"/weights/{FILE}"]


def test_a_mirror_folder_with_a_wrong_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"something else")
    with pytest.raises(UserError, match="wrong checksum"):
        pull(weights_of(), tmp_path / "m", mirror=str(tmp_path))
    assert left_in(tmp_path / "m") == []


def test_a_mirror_folder_without_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read from the mirror: No such file"):
        pull(weights_of(), tmp_path / "m", mirror=str(tmp_path / "none"))
    assert left_in(tmp_path / "m") == []


def test_a_mirror_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="ARGUS_MODELS_MIRROR: unsupported scheme 'ftp'"):
        pull(weights_of(), tmp_path, mirror="ftp://host/folder")


def test_a_password_in_a_mirror_is_never_shown(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught, serving(Behaviour(CONTENT, status=404)) as root:
        pull(weights_of(), tmp_path, mirror=root.replace("http://", "http://me:secret@"))
    assert "secret" not in str(caught.value)
    assert "***@127.0.0.1" in str(caught.value)


def test_weights_without_a_download_ask_for_a_mirror(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no public download – set ARGUS_MODELS_MIRROR"):
        pull(weights_of(url=""), tmp_path)


def test_pulls_of_the_same_file_at_once_bring_it_once(tmp_path: Path) -> None:
    behaviour = Behaviour(CONTENT)
    with serving(behaviour) as root, ThreadPoolExecutor(8) as pool:
        weights = weights_of(url=f"{root}/{FILE}")
        paths = list(pool.map(lambda _: pull(weights, tmp_path), range(8)))
    assert {path.read_bytes() for path in paths} == {CONTENT}
    assert len(behaviour.requests) == 1
    assert left_in(tmp_path) == [FILE]


def test_a_pull_that_waits_for_another_gives_up_in_time(tmp_path: Path) -> None:
    behaviour = Behaviour(CONTENT, release=threading.Event())
    with serving(behaviour) as root, ThreadPoolExecutor(1) as pool:
        weights = weights_of(url=f"{root}/{FILE}")
        first = pool.submit(pull, weights, tmp_path, limits=PullLimits(stall_s=20, attempts=1))
        while not (tmp_path / f"{FILE}.part").exists():
            assert not first.done()
        with pytest.raises(UserError, match=r"not complete after 0\.3 s"):
            pull(weights, tmp_path, limits=PullLimits(total_s=0.3))
        assert behaviour.release
        behaviour.release.set()
        assert isinstance(first.exception(10), UserError)


def test_a_killed_pull_leaves_no_lock_behind(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX);"
         "print('held', flush=True); time.sleep(60)", str(tmp_path / f"{FILE}.part")],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout
    assert holder.stdout.readline() == b"held\n"
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with serving(Behaviour(CONTENT)) as root:
        assert pull(weights_of(url=f"{root}/{FILE}"), tmp_path).read_bytes() == CONTENT


def test_a_folder_without_write_permission_is_one_clear_error(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)  # root may write everywhere
    try:
        with pytest.raises(UserError, match="weights cannot be written here: Permission denied"):
            pull(weights_of(url="http://127.0.0.1:9/never"), folder)
    finally:
        os.seteuid(was)
        folder.chmod(stat.S_IRWXU)


def test_a_file_in_the_place_of_the_folder_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("not a folder")
    with pytest.raises(UserError, match="weights cannot be written here"):
        pull(weights_of(), tmp_path / "models")
