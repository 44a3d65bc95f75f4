"""What `argus doctor` looks at, besides cameras: each function blocks for a few seconds at most and changes nothing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
from pathlib import Path

import httpx
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from services.cli.check import Check, fail, ok, warn
from services.cli.folders import Folders, started
from services.cli.installation import answering, running_redis_url
from services.cli.ports import why_not
from services.cli.readiness import beating, gateway_answers, gateway_url
from services.cli.redis_server import find_redis_binary
from shared.db.engine import connect
from shared.db.migrate import current_revision, known_revisions
from shared.domain.errors import UserError
from shared.modules.roster import Roster, modules_of
from shared.observability.gpu import gpu_names
from shared.settings import Settings
from shared.weights.condition import Condition
from shared.weights.store import open_store

_GIB = 2**30
_LOW_DISK = 2 * _GIB
_NO_DISK = _GIB // 4


def data_dir(folders: Folders) -> Check:
    name = "data dir"
    existing = next(folder for folder in (folders.data, *folders.data.parents) if folder.exists())
    usable = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
    blocked = folders.not_writable() if usable else existing
    if blocked is not None:
        return fail(name, f"{blocked} cannot be written", remedy="give write permission or set ARGUS_DATA_DIR")
    return ok(name, str(folders.data) if folders.data.exists() else f"{folders.data} (made at the first start)")


def disk(folders: Folders) -> Check:
    existing = next(folder for folder in (folders.data, *folders.data.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{free / _GIB:.1f} GiB free"
    if free < _NO_DISK:
        return fail("disk", detail, remedy="free some space: events and recordings need it")
    if free < _LOW_DISK:
        return warn("disk", detail, remedy="free some space, or shorten ARGUS_INGEST__RETENTION_H")
    return ok("disk", detail)


def secret_key(settings: Settings, folders: Folders) -> Check:
    name, path = "secret key", folders.data / "secret.key"
    if settings.secret_key is not None:
        return ok(name, "from the settings")
    if not path.exists():
        return ok(name, "made at the first start")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return fail(name, f"{path} may be read by others (mode {mode:04o})", remedy=f"chmod 600 {path}")
    return ok(name, f"{path}, mode {mode:04o}")


def redis(settings: Settings, folders: Folders) -> Check:
    url = running_redis_url(settings, folders)
    connection = answering(url) if url else None
    if connection is not None:
        where = "configured server" if settings.redis_url else "embedded server"
        return ok("redis", f"{where}, version {_version(connection)}")
    if settings.redis_url:
        remedy = "start it, correct ARGUS_REDIS_URL, or unset it for the embedded one"
        return fail("redis", "the configured server does not answer", remedy=remedy)
    try:
        binary = find_redis_binary()
    except UserError as error:
        return fail("redis", error.reason, remedy=error.remedy)
    return ok("redis", f"embedded, not running now ({binary})")


def database(settings: Settings) -> Check:
    name = "database"
    url = settings.effective_database_url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return ok(name, "SQLite, made at the first start")
    try:
        engine = connect(url)
        try:
            revision = current_revision(engine)
        finally:
            engine.dispose()
    except UserError as error:
        return fail(name, error.reason, remedy=error.remedy)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        return fail(name, f"does not answer: {reason}", remedy="check ARGUS_DATABASE_URL and its server")
    return _revision(engine.dialect.name, revision)


def _revision(kind: str, revision: str | None) -> Check:
    known = known_revisions()
    if revision == known[0]:
        return ok("database", f"{kind}, schema {revision}")
    if revision is not None and revision not in known:
        detail = f"{kind}, written by a newer version of Argus (schema {revision})"
        return fail("database", detail, remedy="run that version, or restore a backup of this one")
    detail = f"{kind}, schema {revision or 'empty'}; this version's is {known[0]}"
    return warn("database", detail, remedy="argus db upgrade (or just start 'argus up')")


def eye(settings: Settings) -> Check:
    """Which detector the eye will take, and why."""
    backend, model = settings.eye.backend, settings.eye.model
    if backend == "hog":
        return ok("eye", "OpenCV's HOG, as configured: people only")
    try:
        condition = open_store(settings).verify(model)
    except UserError as error:
        return fail("eye", error.reason, remedy=error.remedy)
    if condition is Condition.OK:
        return _with_weights(backend, model)
    detail = f"the weights of {model} are {condition}"
    remedy = f"argus models pull {model}"
    if backend == "auto":
        return warn("eye", f"{detail}: falls back to OpenCV's HOG, people only and less well", remedy=remedy)
    return fail("eye", f"{detail}, and backend {backend} needs them", remedy=remedy)


def _with_weights(backend: str, model: str) -> Check:
    has_tensorrt = all(importlib.util.find_spec(module) for module in ("tensorrt", "pycuda")) and bool(gpu_names())
    if backend == "tensorrt" and not has_tensorrt:
        remedy = "install argus[tensorrt] on a machine with an NVIDIA GPU, or set ARGUS_EYE__BACKEND=auto"
        return fail("eye", "TensorRT is configured and cannot run here", remedy=remedy)
    used = "TensorRT" if backend == "tensorrt" or (backend == "auto" and has_tensorrt) else "ONNX Runtime"
    return ok("eye", f"{model} on {used}")


def gpu() -> Check:
    names = gpu_names()
    return ok("gpu", ", ".join(names) if names else "none found: the CPU is used")


def ports(settings: Settings, folders: Folders) -> Check:
    host, port = settings.gateway.host, settings.gateway.port
    if "gateway" in started(folders):
        url = gateway_url(settings.gateway)
        if gateway_answers(url, timeout_s=3.0):
            return ok("ports", f"the gateway answers at {url}")
        return fail("ports", f"the gateway does not answer at {url}", remedy="read its log lines")
    reason = why_not(host, port)
    if reason:
        return fail("ports", f"{host}:{port} {reason}", remedy="stop what listens there, or set ARGUS_GATEWAY__PORT")
    return ok("ports", f"{host}:{port} is free")


def judge(settings: Settings) -> Check:
    if not settings.has_judge:
        return ok("ollama", "not configured: rules alone decide")
    url, model, headers = _judge_of(settings)
    ollama = settings.judge.kind == "ollama"
    who, where = ("Ollama", "ARGUS_OLLAMA__URL") if ollama else (settings.judge.kind, "judge.settings in argus.yaml")
    try:
        answer = httpx.get(url, headers=headers, timeout=3.0, trust_env=False).raise_for_status().json()
        entries = answer.get("models" if ollama else "data", [])
        names = [str(entry.get("name" if ollama else "id", "")) for entry in entries]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError, TypeError) as error:
        detail = f"no answer ({type(error).__name__}): alerts go out unverified"
        return warn("ollama", detail, remedy=f"start {who}, or correct {where}")
    # Ollama takes a model without a tag for its latest.
    if model not in names and not (ollama and f"{model}:latest" in names):
        remedy = f"ollama pull {model}" if ollama else f"correct the model in {where}"
        return warn("ollama", f"{who} answers, but has no model {model}", remedy=remedy)
    return ok("ollama", f"{who} answers, has {model}")


def _judge_of(settings: Settings) -> tuple[str, str, dict[str, str]]:
    """Where the judge's models are listed, the model it needs, and what to send along."""
    if settings.judge.kind == "ollama":
        return f"{str(settings.ollama.url).rstrip('/')}/api/tags", settings.ollama.model, {}
    own = settings.judge.settings.get(settings.judge.kind, {})
    headers = {"authorization": f"Bearer {own['api_key']}"} if own.get("api_key") else {}
    return f"{str(own.get('url', '')).rstrip('/')}/models", str(own.get("model", "")), headers


