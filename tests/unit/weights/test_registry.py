"""The registry of weights and operators' own entries."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import UserError
from shared.weights.entry import Weights
from shared.weights.labels import LABEL_SETS, labels_of
from shared.weights.registry import load_registry, parse_registry
from tools.weights_index import PERMISSIVE

OWN = f"""version = 1
[weights.site_detector]
task = "detection"
file = "site.onnx"
url = ""
sha256 = "{"a" * 64}"
bytes = 10
licence = "proprietary"
commercial_ok = true
input = {{ width = 640, height = 640, channels = "rgb", std = [255.0, 255.0, 255.0], resize = "letterbox" }}
output = {{ layout = "yolov8", labels = ["forklift", "pallet"] }}
"""


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_default_weights_are_yolox_nano() -> None:
    (default,) = load_registry().defaults()
    assert (default.name, default.output.layout, default.licence) == ("yolox_nano", "yolox", "Apache-2.0")
    assert default.input
    assert (default.input.width, default.input.channels, default.input.anchor) == (416, "bgr", "top_left")


@pytest.mark.parametrize("weights", list(load_registry()), ids=lambda weights: weights.name)
def test_shipped_weights_are_permissive_and_pinned(weights: Weights) -> None:
    assert weights.licence in PERMISSIVE
    assert weights.url == "" or re.match(r"https://[a-z]+\.githubusercontent\.com/\S+/[0-9a-f]{40}/\S+$", weights.url)
    assert isinstance(labels_of(weights), tuple)


def test_no_two_shipped_weights_share_a_file() -> None:
    files = [weights.file for weights in load_registry()]
    assert len(files) == len(set(files))


def test_an_unknown_name_tells_the_nearest() -> None:
    with pytest.raises(UserError, match=r"weights 'yolox-nano': are not in the registry – did you mean 'yolox_nano'\?"):
        load_registry()["yolox-nano"]


def test_an_operators_own_file_adds_weights(tmp_path: Path) -> None:
    registry = load_registry(own(tmp_path, OWN))
    assert labels_of(registry["site_detector"]) == ("forklift", "pallet")
    assert registry["yolox_nano"].default


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("a" * 64, "A" * 64), r"own\.toml: weights\.site_detector\.sha256: .*pattern"),
        (
            ("bytes = 10", "bytes = 0"),
            r"weights\.site_detector\.bytes: Input should be greater than or equal to 1, got 0",
        ),
        (('"site.onnx"', '"../site.onnx"'), r"weights\.site_detector\.file: .*got '\.\./site\.onnx'"),
        (('url = ""', 'url = "ftp://x/y"'), r"weights\.site_detector\.url"),
        (('"rgb"', '"grey"'), r"weights\.site_detector\.input\.channels: Input should be 'bgr' or 'rgb', got 'grey'"),
        (("[255.0, 255.0, 255.0]", "[0.0, 1.0, 1.0]"), r"input\.std\.0: Input should be greater than 0"),
        (('layout = "yolov8"', 'layout = "yolov8", nms = 1'), r"output\.nms: Unexpected keyword argument"),
        (('["forklift", "pallet"]', '"coco8"'), r"there is no label set 'coco8' – did you mean 'coco80'\?"),
        (("site_detector", "yolox_nano"), r"own\.toml: weights\.yolox_nano: this name is taken"),
        (("site.onnx", "yolox_nano.onnx"), r"'yolox_nano\.onnx' is the file of 'yolox_nano'"),
        (("version = 1", "version = 2"), r"own\.toml: version: expected 1, got 2"),
        (("version = 1", "versoin = 1"), r"own\.toml: version: expected 1, got None"),
        (("version = 1", "version = 1\nweight = 1"), r"weight: unknown key – did you mean 'weights'\?"),
        (('task = "detection"', 'name = "x"'), r"name: is given by the table's heading"),
        (("bytes = 10", "bytes ="), r"own\.toml: is not valid TOML"),
    ],
)
def test_a_wrong_own_file_names_the_field_and_the_reason(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    text = OWN.replace(*change)
    assert text != OWN
    with pytest.raises(UserError, match=said) as caught:
        load_registry(own(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_an_own_file_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: No such file or directory – name an existing file"):
        load_registry(tmp_path / "none.toml")


def test_an_own_file_that_is_not_text_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is not UTF-8 text"):
        load_registry(path)


def test_label_sets_have_as_many_names_as_they_say() -> None:
    assert {name: len(set(labels)) for name, labels in LABEL_SETS.items()} == {"coco80": 80, "coco17": 17}
    assert LABEL_SETS["coco80"][0] == "person"


WORDS = st.text(string.ascii_lowercase + string.digits + "_", min_size=1, max_size=12).filter(lambda t: t[0].isalpha())
SIDES = st.integers(1, 8192)


@given(
    name=WORDS,
    layout=WORDS,
    sides=st.tuples(SIDES, SIDES),
    size_bytes=st.integers(1, 2**40),
    pad=st.integers(0, 255),
    labels=st.lists(WORDS),
    sha=st.text("0123456789abcdef", min_size=64, max_size=64),
)
def test_what_an_entry_says_is_what_is_read(
    name: str, layout: str, sides: tuple[int, int], size_bytes: int, pad: int, labels: list[str], sha: str
) -> None:
    text = f"""version = 1
[weights.{name}]
task = "detection"
file = "{name}.onnx"
url = "https://host.example/{sha}/{name}.onnx"
sha256 = "{sha}"
bytes = {size_bytes}
licence = "MIT"
commercial_ok = false
default = true
input = {{ width = {sides[0]}, height = {sides[1]}, channels = "bgr", resize = "letterbox", pad = {pad} }}
output = {{ layout = "{layout}", labels = {labels!r} }}
"""
    (weights,) = parse_registry(text, source="t")
    assert weights.input
    assert (weights.name, weights.sha256, weights.bytes, weights.default) == (name, sha, size_bytes, True)
    assert (weights.input.width, weights.input.height, weights.input.pad) == (*sides, pad)
    assert (weights.output.layout, weights.output.labels) == (layout, tuple(labels))


TOML_VALUES = st.recursive(
    st.one_of(
        st.integers(-(2**40), 2**40), st.booleans(), st.floats(allow_nan=False), st.text(string.printable, max_size=9)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=6,
)
FIELDS = st.sampled_from([*Weights.__dataclass_fields__, "unknown"])


@given(field=FIELDS, value=TOML_VALUES)
def test_whatever_stands_in_a_field_gives_an_entry_or_one_line(field: str, value: object) -> None:
    lines = [line for line in OWN.splitlines() if not line.startswith(f"{field} ")]
    text = "\n".join([*lines, f"{field} = {as_toml(value)}"])
    said = refusal(text)
    assert said is None or field in said
    assert said is None or "\n" not in said


def refusal(text: str) -> str | None:
    """What the registry says against `text`; None when it takes it."""
    try:
        parse_registry(text, source="own.toml")
    except UserError as error:
        return str(error)
    return None


def as_toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\u{ord(letter):04x}" for letter in value) + '"'
    if isinstance(value, list):
        return f"[{', '.join(as_toml(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {as_toml(item)}' for key, item in value.items())}}}"
    return repr(value)
