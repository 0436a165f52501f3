"""People, projects, roles, service accounts, tokens and sessions. Secrets are kept as digests only."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from core.foundation.columns import json_field, time_field


class PersonRow(SQLModel, table=True):
    """A person, or a service account (`kind` "service")."""

    __tablename__ = "people"

    id: str = Field(primary_key=True)
    kind: str
    handle: str = Field(unique=True)
    name: str
    state: str
    created_at: datetime = time_field()


class ProjectRow(SQLModel, table=True):
    __tablename__ = "projects"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    created_at: datetime = time_field()


class GrantRow(SQLModel, table=True):
    """A role of a person in a project; an empty project means everywhere."""

    __tablename__ = "role_grants"

    person_id: str = Field(primary_key=True, foreign_key="people.id")
    role: str = Field(primary_key=True)
    project: str = Field(primary_key=True, default="")
    granted_by: str
    granted_at: datetime = time_field()


class TokenRow(SQLModel, table=True):
    __tablename__ = "tokens"

    id: str = Field(primary_key=True)
    person_id: str = Field(foreign_key="people.id", index=True)
    name: str
    digest: str
    scopes: list[Any] = json_field(list)
    created_at: datetime = time_field()
    expires_at: datetime = time_field()
    revoked_at: datetime | None = time_field(nullable=True)


class SessionRow(SQLModel, table=True):
    __tablename__ = "sessions"

    digest: str = Field(primary_key=True)
    person_id: str = Field(foreign_key="people.id", index=True)
    created_at: datetime = time_field()
    expires_at: datetime = time_field()
    ended_at: datetime | None = time_field(nullable=True)
