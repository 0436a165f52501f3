"""Who uses a feature version and what it costs, and what nobody uses."""

from collections import Counter

from sqlalchemy.orm import defer
from sqlmodel import col, exists, func, select

from core.features.catalog.values import DeadFeature, FeatureCost, FeatureUsage
from core.features.tables import FeatureVersionRow, FeatureViewRow, MaterializationRow
from core.features.values import MaterializationState
from core.features.versions.impact import impact_of
from core.features.versions.records import JOINED_INTO, version_row
from core.features.versions.states import GIVEN_UP
from core.foundation.actions.call import Call
from core.foundation.ids import Kind
from core.foundation.listings import conditions
from core.foundation.objects import LinkRow, ObjectRow, are_kept
from core.foundation.ports import LiveUses
from core.foundation.storage import Store

MOST_DEAD = 200
HEAVY = ("statistics", "sql", "python", "checks", "notes", "tests")


def usage_of(call: Call, version_id: str, *, live_uses: LiveUses) -> FeatureUsage:
    row = version_row(call, version_id)
    impact = impact_of(call, row.view_id, versions=[version_id], live_uses=live_uses)
    ids = [consumer.object_id for consumer in impact.consumers]
    kinds = Counter(consumer.kind for consumer in impact.consumers)
    newest = select(func.max(ObjectRow.created_at)).where(col(ObjectRow.id).in_(ids))
    return FeatureUsage(
        version_id=version_id,
        consumers=impact.consumers,
        is_cut=impact.is_cut,
        training_sets=kinds[Kind.TRAINING_SET],
        runs=kinds[Kind.RUN],
        model_versions=kinds[Kind.MODEL_VERSION],
        endpoints=kinds[Kind.ENDPOINT],
        live=sum(consumer.is_live for consumer in impact.consumers),
        last_used=call.session.exec(newest).one(),
        cost=cost_of(row, call.foundation.store),
    )


def cost_of(row: FeatureVersionRow, store: Store) -> FeatureCost:
    path = store.path(row.rows_digest) if row.rows_digest else None
    size = path.stat().st_size if path is not None and path.exists() else 0
    return FeatureCost(build_seconds=row.build_seconds, rows=row.rows, bytes=size)


def dead_of(call: Call, project: str, *, live_uses: LiveUses) -> tuple[DeadFeature, ...]:
    """The built versions that nothing uses, the most expensive first, at most 200 of them."""
    joined = exists().where(col(LinkRow.source) == FeatureVersionRow.id, col(LinkRow.relation) == JOINED_INTO)
    is_kept = col(MaterializationRow.state) != MaterializationState.REMOVED
    materialized = exists().where(col(MaterializationRow.version_id) == FeatureVersionRow.id, is_kept)
    owned = select(FeatureVersionRow, FeatureViewRow).join(FeatureViewRow)
    wanted = owned.where(
        *conditions(call, FeatureViewRow, project=project),
        are_kept(FeatureViewRow.id, kind=Kind.FEATURE_VIEW),
        FeatureVersionRow.rows_digest != "",
        col(FeatureVersionRow.state).not_in(GIVEN_UP),
        ~joined,
        ~materialized,
    )
    costly = wanted.order_by(col(FeatureVersionRow.build_seconds).desc(), col(FeatureVersionRow.rows).desc())
    light = costly.options(*(defer(getattr(FeatureVersionRow, name)) for name in HEAVY))
    live = live_uses.reached(call.session)
    rows = call.session.exec(light.limit(MOST_DEAD))
    return tuple(_dead(call, row, view) for row, view in rows if row.id not in live)


def _dead(call: Call, row: FeatureVersionRow, view: FeatureViewRow) -> DeadFeature:
    return DeadFeature(
        view_id=view.id,
        view=view.name,
        project=view.project,
        version_id=row.id,
        version=row.version,
        state=row.state,
        owner=view.owner,
        features=len(row.features),
        created_at=row.created_at,
        age_seconds=(call.now - row.created_at).total_seconds(),
        cost=cost_of(row, call.foundation.store),
    )
