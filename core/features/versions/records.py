"""Rows of the tables as values, and how they are found."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement
from sqlalchemy.orm import defer
from sqlmodel import col, func, select, tuple_

from core.features.logic.revisions import revision_of
from core.features.tables import AliasRow, FeatureVersionRow, FeatureViewRow
from core.features.values import Check, Feature, FeatureVersion, FeatureView, VersionState, VersionTests
from core.foundation.actions.call import Call
from core.foundation.errors import Conflict
from core.foundation.listings import row_of
from core.foundation.objects import LinkRow
from core.foundation.text import _

JOINED_INTO = "joined into"
# Further back nobody looks for what a version of a view is like, or who uses it.
MOST_VERSIONS = 200
JSON_OF_VERSION = ("features", "notes", "tags", "tests", "checks", "categories", "numbers")


def view_row(call: Call, view_id: str) -> FeatureViewRow:
    return row_of(call, FeatureViewRow, view_id, refusal=_("{id} is no feature view"), field="view_id")


def version_row(call: Call, version_id: str) -> FeatureVersionRow:
    return row_of(call, FeatureVersionRow, version_id, refusal=_("{id} is no feature version"), field="version_id")


def versions_of(
    call: Call, view_id: str, *, offset: int = 0, limit: int = 1, discarded: bool = False
) -> Sequence[FeatureVersionRow]:
    """The versions of a view, the newest first; those that were discarded where it is asked for."""
    rows = select(FeatureVersionRow).where(*_listed(view_id, discarded=discarded))
    newest_first = rows.order_by(col(FeatureVersionRow.version).desc())
    return call.session.exec(newest_first.offset(offset).limit(limit)).all()


def count_versions(call: Call, view_id: str, *, discarded: bool = False) -> int:
    counted = select(func.count()).select_from(FeatureVersionRow).where(*_listed(view_id, discarded=discarded))
    return call.session.exec(counted).one()


def newest_number(call: Call, view_id: str) -> int:
    """The last number that was given to a version of a view, 0 before the first."""
    newest = select(func.max(FeatureVersionRow.version)).where(FeatureVersionRow.view_id == view_id)
    return call.session.exec(newest).one() or 0


def _listed(view_id: str, *, discarded: bool) -> list[ColumnElement[bool]]:
    conditions = [col(FeatureVersionRow.view_id) == view_id]
    return conditions if discarded else [*conditions, col(FeatureVersionRow.state) != VersionState.DISCARDED]


class _Numbers(NamedTuple):
    """How many versions of a view there are to see, the newest of them, and the last number that was given."""

    versions: int = 0
    newest: int = 0
    last: int = 0


def view_of(call: Call, row: FeatureViewRow) -> FeatureView:
    return views_of(call, [row])[0]


def views_of(call: Call, rows: Sequence[FeatureViewRow]) -> tuple[FeatureView, ...]:
    """Feature views as values. Asks as often for many as for one."""
    ids = [row.id for row in rows]
    numbers = _numbers(call, ids)
    newest = [(view_id, number.newest) for view_id, number in numbers.items() if number.newest]
    is_newest = tuple_(col(FeatureVersionRow.view_id), col(FeatureVersionRow.version)).in_(newest)
    latest = {version.view_id: version for version in _versions_where(call, is_newest)}
    is_live = col(FeatureVersionRow.id).in_(_pointed_at(call, ids))
    pointed = [version for version in _versions_where(call, is_live) if version.state != VersionState.RETIRED]
    live = {version.view_id: version for version in pointed}
    return tuple(
        FeatureView(
            **row.model_dump(exclude={"keys", "tags"}),
            title=row.entry.title,
            keys=tuple(row.keys),
            tags=tuple(row.tags),
            live=live.get(row.id),
            latest=latest.get(row.id),
            versions=numbers.get(row.id, _Numbers()).versions,
            newest_number=numbers.get(row.id, _Numbers()).last,
        )
        for row in rows
    )


def _numbers(call: Call, view_ids: Collection[str]) -> dict[str, _Numbers]:
    is_kept = col(FeatureVersionRow.state) != VersionState.DISCARDED
    newest = func.max(FeatureVersionRow.version)
    columns = (func.count().filter(is_kept), newest.filter(is_kept), newest)
    grouped = select(FeatureVersionRow.view_id, *columns).where(col(FeatureVersionRow.view_id).in_(view_ids))
    rows = call.session.exec(grouped.group_by(FeatureVersionRow.view_id))
    return {view_id: _Numbers(count, newest or 0, last) for view_id, count, newest, last in rows}


def _pointed_at(call: Call, view_ids: Collection[str]) -> list[str]:
    """The versions that the aliases of these views point at now."""
    newest = select(AliasRow.view_id, func.max(AliasRow.number)).where(col(AliasRow.view_id).in_(view_ids))
    is_newest = tuple_(col(AliasRow.view_id), col(AliasRow.number)).in_(newest.group_by(AliasRow.view_id))
    return list(call.session.exec(select(AliasRow.version_id).where(is_newest)))


def _versions_where(call: Call, condition: ColumnElement[bool]) -> tuple[FeatureVersion, ...]:
    heavy: Any = FeatureVersionRow.statistics
    wanted = select(FeatureVersionRow).where(condition).options(defer(heavy))
    return values_of(call, call.session.exec(wanted).all())


def joined_into(call: Call, version_id: str) -> list[str]:
    """The ids of the training sets that were made with a version."""
    targets = select(LinkRow.target).where(LinkRow.source == version_id, LinkRow.relation == JOINED_INTO)
    return list(call.session.exec(targets.order_by(LinkRow.target)))


def live_version(call: Call, view_id: str) -> str:
    """The id of the version that a view's alias points at; empty before the first is published and when it is
    retired."""
    points = select(AliasRow).where(AliasRow.view_id == view_id).order_by(col(AliasRow.number).desc())
    newest = call.session.exec(points.limit(1)).first()
    is_there = newest is not None and version_row(call, newest.version_id).state != VersionState.RETIRED
    return newest.version_id if newest is not None and is_there else ""


def find_version(call: Call, version_id: str) -> FeatureVersion:
    """A feature version as it is in the caller's transaction; the caller has checked that it may be read."""
    return version_of(call, version_row(call, version_id))


