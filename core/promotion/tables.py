"""Policies, requests, decisions, rollouts, and every change of a request's state. Decisions, states and policy
revisions are only ever added."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from core.foundation.columns import json_field, newest_first, time_field


class PolicyRow(SQLModel, table=True):
    """One revision of a policy."""

    __tablename__ = "promotion_policies"

    id: str = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    name: str
    environment: str = Field(index=True)
    gates: list[Any] = json_field(list)
    approvals: list[Any] = json_field(list)
    valid_days: int
    state: str
    reason: str
    proposed_by: str
    confirmed_by: str = ""
    created_at: datetime = time_field()


class PromotionRow(SQLModel, table=True):
    """A request. `authors` are the people who wrote it, whoever else they are; `frozen` is how it stood when it was
    applied or ended, `admitted` the digest that was let in."""

    __tablename__ = "promotions"
    __table_args__ = newest_first("promotions", "state", "endpoint_id")

    id: str = Field(primary_key=True)
    project: str
    version_id: str = Field(index=True)
    endpoint_id: str
    requirement_id: str
    rollback_to: str
    policy_id: str
    policy_revision: int
    plan: dict[str, Any] = json_field()
    criteria: list[Any] = json_field(list)
    note: str
    revision: int
    state: str
    why: str
    authors: list[Any] = json_field(list)
    requested_by: str
    admitted: str = ""
    admitted_rollback: str = ""
    frozen: dict[str, Any] = json_field()
    created_at: datetime = time_field()
    applied_at: datetime | None = time_field(nullable=True)


class DecisionRow(SQLModel, table=True):
    """What a person decided, and the five digests it was decided on."""

    __tablename__ = "promotion_decisions"

    id: int | None = Field(default=None, primary_key=True)
    promotion_id: str = Field(index=True, foreign_key="promotions.id")
    revision: int
    person_id: str
    decision: str
    reason: str
    artifact: str
    evidence: str
    policy: str
    target: str
    request: str
    decided_at: datetime = time_field()
    expires_at: datetime = time_field()


class RolloutRow(SQLModel, table=True):
    """Where a rollout stands. `step` counts from 0; `generation` is the endpoint's after our last switch, so that a
    switch by anyone else is seen; `before` are the routes to return to."""

    __tablename__ = "promotion_rollouts"
    # The one that is under way on an endpoint is found among all that ever were.
    __table_args__ = (Index("ix_promotion_rollouts_endpoint_id", "endpoint_id", "state"),)

    promotion_id: str = Field(primary_key=True, foreign_key="promotions.id")
    endpoint_id: str
    step: int
    state: str = Field(index=True)
    generation: int
    before: list[Any] = json_field(list)
    cause: str
    switched_at: datetime = time_field()
    settled_at: datetime | None = time_field(nullable=True)


class StateRow(SQLModel, table=True):
    """A change of a request's state: one for one with an event in the audit log."""

    __tablename__ = "promotion_states"

    id: int | None = Field(default=None, primary_key=True)
    promotion_id: str = Field(index=True, foreign_key="promotions.id")
    before: str
    state: str
    actor: str
    at: datetime = time_field()
