"""/modules"""

from __future__ import annotations

from typing import Any, Literal, Self

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.dialects.cctv_smart.event_body import bare_uuid
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.http.form_body import Upload
from services.gateway.http.timestamps import Instant
from services.gateway.usecases.module_jobs import Wanted, trigger
from shared.accounts.roles import Scope
from shared.domain.module import ModuleName
from shared.modules.book import JobRecord

api = APIBlueprint("modules", __name__, abp_tags=[Tag(name="Modules")], abp_security=SECURITY, abp_responses=REFUSALS)


class ModulePath(BaseModel):
    name: str = Field(max_length=64, json_schema_extra={"example": "lpr"})


class JobPath(BaseModel):
    job_id: str = Field(max_length=64, json_schema_extra={"example": "job-abc123def456"})


class Context(BaseModel):
    """Where and when the picture was taken."""

    camera_id: str | None = Field(default=None, min_length=1, max_length=64, examples=["cam_001"])
    timestamp: Instant | None = Field(default=None, examples=["2025-01-15T10:30:45Z"])


def _only(name: str) -> dict[str, Any]:
    return {"required": [name], "properties": {name: {"type": "string"}}}


class TriggerBody(BaseModel):
    """What to look at: `image_path`, the path of an event's picture in the media store, or `event_uuid`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_only("image_path"), _only("event_uuid")]})

    image_path: str | None = Field(
        default=None, min_length=1, max_length=1000, examples=["snapshots/cam_001/2025/01/15/550e8400.jpg"]
    )
    event_uuid: str | None = Field(default=None, min_length=1, max_length=64)
    context: Context = Field(default_factory=Context)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("image_path", "event_uuid") if getattr(self, name) is not None]
        if len(given) != 1:
            found = f"{' and '.join(given)} were given" if given else "none was given"
            raise ValueError(f"exactly one of 'image_path', 'event_uuid' and a form with a 'photo' is needed: {found}")
        return self


class TriggerForm(BaseModel):
    """A photo of your own, up to 8 MiB and 50 megapixels."""

    photo: Upload
    camera_id: str | None = Field(default=None, min_length=1, max_length=64, examples=["cam_001"])
    timestamp: Instant | None = Field(default=None, examples=["2025-01-15T10:30:45Z"])


class Accepted(BaseModel):
    """`queue_position` is how many jobs are ahead, the running ones counted."""

    job_id: str = Field(examples=["job-abc123def456"])
    module: ModuleName
    status: Literal["queued"]
    queue_position: int = Field(ge=0, examples=[3])


class Job(BaseModel):
    """A job as it stands; what is not known yet is left out."""

    job_id: str = Field(examples=["job-abc123def456"])
    status: Literal["queued", "processing", "completed", "failed"]
    progress: float = Field(default=0, ge=0, le=1, examples=[0.35])
    queue_position: int = Field(default=0, ge=0)
    module: str = Field(default="", examples=["lpr"])
    results: dict[str, Any] = Field(default={})
    error: str = ""
    processing_time_ms: int = Field(default=0, ge=0, examples=[1250])


class Module(BaseModel):
    """`reason` says why a module cannot run here, `remedy` what to do about it."""

    name: ModuleName
    available: bool
    reason: str
    remedy: str
    version: str
    summary: str
    scopes: list[Literal["object", "scene"]]
    labels: list[str]
    queue: str
    max_pictures: int


class ModuleList(BaseModel):
    modules: list[Module]
    count: int


@api.get("/modules", responses={"200": ModuleList})
@endpoint(scope=Scope.READ)
def list_modules(gateway: Gateway) -> dict[str, Any]:
    """Every module, and whether it can run now."""
    modules = [
        Module(**module.model_dump(exclude={"cost_ms"})).model_dump(mode="json") for module in gateway.modules.modules()
    ]
    return {"modules": modules, "count": len(modules)}


@api.post("/modules/<name>/trigger", responses={"202": Accepted})
@endpoint(scope=Scope.WRITE)
def trigger_module(
    gateway: Gateway, principal: Principal, path: ModulePath, body: TriggerBody | None, form: TriggerForm | None
) -> Answer:
    """Have a specialist look at a picture of the media store, at an event's, or at a photo sent as a form.

    The results of a job about an event become the event's. 503, with what to install, when the module cannot run
    here, and when too many jobs are open.
    """
    queued = trigger(gateway, principal, path.name, _wanted(body, form))
    return Answer(
        {"job_id": queued.job_id, "module": queued.module, "status": "queued", "queue_position": queued.ahead},
        status=202,
    )


@api.get("/modules/jobs/<job_id>", responses={"200": Job})
@endpoint(scope=Scope.READ)
def get_job(gateway: Gateway, principal: Principal, path: JobPath) -> dict[str, Any]:
    """Where a job stands, and what came of it. Jobs are kept for a day."""
    record = gateway.modules.job(path.job_id, account_id=principal.visible_account)
    if record.status == "queued":
        return {**_open(record), "queue_position": gateway.modules.ahead(record)}
    return _open(record) if record.status == "processing" else _ended(record)


def _wanted(body: TriggerBody | None, form: TriggerForm | None) -> Wanted:
    if form is not None:
        return Wanted(photo=form.photo, camera=form.camera_id, at=form.timestamp)
    body = body or TriggerBody()
    event = bare_uuid(body.event_uuid) if body.event_uuid is not None else None
    context = body.context
    return Wanted(image_path=body.image_path, event_uuid=event, camera=context.camera_id, at=context.timestamp)


def _open(record: JobRecord) -> dict[str, Any]:
    return {"job_id": record.id, "status": record.status, "progress": record.progress}


def _ended(record: JobRecord) -> dict[str, Any]:
    ended: dict[str, Any] = {"job_id": record.id, "status": record.status, "module": record.order.module}
    if record.status == "completed":
        ended["results"] = record.results
    else:
        ended["error"] = record.error
    return {**ended, "processing_time_ms": record.processing_time_ms}
