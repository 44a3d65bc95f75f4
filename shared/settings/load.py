"""Environment over `argus.yaml` over defaults, validated in one go."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from shared.domain.errors import UserError
from shared.settings.root import Settings
from shared.settings.section import explain, nearest

PREFIX = "ARGUS_"
DEFAULT_FILE = Path("argus.yaml")
# Names that begin like settings but steer the process, not the product.
PROCESS_NAMES = frozenset({"ARGUS_CONFIG", "ARGUS_INSTANCE", "ARGUS_CI", "ARGUS_RUN_DIR"})

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def load_settings(*, file: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process.

    `file` is the YAML file (default: `ARGUS_CONFIG`, else `argus.yaml` in the working folder when it is there).
    Raises `UserError` with the path of the wrong or unknown key, what was expected and the nearest valid name.
    """
    env = dict(os.environ if environ is None else environ)
    named = file or (Path(env["ARGUS_CONFIG"]) if env.get("ARGUS_CONFIG") else None)
    values = _merge(_from_file(named, env), _from_environment(env))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise explain(error, Settings) from None


def _from_file(file: Path | None, env: Mapping[str, str]) -> dict[str, Any]:
    path = file or DEFAULT_FILE
    if file is None and not path.is_file():
        return {}
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(str(path), f"cannot be read: {error.strerror}", remedy="name an existing file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(str(path), f"is not valid YAML: {reason}", remedy="correct the file") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UserError(str(path), "must hold a mapping of settings", remedy="write 'name: value' lines")
    return {str(key): _interpolated(value, env, str(key)) for key, value in content.items()}


def _interpolated(value: Any, env: Mapping[str, str], path: str) -> Any:
    if isinstance(value, dict):
        return {str(key): _interpolated(item, env, f"{path}.{key}") for key, item in value.items()}
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


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    names = {name.upper(): value for name, value in env.items() if name.upper().startswith(PREFIX)}
    for name in sorted(names.keys() - PROCESS_NAMES):
        _check_name(name)
    source = _EnvironmentSource(names)
    try:
        return dict(source())
    except ValueError as error:
        raise UserError("environment", " ".join(str(error).split())[:200], remedy="correct the value") from None


def _check_name(name: str) -> None:
    kind: type[BaseModel] = Settings
    parts = name.removeprefix(PREFIX).lower().split("__")
    for position, part in enumerate(parts):
        if part not in kind.model_fields:
            known = PREFIX + "__".join([*parts[:position], ""]).upper()
            names = [f"{known}{field.upper()}" for field in kind.model_fields]
            hint = nearest(name.lower(), [known_name.lower() for known_name in names])
            raise UserError(name, "unknown setting", remedy=_uppercase_names(hint))
        annotation = kind.model_fields[part].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return  # a value, or a plug-in's free sub-section
        kind = annotation


def _uppercase_names(hint: str) -> str:
    return re.sub(r"argus_[a-z0-9_]+", lambda match: match.group().upper(), hint)


class _EnvironmentSource(EnvSettingsSource):
    """pydantic-settings' reading of nested names, over a mapping that is handed in."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = {name.lower(): value for name, value in environ.items()}

        class Shape(Settings, BaseSettings):
            model_config = SettingsConfigDict(extra="ignore", frozen=True)

        super().__init__(Shape, env_prefix=PREFIX, env_nested_delimiter="__", case_sensitive=False)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._environ


def _merge(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
