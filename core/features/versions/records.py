"""Rows of the tables as values, and how they are found."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement
from sqlmodel import col, func, select

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
    rows = select(FeatureVersionRow).where(*_kept(view_id, discarded=discarded))
    newest_first = rows.order_by(col(FeatureVersionRow.version).desc())
    return call.session.exec(newest_first.offset(offset).limit(limit)).all()


def count_versions(call: Call, view_id: str, *, discarded: bool = False) -> int:
    counted = select(func.count()).select_from(FeatureVersionRow).where(*_kept(view_id, discarded=discarded))
    return call.session.exec(counted).one()


def newest_number(call: Call, view_id: str) -> int:
    """The last number that was given to a version of a view, 0 before the first."""
    newest = select(func.max(FeatureVersionRow.version)).where(FeatureVersionRow.view_id == view_id)
    return call.session.exec(newest).one() or 0


def _kept(view_id: str, *, discarded: bool) -> list[ColumnElement[bool]]:
    conditions = [col(FeatureVersionRow.view_id) == view_id]
    return conditions if discarded else [*conditions, col(FeatureVersionRow.state) != VersionState.DISCARDED]


def view_of(call: Call, row: FeatureViewRow) -> FeatureView:
    newest = versions_of(call, row.id)
    live = live_version(call, row.id)
    return FeatureView(
        **row.model_dump(exclude={"keys", "tags"}),
        keys=tuple(row.keys),
        tags=tuple(row.tags),
        live=version_of(call, version_row(call, live)) if live else None,
        latest=version_of(call, newest[0]) if newest else None,
        versions=count_versions(call, row.id),
        newest_number=newest_number(call, row.id),
    )


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
    view = view_row(call, row.view_id)
    used = select(func.count()).select_from(LinkRow).where(LinkRow.source == row.id, LinkRow.relation == JOINED_INTO)
    return FeatureVersion(
        **row.model_dump(exclude={*JSON_OF_VERSION, "statistics", "until"}),
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
        used_by=call.session.exec(used).one(),
    )


def refuse_without_rows(rows: object, state: str) -> None:
    """Conflict for what has no rows yet, or has none any more."""
    if not rows:
        raise Conflict(_("There are no rows to show: it is {state}").format(state=state))
