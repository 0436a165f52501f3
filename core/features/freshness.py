"""Whether a view's rows are as new as they should be."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlmodel import select

from core.features.records import live_version, version_row, versions_of
from core.features.statistics_values import Freshness
from core.features.tables import FeatureVersionRow, MaterializationRow
from core.foundation.actions import Call
from core.foundation.text import _
from core.lake import ColumnProfile, LakeService
from core.lake.tables import SnapshotRow


def freshness_of(call: Call, view_id: str, *, lake: LakeService) -> Freshness:
    """Of the version that people get: the live one, else the newest."""
    newest = versions_of(call, view_id)
    live = live_version(call, view_id)
    row = version_row(call, live) if live else newest[0] if newest else None
    if row is None or row.newest_event is None:
        return _no_data(view_id, row.id if row else "")
    orders = call.session.exec(select(MaterializationRow).where(MaterializationRow.version_id == row.id)).all()
    source = _newest_source(call, row, lake)
    age = (call.now - row.newest_event).total_seconds()
    behind = max(0.0, (source - row.newest_event).total_seconds()) if source else None
    expected = row.ttl_seconds or max((order.every_seconds for order in orders), default=0)
    reason = _reason(age, behind, expected)
    return Freshness(
        view_id=view_id,
        version_id=row.id,
        newest_event=row.newest_event,
        newest_source=source,
        age_seconds=age,
        behind_seconds=behind,
        expected_seconds=expected,
        materialized_until=max((order.watermark for order in orders if order.watermark), default=None),
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


def _newest_source(call: Call, row: FeatureVersionRow, lake: LakeService) -> datetime | None:
    """The newest value of the event time's column in the newest snapshots of the sources' datasets."""
    found = []
    for snapshot_id in row.sources.values():
        newest = lake.newest(call, lake.snapshot(call, snapshot_id).dataset_id)
        profiles = call.session.get_one(SnapshotRow, newest.id).profile if newest else ()
        found += _latest([ColumnProfile.model_validate(item) for item in profiles], row.event_time)
    return max(found, default=None)


def _latest(profiles: Sequence[ColumnProfile], column: str) -> list[datetime]:
    texts = [item.maximum for item in profiles if item.name == column and item.kind == "time" and item.maximum]
    return [moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in map(datetime.fromisoformat, texts)]


def _no_data(view_id: str, version_id: str) -> Freshness:
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
        reason=_("It has no rows yet."),
    )
