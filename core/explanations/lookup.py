"""From a feature to what it brought: the newest evidence about a model version that was trained with it."""

from sqlalchemy.orm import aliased
from sqlmodel import col, select

from core.explanations.values import IMPORTANCE, FeatureImportance, FeatureImportances, ImportanceReport
from core.foundation.actions.call import Call
from core.foundation.objects import LinkRow, ObjectRow
from core.registry.evidence import evidence_of
from core.registry.tables import EvidenceRow
from core.registry.values import Evidence


def newest_with_feature(call: Call, feature_version_id: str) -> FeatureImportances:
    """Of every feature of the version of a view that the model takes; none where no such model was measured."""
    evidence = _newest(call, feature_version_id)
    if evidence is None:
        return FeatureImportances(feature_version_id=feature_version_id)
    report, title = ImportanceReport.model_validate(evidence.content), _title(call, evidence.subject)
    shares = report.shares
    features = {
        entry.feature: FeatureImportance(
            version_id=evidence.subject, title=title, input=entry.name, share=shares[entry.name], rank=rank
        )
        for rank, entry in enumerate(report.inputs, start=1)
        if entry.view == feature_version_id
    }
    return FeatureImportances(feature_version_id=feature_version_id, evidence_id=evidence.id, features=features)


def _newest(call: Call, feature_version_id: str) -> Evidence | None:
    """By the links of the chain: into training sets, from which runs were started, which produced versions."""
    joined, trained, produced = aliased(LinkRow), aliased(LinkRow), aliased(LinkRow)
    wanted = (
        select(EvidenceRow)
        .join(produced, col(produced.target) == EvidenceRow.subject)
        .join(trained, col(trained.target) == produced.source)
        .join(joined, col(joined.target) == trained.source)
        .where(joined.source == feature_version_id, EvidenceRow.kind == IMPORTANCE)
        .order_by(col(EvidenceRow.created_at).desc(), col(EvidenceRow.id).desc())
    )
    row = call.session.exec(wanted.limit(1)).first()
    return evidence_of(row) if row is not None else None


def _title(call: Call, version_id: str) -> str:
    return call.session.get_one(ObjectRow, version_id).title
