"""The media store: one suite for a folder and for an object store, and no path that leads out of it."""

from __future__ import annotations

import os
import threading
import uuid
from pathlib import Path, PurePosixPath

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import Permanent, Transient, UserError
from shared.media import MediaStore

IS_ROOT = os.geteuid() == 0


@pytest.fixture(params=["folder", "objects"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    """A real folder, and fsspec's own object store in memory (the way of S3)."""
    return MediaStore.open(
        (tmp_path / "media").as_uri() if request.param == "folder" else f"memory://bucket-{uuid.uuid4().hex}/prefix"
    )


def test_what_was_written_is_read_back(store: MediaStore) -> None:
    content = bytes(range(256)) * 100
    store.write("snapshots/cam_001/2026/01/15/7d3c.jpg", content)
    assert store.exists("snapshots/cam_001/2026/01/15/7d3c.jpg")
    assert store.read("snapshots/cam_001/2026/01/15/7d3c.jpg") == content


def test_a_whole_path_is_known_by_its_part_inside_a_folder(tmp_path: Path) -> None:
    store = MediaStore.open((tmp_path / "media").as_uri())
    assert store.relative(str(store.local_path("a/b.jpg"))) == "a/b.jpg"
    for path in ("a/b.jpg", "/etc/passwd", str(tmp_path / "media-2" / "b.jpg"), str(tmp_path / "media")):
        assert store.relative(path) == path
    with pytest.raises(Permanent):
        store.read(store.relative(f"{tmp_path}/media/../argus.db"))
    with pytest.raises(Permanent):
        store.read(store.relative(f"{tmp_path}/media//etc/passwd"))


def test_writing_again_replaces_the_content(store: MediaStore) -> None:
    store.write("a/b.jpg", b"long first content")
    store.write("a/b.jpg", b"second")
    assert store.read("a/b.jpg") == b"second"


def test_an_empty_file_is_a_file(store: MediaStore) -> None:
    store.write("a.bin", b"")
    assert store.exists("a.bin")
    assert store.read("a.bin") == b""


def test_what_is_not_there_is_not_found(store: MediaStore) -> None:
    assert not store.exists("a/none.jpg")
    with pytest.raises(FileNotFoundError):
        store.read("a/none.jpg")


def test_a_folder_is_no_file(store: MediaStore) -> None:
    store.write("a/b.jpg", b"x")
    assert not store.exists("a")
    with pytest.raises(FileNotFoundError):
        store.read("a")


def test_below_a_file_there_is_nothing(store: MediaStore) -> None:
    store.write("a.jpg", b"x")
    assert not store.exists("a.jpg/b.jpg")
    with pytest.raises(FileNotFoundError):
        store.read("a.jpg/b.jpg")
    store.delete("a.jpg/b.jpg")


def test_deleting_twice_is_fine(store: MediaStore) -> None:
    store.write("a/b.jpg", b"x")
    store.delete("a/b.jpg")
    assert not store.exists("a/b.jpg")
    store.delete("a/b.jpg")
    store.delete("never/was.jpg")


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "/",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a/..",
        "~/x",
        "a\\..\\x",
        "a\0b",
        "a\nb",
        "a.jpg\n",
        "-rf",
        ".hidden",
        "a/.hidden",
        "a b",
        "ä.jpg",
        "a:b",
        "s3://x/y",
        "%2e%2e/x",
        "a" * 201,
        "/".join(["abcdefghi"] * 120),
    ],
)
def test_a_path_that_is_none_of_ours_is_refused_everywhere(store: MediaStore, path: str) -> None:
    for act in (store.read, store.exists, store.delete, store.local_path, lambda p: store.write(p, b"x")):
        with pytest.raises(Permanent):
            act(path)


parts = st.sampled_from(["..", ".", "", "a", "b.jpg", "~", "link", "/", "\\", "%2e%2e", "a\0", "...", "-", "_"])
paths = st.lists(parts, max_size=6).map("/".join) | st.text(max_size=30)


