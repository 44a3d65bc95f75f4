"""Environment over its aliases over `argus.yaml` over defaults, validated in one go."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from shared.domain.errors import UserError
from shared.settings.aliases import with_aliases
from shared.settings.environment import settings_in
from shared.settings.root import Settings
from shared.settings.section import explain

DEFAULT_FILE = Path("argus.yaml")

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_QUOTED = re.compile(r"'.+?'")


def load_settings(*, file: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process.

    `file` is the YAML file (default: `ARGUS_CONFIG`, else `argus.yaml` in the working folder when it is there).
    A key without a value counts as not set. Raises `UserError` with the path of the wrong or unknown key, what was
    expected and the nearest valid name.
    """
    env = dict(os.environ if environ is None else environ)
    named = file or (Path(env["ARGUS_CONFIG"]) if env.get("ARGUS_CONFIG") else None)
    values = _merge(with_aliases(_from_file(named, env), env), settings_in(env))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise explain(error, Settings) from None


def _from_file(file: Path | None, env: Mapping[str, str]) -> dict[str, Any]:
    path = file or DEFAULT_FILE
    if file is None and not path.is_file():
        return {}
    content = _parsed(path)
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UserError(str(path), "must hold a mapping of settings", remedy="write 'name: value' lines")
    try:
        return {str(key): _interpolated(value, env, str(key)) for key, value in content.items() if value is not None}
    except RecursionError:
        raise UserError(str(path), "holds a value that contains itself", remedy="remove the anchor") from None


def _parsed(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(str(path), f"cannot be read: {error.strerror}", remedy="name an existing file") from None
    except UnicodeDecodeError:
        raise UserError(str(path), "is not UTF-8 text", remedy="save it as UTF-8") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(str(path), f"is not valid YAML{_place(error)}", remedy="correct the file") from None


def _place(error: Exception) -> str:
    """Where the file is wrong and why, without the text around it: that may be a password."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None)
    place = f" in line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
    return place + (f": {_QUOTED.sub('…', ' '.join(problem.split()))}" if problem else "")


def _interpolated(value: Any, env: Mapping[str, str], path: str) -> Any:
    if isinstance(value, dict):
        return {str(key): _interpolated(item, env, f"{path}.{key}") for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_interpolated(item, env, path) for item in value]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        name, default = match.groups()
        if name not in env and default is None:
            raise UserError(path, f"the environment variable {name} is not set", remedy=f"set {name}")
        return env.get(name, default or "")

    return _VARIABLE.sub(replace, value)


def _merge(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
