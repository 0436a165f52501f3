"""Materializations, online answers and parity reports as pages and scripts see them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from core.features.online.store import Status
from core.features.values import MaterializationState, ServedView
from core.foundation.values import Value

Verdict = Literal["pass", "fail", "inconclusive", "no data"]
Every = Annotated[int, Field(ge=0, le=366 * 86_400)]


class Cause(StrEnum):
    """Why an online answer is not the offline one. LOST is a row that was put and that the store has no more, LATE one
    that came late into what had been put already, WITHDRAWN one that was put and that the sources have no more, DEFAULT
    a value that one side filled and the other left null, CODE the answer of another version of the view."""

    LOST = "lost from the store"
    LATE = "late row"
    WITHDRAWN = "withdrawn row"
    TTL = "ttl"
    DEFAULT = "default"
    ROUNDING = "type or rounding"
    KEY = "key"
    CODE = "code version"
    MISSING = "missing materialization"
    UNKNOWN = "unknown"


class Materialization(Value):
    """A schedule to keep a feature version's newest rows in the online store. `watermark` is the newest event
    time that was put, `as_of` the instant of the last run that succeeded: all that was known by then is in the store.
    `snapshots` are what that run read. It is `behind` when newer data lie there. `every_seconds` 0 is by hand."""

    id: str
    project: str
    version_id: str
    view_id: str
    view: str
    version: int
    state: MaterializationState
    every_seconds: int
    due_at: datetime | None
    watermark: datetime | None
    as_of: datetime | None
    snapshots: dict[str, str]
    behind: bool
    parts: int
    rows: int
    keys: int
    job_id: str
    cause: str
    finished_at: datetime | None
    created_by: str
    created_at: datetime


class MaterializedPart(Value):
    """The rows of one day of event time that a materialization computed, or of all time where `day` is empty.
    `newest_known` is the instant at which the last of them became known, `made_at` when they were computed."""

    day: str
    rows: int
    newest_event: datetime | None
    newest_known: datetime | None
    made_at: datetime


class DueMaterialization(Value):
    """What the worker has to do about a materialization: run it, or, where its version was given up, remove the rows
    of `view_to_clear` from the store; None where another version shares them."""

    id: str
    is_given_up: bool
    view_to_clear: ServedView | None = None


class OnlineAnswer(Value):
    """What the online store says of a key. `values` are by feature, as a model takes them (text and doubles), all None
    unless the status is "present". The times are those of the row that was found, also where it has expired."""

    status: Status
    values: dict[str, Any]
    event_time: datetime | None = None
    created_time: datetime | None = None


class MissingOnline(Value):
    """A feature version that a model looks up and that the online store does not have: its inputs will be missing."""

    version_id: str
    view: str
    reason: str


class ParityMismatch(Value):
    """A key whose online answer is not the offline one. Answers are written as a status and the values by feature."""

    key: dict[str, Any]
    offline_status: Status
    online_status: Status
    offline: dict[str, Any]
    online: dict[str, Any]
    cause: Cause


class FeatureParityReport(Value):
    """The online store against the point-in-time join at one instant, key by key. `moved_on` keys could not be
    compared: their online row was known only after the instant. `rows_digest` names the offline rows."""

    version_id: str
    version_digest: str
    at: datetime
    keys: int
    compared: int
    cells: int
    mismatches: int
    moved_on: int
    statuses: dict[str, int]
    causes: dict[str, int]
    by_feature: dict[str, int]
    worst: tuple[ParityMismatch, ...]
    snapshots: dict[str, str]
    rows_digest: str


class FeatureParity(Value):
    """A parity check of a feature version. `report` and `verdict` are there once it has run; `digest` names the report
    in the store, where it never changes."""

    id: str
    project: str
    version_id: str
    state: Literal["running", "done", "failed"]
    verdict: Verdict | Literal[""]
    report: FeatureParityReport | None
    digest: str
    job_id: str
    cause: str
    created_by: str
    created_at: datetime