@given(paths)
def test_no_path_at_all_leads_outside(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    base = tmp_path_factory.getbasetemp() / "media-hypothesis"
    outside, root = base / "outside", base / "root"
    outside.mkdir(parents=True, exist_ok=True)
    store = MediaStore.open(root.as_uri())
    if not (root / "link").exists():
        (root / "link").symlink_to(outside)
    try:
        store.write(path, b"x")
    except Permanent:
        pass
    else:
        local = store.local_path(path)
        assert local is not None
        assert local.resolve().is_relative_to(root.resolve())
        assert PurePosixPath(path).parts[0] != "/"
        store.delete(path)
    assert list(outside.iterdir()) == []
    assert sorted(item.name for item in base.iterdir()) == ["outside", "root"]


def test_links_that_lead_outside_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2")
    store = MediaStore.open(str(tmp_path / "media"))
    (tmp_path / "media" / "file").symlink_to(tmp_path / "secret")
    (tmp_path / "media" / "folder").symlink_to(tmp_path)
    for path in ("file", "folder/secret"):
        with pytest.raises(Permanent, match="outside"):
            store.read(path)
        with pytest.raises(Permanent, match="outside"):
            store.write(path, b"x")
    assert (tmp_path / "secret").read_text() == "hunter2"


def test_a_root_that_is_itself_a_link_works(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "media").symlink_to(tmp_path / "real")
    store = MediaStore.open(str(tmp_path / "media"))
    store.write("a/b.jpg", b"x")
    assert (tmp_path / "real" / "a" / "b.jpg").read_bytes() == b"x"


def test_a_neighbour_whose_name_begins_like_the_root_is_outside(tmp_path: Path) -> None:
    (tmp_path / "media-private").mkdir()
    store = MediaStore.open(str(tmp_path / "media"))
    (tmp_path / "media" / "x").symlink_to(tmp_path / "media-private")
    with pytest.raises(Permanent, match="outside"):
        store.write("x/a", b"x")


def test_readers_see_the_old_or_the_new_content_and_never_a_part(tmp_path: Path) -> None:
    store = MediaStore.open(str(tmp_path))
    contents = [bytes([number]) * 300_000 for number in range(2)]
    store.write("a.jpg", contents[0])
    stop = threading.Event()

    def write() -> None:
        for number in range(60):
            store.write("a.jpg", contents[number % 2])
        stop.set()

    thread = threading.Thread(target=write)
    thread.start()
    seen = set()
    while not stop.is_set():
        seen.add(store.read("a.jpg"))
    thread.join()
    assert seen <= set(contents)


def test_a_write_that_fails_leaves_nothing_behind_and_may_be_tried_again(tmp_path: Path) -> None:
    store = MediaStore.open(str(tmp_path))
    (tmp_path / "a.jpg").mkdir()
    (tmp_path / "a.jpg" / "x").write_bytes(b"")
    with pytest.raises(Permanent, match=r"media a\.jpg cannot be written"):
        store.write("a.jpg", b"x")
    assert [item.name for item in tmp_path.iterdir()] == ["a.jpg"]


def test_a_full_disk_is_something_that_may_pass(tmp_path: Path) -> None:
    import resource

    store = MediaStore.open(str(tmp_path))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        with pytest.raises(Transient, match=r"media a/b\.jpg cannot be written: File too large"):
            store.write("a/b.jpg", b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert list((tmp_path / "a").iterdir()) == []


class _Unreachable(fsspec.AbstractFileSystem):  # type: ignore[misc]
    """An object store whose client raises an error of its own, as those of clouds do."""

    def pipe_file(self, *_: object, **__: object) -> None:
        raise LookupError("Could not connect to the endpoint URL")

    cat_file = isfile = rm_file = pipe_file


def test_an_object_store_that_does_not_answer_is_something_that_may_pass() -> None:
    store = MediaStore(_Unreachable(), "bucket", local=False)
    for act in (store.read, store.exists, store.delete, lambda path: store.write(path, b"x")):
        with pytest.raises(Transient, match=r"media a\.jpg cannot be .*: Could not connect"):
            act("a.jpg")


def test_only_a_folder_has_paths_on_this_machine(tmp_path: Path) -> None:
    assert MediaStore.open(str(tmp_path)).local_path("a/b.jpg") == tmp_path / "a" / "b.jpg"
    assert MediaStore.open("memory://x").local_path("a/b.jpg") is None


def test_an_address_that_cannot_be_used_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for url in ("nonsense://bucket", (tmp_path / "file").as_uri(), (tmp_path / "file" / "below").as_uri()):
        with pytest.raises(UserError, match="media_url") as refused:
            MediaStore.open(url)
        assert "\n" not in str(refused.value)


def test_s3_without_its_driver_says_what_to_install() -> None:
    pytest.importorskip("fsspec")
    try:
        import s3fs  # noqa: F401
    except ImportError:
        with pytest.raises(UserError, match=r"argus\[s3\]"):
            MediaStore.open("s3://bucket/prefix")
    else:
        pytest.skip("s3fs is installed")


def test_the_names_below_a_folder_are_listed_in_order(store: MediaStore) -> None:
    for path in ("segments/b/2.mp4", "segments/b/1.mp4", "segments/a/1.mp4", "other/x.jpg"):
        store.write(path, b"x")
    assert store.names("segments") == ["a", "b"]
    assert store.names("segments/b") == ["1.mp4", "2.mp4"]
    store.delete("segments/b/1.mp4")
    assert store.names("segments/b") == ["2.mp4"]


def test_a_folder_that_is_not_there_has_no_names(store: MediaStore) -> None:
    assert store.names("segments/none") == []
    with pytest.raises(Permanent):
        store.names("../etc")


def test_what_is_being_written_is_not_listed(tmp_path: Path) -> None:
    store = MediaStore.open(tmp_path.as_uri())
    store.write("a/1.mp4", b"x")
    (tmp_path / "a" / ".2.mp4.part").write_bytes(b"x")
    assert store.names("a") == ["1.mp4"]


def test_a_folder_is_removed_once_it_is_empty(tmp_path: Path) -> None:
    store = MediaStore.open((tmp_path / "media").as_uri())
    store.write("a/b/c.jpg", b"x")
    store.remove_folder("a/b")
    assert store.exists("a/b/c.jpg")
    store.delete("a/b/c.jpg")
    store.remove_folder("a/b")
    store.remove_folder("a/b")
    assert store.names("a") == []
