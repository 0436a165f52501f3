"""Rows of training sets as values."""

from core.features.tables import TrainingSetRow
from core.features.training_sets.values import (
    EntityQuery,
    LeakReport,
    ShareSplits,
    Split,
    SplitFile,
    TrainingSet,
    TrainingSetManifest,
)
from core.features.values import FeatureContract, LeakFinding, ViewUse
from core.foundation.actions.call import Call
from core.foundation.listings import row_of
from core.foundation.text import _

JSON_OF_TRAINING_SET = {
    "entity",
    "uses",
    "asked",
    "splits",
    "contract",
    "leaks",
    "notes",
    "leak_report",
    "manifest",
}


def training_set_row(call: Call, training_set_id: str) -> TrainingSetRow:
    return row_of(call, TrainingSetRow, training_set_id, refusal=_("{id} is no training set"), field="training_set_id")


def find_training_set(call: Call, training_set_id: str) -> TrainingSet:
    """A training set as it is in the caller's transaction; the caller has checked that it may be read."""
    return training_set_of(training_set_row(call, training_set_id))


def training_set_of(row: TrainingSetRow) -> TrainingSet:
    return TrainingSet(
        **row.model_dump(exclude=JSON_OF_TRAINING_SET),
        title=row.entry.title,
        entity=EntityQuery.model_validate(row.entity),
        uses=tuple(ViewUse.model_validate(use) for use in row.uses),
        asked=windows_of(row),
        shares=shares_of(row),
        splits=tuple(SplitFile.model_validate(split) for split in row.splits),
        contract=FeatureContract.model_validate(row.contract) if row.contract else None,
        leaks=tuple(LeakFinding.model_validate(leak) for leak in row.leaks),
        notes=tuple(row.notes),
        leak_report=LeakReport.model_validate(row.leak_report) if row.leak_report else None,
        manifest=TrainingSetManifest.model_validate(row.manifest) if row.manifest else None,
    )


def windows_of(row: TrainingSetRow) -> tuple[Split, ...]:
    """The windows of time that were asked for."""
    return tuple(Split.model_validate(split) for split in row.asked) if isinstance(row.asked, list) else ()


def shares_of(row: TrainingSetRow) -> ShareSplits | None:
    """The shares that were asked for."""
    return ShareSplits.model_validate(row.asked) if isinstance(row.asked, dict) else None
