"""Materializations and their parts, read in the caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlmodel import col, func, select

from core.features.materialization.plan import live_view
from core.features.materialization.values import Materialization, MissingOnline
from core.features.tables import FeatureVersionRow, FeatureViewRow, MaterializationRow, MaterializedPartRow
from core.features.values import FeatureContract, FeatureVersion, MaterializationState, ServedView, VersionState
from core.features.versions.records import find_version
from core.features.versions.sources import SourceSnapshots
from core.features.versions.states import GIVEN_UP
from core.foundation.actions.call import Call
from core.foundation.errors import Conflict
from core.foundation.listings import row_of
from core.foundation.text import _, in_state

SERVED = (VersionState.STAGED, VersionState.PUBLISHED, VersionState.DEPRECATED)
State = MaterializationState


def materialization_row(call: Call, materialization_id: str) -> MaterializationRow:
    refusal = _("{id} is no materialization")
    return row_of(call, MaterializationRow, materialization_id, refusal=refusal, field="materialization_id")


def materialization_of_version(call: Call, version_id: str) -> MaterializationRow | None:
    """The materialization of a version that is not removed; there is one at most."""
    mine = (col(MaterializationRow.version_id) == version_id, col(MaterializationRow.state) != State.REMOVED)
    return call.session.exec(select(MaterializationRow).where(*mine)).first()


def materializations_of(
    call: Call, rows: Sequence[MaterializationRow], *, sources: SourceSnapshots
) -> tuple[Materialization, ...]:
    """Materializations as values. Asks as often for many as for one."""
    versions = _versions(call, {row.version_id for row in rows})
    newest = sources.newest_of(call, {id_ for version in versions.values() for id_ in version.sources.values()})
    parts = _count_parts(call, [row.id for row in rows])
    return tuple(_value(row, versions[row.version_id], newest=newest, parts=parts.get(row.id, 0)) for row in rows)


class _Version(NamedTuple):
    """What a materialization shows of its version."""

    view_id: str
    view: str
    version: int
    sources: dict[str, str]


def _versions(call: Call, version_ids: Collection[str]) -> dict[str, _Version]:
    version = FeatureVersionRow
    columns: Any = (version.id, version.view_id, FeatureViewRow.name, version.version, version.sources)
    joined = select(*columns).select_from(version).join(FeatureViewRow)
    rows = call.session.exec(joined.where(col(version.id).in_(version_ids)))
    return {version_id: _Version(*others) for version_id, *others in rows}


def _count_parts(call: Call, materialization_ids: Collection[str]) -> dict[str, int]:
    owner = col(MaterializedPartRow.materialization_id)
    counted = select(owner, func.count()).where(owner.in_(materialization_ids)).group_by(owner)
    return dict(call.session.exec(counted).all())


def _value(row: MaterializationRow, version: _Version, *, newest: Mapping[str, str], parts: int) -> Materialization:
    sources = {name: newest[snapshot_id] for name, snapshot_id in version.sources.items()}
    return Materialization(
        **row.model_dump(),
        view_id=version.view_id,
        view=version.view,
        version=version.version,
        behind=row.state != State.REMOVED and sources != row.snapshots,
        parts=parts,
    )


def parts_known(call: Call, row: MaterializationRow) -> Sequence[MaterializedPartRow]:
    mine = select(MaterializedPartRow).where(MaterializedPartRow.materialization_id == row.id)
    return call.session.exec(mine.order_by(MaterializedPartRow.partition)).all()


def missing_online(call: Call, contract: FeatureContract) -> tuple[MissingOnline, ...]:
    """The versions that a contract looks up and of which the live store has no rows."""
    missing = (_missing(call, view.version_id, view.view) for view in contract.views)
    return tuple(item for item in missing if item is not None)


def served_version(call: Call, version_id: str) -> FeatureVersion:
    """A version that may be kept online. Conflict for one that is not built, or retired."""
    version = find_version(call, version_id)
    if version.state not in SERVED:
        raise Conflict(
            in_state(f"{version.view} v{version.version}", version.state),
            hint=_("Only versions that are built and not given up are kept online."),
        )
    return version


def unshared_rows(call: Call, row: MaterializationRow) -> ServedView | None:
    """The view whose rows go with a version that was given up; None where another version shares them."""
    version = find_version(call, row.version_id)
    return None if _is_shared(call, version) else live_view(version)


def _is_shared(call: Call, version: FeatureVersion) -> bool:
    """Whether another version with the same digest, hence the same rows, is kept online."""
    same = select(FeatureVersionRow.id).where(
        FeatureVersionRow.digest == version.digest,
        FeatureVersionRow.id != version.id,
        col(FeatureVersionRow.state).not_in(GIVEN_UP),
    )
    others = select(MaterializationRow.id).where(
        col(MaterializationRow.version_id).in_(same), col(MaterializationRow.state) != State.REMOVED
    )
    return call.session.exec(others).first() is not None


def _missing(call: Call, version_id: str, view: str) -> MissingOnline | None:
    row = materialization_of_version(call, version_id)
    if row is not None and row.as_of is not None:
        return None
    reason = _("is not materialized: its inputs will be missing")
    if row is not None:
        reason = row.cause or _("is being materialized for the first time")
    return MissingOnline(version_id=version_id, view=view, reason=reason)