def services(settings: Settings, folders: Folders) -> Check:
    expected = started(folders)
    if not expected:
        return ok("services", "not running: argus up")
    url = running_redis_url(settings, folders)
    connection = answering(url) if url else None
    if connection is None:
        return fail("services", "running, but Redis does not answer", remedy="read the log lines of 'argus up'")
    try:
        alive = beating(connection)
    except RedisError:
        return fail("services", "running, but Redis does not answer", remedy="read the log lines of 'argus up'")
    missing = [name for name in expected if name != "gateway" and f"{name}-0" not in alive]
    if missing:
        return fail("services", f"no sign of life from {', '.join(missing)}", remedy="read their log lines")
    return ok("services", f"alive: {', '.join(expected)}")


def modules(settings: Settings, folders: Folders) -> Check:
    """Which specialists can run, as the running workers tell."""
    if "modules-worker" not in started(folders):
        return ok("modules", "told while Argus runs")
    url = running_redis_url(settings, folders)
    connection = answering(url) if url else None
    try:
        workers = [worker for worker in Roster(connection).workers() if worker.ready] if connection is not None else []
    except RedisError:
        workers = []
    if not workers:
        return warn("modules", "the worker is not ready", remedy="wait a moment, or read its log lines")
    known = modules_of(workers).values()
    lacking = [module for module in known if not module.available]
    detail = f"can run: {', '.join(module.name for module in known if module.available) or 'none'}"
    if not lacking:
        return ok("modules", detail)
    reasons = "; ".join(f"{module.name}: {module.reason}" for module in lacking)
    return warn("modules", f"{detail}; cannot: {reasons}", remedy="; ".join({m.remedy: 0 for m in lacking if m.remedy}))


def _version(connection: Redis) -> str:
    try:
        info: dict[str, object] = connection.info("server")
    except RedisError:
        return "unknown"
    return str(info.get("redis_version", "unknown"))
