"""/plates"""

from __future__ import annotations

from typing import Annotated, Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import AfterValidator, BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.http.timestamps import Instant, whole_seconds, whole_seconds_or_none
from services.gateway.queries.plates import one_plate, plates_page
from services.gateway.usecases import plates as usecases
from shared.accounts.roles import Scope
from shared.db.plates import ListedPlate
from shared.domain.plate import Listing, compact_plate
from shared.plates.registry import MAX_NOTE, MAX_PLATE, PlateChange

api = APIBlueprint("plates", __name__, abp_tags=[Tag(name="Plates")], abp_security=SECURITY, abp_responses=REFUSALS)


def _readable(text: str) -> str:
    if not compact_plate(text):
        raise ValueError("holds no letter or digit")
    return text


Plate = Annotated[str, Field(min_length=1, max_length=MAX_PLATE), AfterValidator(_readable)]


class PlateChangeBody(BaseModel):
    """What to change; everything left out stays. `expires_at` null means never, an empty `note` removes it."""

    plate: Plate | None = Field(default=None, examples=["AB-123-CD"])
    listing: Listing | None = None
    note: str | None = Field(default=None, max_length=MAX_NOTE, examples=["Delivery van"])
    expires_at: Instant | None = Field(default=None, examples=["2030-01-15T10:30:00Z"])

    def change(self) -> PlateChange:
        return PlateChange(
            plate=self.plate,
            listing=self.listing,
            note=self.note,
            expires_at=self.expires_at,
            forever="expires_at" in self.model_fields_set and self.expires_at is None,
        )


class NewPlateBody(PlateChangeBody):
    """A plate to list. Without `expires_at` it stays listed until it is removed."""

    plate: Plate = Field(examples=["AB-123-CD"])
    listing: Listing


class PlatesQuery(BaseModel):
    listing: Listing | None = None
    q: Plate | None = Field(default=None, description="a part of the plate; only letters and digits count")
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=1_000_000)


class PlatePath(BaseModel):
    id: int = Field(ge=1, le=2**31 - 1)


class PlateShown(BaseModel):
    """`compact` is what plates that were read are compared with. An `expired` entry counts no more."""

    id: int
    plate: str = Field(examples=["AB-123-CD"])
    compact: str = Field(examples=["AB123CD"])
    listing: Listing
    note: str | None
    expires_at: str | None
    expired: bool
    created_at: str = Field(examples=["2025-01-15T10:30:00Z"])
    updated_at: str = Field(examples=["2025-01-15T10:30:00Z"])


class PlateList(BaseModel):
    plates: list[PlateShown]
    count: int
    total: int


@api.get("/plates", responses={"200": PlateList})
@endpoint(scope=Scope.READ)
def list_plates(gateway: Gateway, principal: Principal, query: PlatesQuery) -> dict[str, Any]:
    """The plates on one's allow and deny lists, newest first."""
    with gateway.reads() as session:
        rows, total = plates_page(
            session,
            account_id=principal.visible_account,
            listing=query.listing,
            part=query.q,
            limit=query.limit,
            offset=query.offset,
        )
    return {"plates": [_shown(row, gateway) for row in rows], "count": len(rows), "total": total}


@api.get("/plates/<int:id>", responses={"200": PlateShown})
@endpoint(scope=Scope.READ)
def get_plate(gateway: Gateway, principal: Principal, path: PlatePath) -> dict[str, Any]:
    """One listed plate."""
    with gateway.reads() as session:
        return _shown(one_plate(session, path.id, account_id=principal.visible_account), gateway)


@api.post("/plates", responses={"201": PlateShown})
@endpoint(scope=Scope.WRITE)
def add_plate(gateway: Gateway, principal: Principal, body: NewPlateBody) -> Answer:
    """List a plate for one's own cameras."""
    return Answer(_shown(usecases.add(gateway, principal, body.change()), gateway), status=201)


@api.put("/plates/<int:id>", responses={"200": PlateShown})
@endpoint(scope=Scope.WRITE)
def change_plate(gateway: Gateway, principal: Principal, path: PlatePath, body: PlateChangeBody) -> dict[str, Any]:
    """Change an entry; what is left out stays."""
    return _shown(usecases.change(gateway, principal, path.id, body.change()), gateway)


@api.delete("/plates/<int:id>", responses={"204": None})
@endpoint(scope=Scope.WRITE)
def remove_plate(gateway: Gateway, principal: Principal, path: PlatePath) -> Answer:
    """Take a plate off its list."""
    usecases.remove(gateway, principal, path.id)
    return Answer(None, status=204)


def _shown(row: ListedPlate, gateway: Gateway) -> dict[str, Any]:
    return {
        "id": row.id,
        "plate": row.plate,
        "compact": row.compact,
        "listing": row.listing,
        "note": row.note,
        "expires_at": whole_seconds_or_none(row.expires_at),
        "expired": row.expires_at is not None and row.expires_at <= gateway.now(),
        "created_at": whole_seconds(row.created_at),
        "updated_at": whole_seconds(row.updated_at),
    }
