"""Whether a view's rows are as new as they should be."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlmodel import col, select

from core.features.catalog.known_rows import newest_known_event
from core.features.catalog.values import Freshness
from core.features.tables import FeatureVersionRow, MaterializationRow
from core.features.versions.records import live_version, version_row, versions_of
from core.foundation.actions.call import Call
from core.foundation.text import _
from core.lake.cells import moment_of_text
from core.lake.tables import DatasetRow, SnapshotRow
from core.lake.values import ColumnProfile

Moments = dict[str, datetime]


def freshness_of(call: Call, view_id: str) -> Freshness:
    """Of the version that people get: the live one, else the newest."""
    newest = versions_of(call, view_id)
    live = live_version(call, view_id)
    row = version_row(call, live) if live else newest[0] if newest else None
    return freshness_by_version(call, [row])[row.id] if row is not None else _no_data(view_id, "")


def freshness_by_version(call: Call, rows: Sequence[FeatureVersionRow]) -> dict[str, Freshness]:
    """Of each version, by its id. Asks three times, however many there are."""
    built = [row for row in rows if row.newest_event is not None]
    wanted = select(MaterializationRow).where(col(MaterializationRow.version_id).in_([row.id for row in built]))
    schedules: dict[str, list[MaterializationRow]] = {}
    for schedule in call.session.exec(wanted) if built else ():
        schedules.setdefault(schedule.version_id, []).append(schedule)
    sources = newest_moments(call, {source for row in built for source in row.sources.values()})
    judged = {row.id: _judged(call, row, schedules.get(row.id, ()), sources) for row in built}
    return {row.id: judged.get(row.id) or _no_data(row.view_id, row.id) for row in rows}


def _judged(
    call: Call, row: FeatureVersionRow, schedules: Sequence[MaterializationRow], sources: Mapping[str, Moments]
) -> Freshness:
    assert row.newest_event is not None
    moments = (sources.get(source, {}).get(row.event_time) for source in row.sources.values())
    source = max((moment for moment in moments if moment), default=None)
    online = max((schedule.watermark for schedule in schedules if schedule.watermark), default=None)
    known = newest_known_event(call.foundation.store, row, now=call.now)
    if known is None:
        return _no_data(row.view_id, row.id, reason=_("None of its rows is known yet."))
    age = (call.now - max(known, online or known)).total_seconds()
    # The newest of all rows on both sides: a row ahead of now is no sign that others are missing.
    behind = max(0.0, (source - max(row.newest_event, online or known)).total_seconds()) if source else None
    expected = row.ttl_seconds or max((schedule.every_seconds for schedule in schedules), default=0)
    reason = _reason(age, behind, expected)
    return Freshness(
        view_id=row.view_id,
        version_id=row.id,
        newest_event=known,
        newest_source=source,
        age_seconds=age,
        behind_seconds=behind,
        expected_seconds=expected,
        materialized_until=online,
        verdict="stale" if reason else "fresh",
        reason=reason or _("Its newest row is as new as it should be."),
    )


def _reason(age: float, behind: float | None, expected: int) -> str:
    """Why it is stale; empty when it is not."""
    if expected and age > expected:
        return _("Its newest row is older than its ttl or its schedule allows.")
    if behind is not None and behind > expected:
        return _("Its sources have newer rows than it was built from.")
    return ""


def newest_moments(call: Call, snapshot_ids: Collection[str]) -> dict[str, Moments]:
    """For each snapshot, the newest value of every column of times in the newest snapshot of its dataset."""
    named = select(SnapshotRow.id, SnapshotRow.dataset_id).where(col(SnapshotRow.id).in_(snapshot_ids))
    datasets = dict(call.session.exec(named).all()) if snapshot_ids else {}
    undeleted = select(SnapshotRow.id).where(
        SnapshotRow.dataset_id == DatasetRow.id, col(SnapshotRow.deleted_at).is_(None)
    )
    newest_first = undeleted.order_by(col(SnapshotRow.version).desc()).limit(1).correlate(DatasetRow)
    is_newest = col(SnapshotRow.id) == newest_first.scalar_subquery()
    newest = select(DatasetRow.id, SnapshotRow.profile).select_from(DatasetRow).join(SnapshotRow, is_newest)
    wanted = newest.where(col(DatasetRow.id).in_(set(datasets.values())))
    profiles = call.session.exec(wanted) if datasets else ()
    moments = {dataset_id: _moments(profile) for dataset_id, profile in profiles}
    return {snapshot_id: moments.get(dataset_id, {}) for snapshot_id, dataset_id in datasets.items()}


def _moments(profile: Sequence[Any]) -> Moments:
    columns = [ColumnProfile.model_validate(item) for item in profile]
    ends = ((item.name, moment_of_text(item.maximum)) for item in columns if item.kind == "time")
    return {name: end.replace(tzinfo=end.tzinfo or UTC) for name, end in ends if end is not None}


def _no_data(view_id: str, version_id: str, *, reason: str = "") -> Freshness:
    return Freshness(
        view_id=view_id,
        version_id=version_id,
        newest_event=None,
        newest_source=None,
        age_seconds=None,
        behind_seconds=None,
        expected_seconds=0,
        materialized_until=None,
        verdict="no data",
        reason=reason or _("It has no rows yet."),
    )
