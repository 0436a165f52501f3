"""Endpoints, what they shall serve, which bytes they may, and the replays that ran through them."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, Relationship, SQLModel

from core.foundation.columns import json_field, newest_first, time_field
from core.foundation.objects import ObjectRow, catalog_entry

# The period of history that an endpoint is in, or waits for.
PERIOD = (
    "and_(foreign(ServedRow.endpoint_id) == EndpointRow.id, foreign(ServedRow.generation) == EndpointRow.generation)"
)


class EndpointRow(SQLModel, table=True):
    """`routes` are wanted since `generation`; `actual` and `servers` are what the gateway last reported, `confirmed`
    the generation that its traffic has reached. `measuring` is the job that last had the endpoint to itself."""

    __tablename__ = "endpoints"

    id: str = Field(primary_key=True)
    project: str = Field(index=True)
    name: str = Field(unique=True)
    environment: str
    description: str
    slo: dict[str, Any] = json_field()
    routes: list[Any] = json_field(list)
    actual: dict[str, Any] = json_field()
    servers: list[Any] = json_field(list)
    generation: int
    confirmed: int
    cause: str
    measuring: str
    created_at: datetime = time_field()
    changed_at: datetime = time_field()
    entry: ObjectRow = catalog_entry("EndpointRow")
    # Read only of those that serve nothing.
    period: "ServedRow" = Relationship(
        sa_relationship_kwargs={"primaryjoin": PERIOD, "uselist": False, "viewonly": True}
    )


class ServedRow(SQLModel, table=True):
    """A period of an endpoint's history; the one under way has no end, one that never began ends as it begins."""

    __tablename__ = "served"

    endpoint_id: str = Field(primary_key=True, foreign_key="endpoints.id")
    generation: int = Field(primary_key=True)
    routes: list[Any] = json_field(list)
    reason: str
    promotion_id: str
    changed_by: str
    from_time: datetime = time_field()
    to_time: datetime | None = time_field(nullable=True)


class AdmissionRow(SQLModel, table=True):
    """Bytes that an endpoint may serve, and by which promotion."""

    __tablename__ = "admissions"

    endpoint_id: str = Field(primary_key=True, foreign_key="endpoints.id")
    digest: str = Field(primary_key=True)
    promotion_id: str
    signature: str
    admitted_by: str
    admitted_at: datetime = time_field()


class ReplayRow(SQLModel, table=True):
    """A replay is named by its job. `figures` has, by version, how good its answers were, with intervals."""

    __tablename__ = "replays"
    __table_args__ = newest_first("replays", "endpoint_id")

    id: str = Field(primary_key=True)
    project: str
    endpoint_id: str = Field(foreign_key="endpoints.id")
    sent: int
    failed: int
    metrics: dict[str, Any] = json_field()
    by_version: dict[str, Any] = json_field()
    figures: dict[str, Any] = json_field()
    created_at: datetime = time_field()