def version_of(call: Call, row: FeatureVersionRow) -> FeatureVersion:
    return values_of(call, [row])[0]


def values_of(call: Call, rows: Sequence[FeatureVersionRow]) -> tuple[FeatureVersion, ...]:
    """Feature versions as values. Asks as often for many as for one."""
    named = select(FeatureViewRow).where(col(FeatureViewRow.id).in_({row.view_id for row in rows}))
    views = {view.id: view for view in call.session.exec(named)}
    used = uses_of(call, [row.id for row in rows])
    return tuple(_value(row, views[row.view_id], used_by=used.get(row.id, 0)) for row in rows)


def uses_of(call: Call, version_ids: Collection[str]) -> dict[str, int]:
    """How many training sets were made with each version that was used at all."""
    counted = select(LinkRow.source, func.count()).where(
        col(LinkRow.source).in_(version_ids), LinkRow.relation == JOINED_INTO
    )
    return dict(call.session.exec(counted.group_by(LinkRow.source)).all())


def _value(row: FeatureVersionRow, view: FeatureViewRow, *, used_by: int) -> FeatureVersion:
    return FeatureVersion(
        **row.model_dump(exclude={*JSON_OF_VERSION, "statistics", "until"}),
        title=row.entry.title,
        view=view.name,
        project=view.project,
        keys=tuple(view.keys),
        features=tuple(Feature.model_validate(feature) for feature in row.features),
        notes=tuple(row.notes),
        tags=tuple(row.tags),
        categories=tuple(row.categories),
        numbers=tuple(row.numbers),
        tests=VersionTests.model_validate(row.tests),
        checks=tuple(Check.model_validate(check) for check in row.checks),
        revision=revision_of(row),
        used_by=used_by,
    )


def refuse_without_rows(rows: object, state: str) -> None:
    """Conflict for what has no rows yet, or has none any more."""
    if not rows:
        raise Conflict(_("There are no rows to show: it is {state}").format(state=state))
