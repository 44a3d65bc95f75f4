"""`argus`: the operator's command."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from shared.domain.errors import USER_ERROR_STATUS, UserError

# Loaded by name, so that one command does not wait for what another one imports.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "up": ("services.cli.up:up", "Run every service on this machine."),
    "demo": ("services.cli.demo_run:demo", "The same with generated cameras and a webhook receiver."),
    "doctor": ("services.cli.doctor:doctor", "Check everything Argus needs, and say what to do."),
    "user": ("services.cli.users:user", "Accounts: add, list, passwd."),
    "key": ("services.cli.keys:key", "API keys: create, list, revoke."),
    "camera": ("services.cli.cameras:camera", "Cameras: add, list, remove, enable, disable, probe."),
    "people": ("services.cli.people:people", "People whose faces are recognised: add, list, remove, rebuild."),
    "rule": ("services.cli.rules:rule", "Rules: list, export, import, check."),
    "webhook": ("services.cli.webhooks:webhook", "Webhooks: add, list, remove, test."),
    "recipient": ("services.cli.recipients:recipient", "Recipients: add, list, remove, test, mute."),
    "models": ("services.cli.models:models", "Model weights: list, pull, verify."),
    "db": ("services.cli.database:db", "The database: upgrade."),
    "config": ("services.cli.configuration:config", "The settings in force."),
}


class LazyGroup(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        found: click.Command = getattr(importlib.import_module(module), name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="YAML file of settings [./argus.yaml].")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="argus", prog_name="argus")
def cli(config_file: Path | None, *, debug: bool) -> None:
    """Argus turns cameras into judged, explained, delivered alerts.

    Settings come from ARGUS_* variables over argus.yaml over defaults.

    Example: argus up
    """
    del debug  # read where errors are shown, which is also where no command was found
    if config_file is not None:
        use_config(config_file)


def use_config(file: Path) -> None:
    """Make the file the configuration of this process and of those it starts."""
    os.environ["ARGUS_CONFIG"] = str(file.absolute())


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit: an operator's mistake is one line on stderr and status 2, never a traceback."""
    given = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in given
    try:
        status = cli.main(args=given, prog_name="argus", standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say_error("stopped")
        sys.exit(130)
    except BrokenPipeError:
        # `argus … | head`: the reader has enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if debug:
            raise
        say_error(str(error) if isinstance(error, UserError) else _unexpected(error))
        sys.exit(USER_ERROR_STATUS if isinstance(error, UserError) else 1)
    _leave(status if isinstance(status, int) else 0, at_once=arguments is None)


def _leave(status: int, *, at_once: bool) -> None:
    # On a busy machine the interpreter's own clearing up takes longer than stopping every service did.
    if at_once:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


def _unexpected(error: Exception) -> str:
    reason = " ".join(str(error).split())[:300]
    return f"unexpected {type(error).__name__}: {reason} – run it again as 'argus --debug …' to see where"


def say_error(text: str) -> None:
    """One line on stderr that names who says it."""
    click.echo(f"argus: {text}", err=True)


if __name__ == "__main__":
    main()
