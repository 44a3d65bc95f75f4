"""/system/logs"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.timestamps import whole_seconds
from services.gateway.queries.logs import LogRecord, newest_logs
from shared.accounts.roles import Scope

api = APIBlueprint("logs", __name__, abp_tags=[Tag(name="System")], abp_security=SECURITY, abp_responses=REFUSALS)


def _in_capitals(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Level = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_in_capitals)]


class LogQuery(BaseModel):
    level: Level | None = Field(default=None, description="records of this level and above")
    component: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        description="of this component and those below it: `eye` means `eye` and `eye.yolo`, not `eyeball`",
    )
    service: str | None = Field(default=None, min_length=1, max_length=64, description="of this service")
    limit: int = Field(default=100, ge=1, le=1000)


class LogShown(BaseModel):
    """One record. Beside these fields it has those that belong to the event, such as `camera`."""

    model_config = ConfigDict(extra="allow")

    timestamp: str = Field(examples=["2025-01-15T10:35:12Z"])
    level: str = Field(examples=["INFO"])
    component: str = Field(examples=["eye.yolo"])
    message: str = Field(examples=["Detected person at cam_001 confidence=0.94"])


class LogList(BaseModel):
    logs: list[LogShown]
    count: int


@api.get("/system/logs", responses={"200": LogList})
@endpoint(scope=Scope.ADMIN)
def get_logs(gateway: Gateway, query: LogQuery) -> dict[str, Any]:
    """The newest log records of all services, newest first.

    For administrators only: records tell of everybody's cameras. Several thousand records are kept; 503 while Redis,
    which keeps them, is away.
    """
    found = newest_logs(
        gateway.redis, level=query.level, component=query.component, service=query.service, limit=query.limit
    )
    return {"logs": [_document(record) for record in found], "count": len(found)}


def _document(record: LogRecord) -> dict[str, Any]:
    shown = {
        "timestamp": whole_seconds(record.at),
        "level": record.level,
        "component": record.component,
        "message": record.message,
    }
    return {**shown, **{name: value for name, value in record.fields.items() if name not in shown}}
