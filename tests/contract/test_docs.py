"""What the pages say is there: files, folders, commands, options, make targets, settings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from services.cli.main import cli
from tests.conftest import PROJECT
from tools.reference.settings_page import every_field

PAGES = sorted(
    page
    for page in (*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"))
    if page.parent.name != ".venv"  # a page of ours, not one of a package
)
DECISIONS = PROJECT / "docs" / "adr"

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_PATH = re.compile(r"`((?:services|shared|tests|tools|docs|bench)/[\w./{},-]+)`")
_COMMAND = re.compile(r"^(?:\w+=\S+ )*(argus [^`#\n]+?)(?:\s{2,}.*)?$", re.MULTILINE)
_INLINE_COMMAND = re.compile(r"`(argus [^`]+)`")
_TARGET = re.compile(r"`make ([a-z]+)[^`]*`|^make ([a-z]+)$", re.MULTILINE)
_VARIABLE = re.compile(r"\bARGUS_[A-Z_]+\b")
_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# Read by the programs themselves rather than from the settings.
_OTHER_VARIABLES = frozenset({"ARGUS_CONFIG", "ARGUS_INSTANCE", "ARGUS_CI"})
# Chosen by whoever types the examples of the API.
_EXAMPLE_VARIABLES = frozenset({"ARGUS_URL", "ARGUS_KEY", "ARGUS_USER", "ARGUS_PASSWORD"})


def found(pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Page and text of every match."""
    for page in PAGES:
        for match in pattern.finditer(page.read_text(encoding="utf-8")):
            yield page.relative_to(PROJECT).as_posix(), next(group for group in match.groups() if group)


def commands() -> list[tuple[str, str]]:
    """Page and command line of every `argus …`; `add|list` counts as two."""
    lines = [*found(_INLINE_COMMAND)]
    for page in PAGES:
        for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
            lines += [(page.relative_to(PROJECT).as_posix(), line) for line in _COMMAND.findall(block)]
    return sorted({(page, each) for page, line in lines for each in _alternatives(line)})


def _alternatives(line: str) -> list[str]:
    words = line.replace("\\|", "|").split()
    at = next((index for index, word in enumerate(words) if re.fullmatch(r"[a-z]+(\|[a-z]+)+", word)), None)
    if at is None:
        return [" ".join(words)]
    return [" ".join([*words[:at], each, *words[at + 1 :]]) for each in words[at].split("|")]


def resolved(line: str) -> tuple[click.Command, list[str]]:
    """The command that the line names, and the words after it."""
    words = shlex.split(line)[1:]
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group) and words and re.fullmatch(r"[a-z]+", words[0]):
        below = command.get_command(context, words[0])
        assert below is not None, f"'{line}': there is no {words[0]!r}"
        command, words = below, words[1:]
    return command, words


@pytest.mark.parametrize(("page", "link"), sorted(set(found(_LINK))))
def test_a_link_leads_somewhere(page: str, link: str) -> None:
    if link.startswith(("https://", "http://")):
        pytest.skip("the internet is not asked")
    target, _, anchor = link.partition("#")
    assert not anchor, "write links to pages, not to their headings: those move"
    assert (PROJECT / page).parent.joinpath(target).exists()


@pytest.mark.parametrize(("page", "path"), sorted(set(found(_PATH))))
def test_a_path_that_is_named_exists(page: str, path: str) -> None:
    inside = re.search(r"\{([^}]*)\}", path)
    for each in inside.group(1).split(",") if inside else [""]:
        assert (PROJECT / re.sub(r"\{[^}]*\}", each, path)).exists(), f"{page} names {path}"


@pytest.mark.parametrize(("page", "line"), commands())
def test_a_command_that_is_shown_exists_with_its_options(page: str, line: str) -> None:
    command, words = resolved(line)
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    used = {word.strip("[],.…").partition("=")[0] for word in words if word.strip("[").startswith("--")}
    assert used <= known, f"{page}: {line}"


def test_every_command_has_an_example_that_works() -> None:
    for name, command in every_command(cli, "argus"):
        assert command.help is not None, name
        example = command.help.partition("Example: ")[2].splitlines()[0]
        shown, words = resolved(example)
        known = {option for parameter in shown.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, f"{name}: {example}"


def every_command(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    """The group and all below it, by full name."""
    yield name, group
    context = click.Context(group)
    for each in group.list_commands(context):
        command = group.get_command(context, each)
        assert command is not None
        if isinstance(command, click.Group):
            yield from every_command(command, f"{name} {each}")
        else:
            yield f"{name} {each}", command


def test_every_command_stands_on_its_reference_page() -> None:
    told = {" ".join(line.split()[:3]) for page, line in commands() if page == "docs/reference/commands.md"}
    for name, command in every_command(cli, "argus"):
        if not isinstance(command, click.Group):
            assert any(each == name or each.startswith(f"{name} ") for each in told), f"{name} is not described"


@pytest.mark.parametrize(("page", "target"), sorted(set(found(_TARGET))))
def test_a_make_target_that_is_named_exists(page: str, target: str) -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE), f"{page} names make {target}"


def test_every_variable_that_is_named_is_a_setting() -> None:
    known = {variable for variable, _ in every_field()} | _OTHER_VARIABLES | _EXAMPLE_VARIABLES
    for page in PAGES:
        named = set(_VARIABLE.findall(page.read_text(encoding="utf-8")))
        # A section on its own (`ARGUS_EYE__…`) is a way to speak of all its settings.
        wrong = {name for name in named - known if not any(each.startswith(name) for each in known)}
        assert not wrong, page.name


def test_every_decision_is_in_the_index_under_its_title() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    pages = sorted(DECISIONS.glob("[0-9]*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        number, _, title = page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ").partition(". ")
        assert f"| [{number}]({page.name}) | {title} |" in index
