"""What a training set must have before anyone trains on it. Checked when a run is requested, from what the portal
knows, and again by the training process, from the rows themselves."""

from datetime import datetime

from core.features.training_sets.values import SplitFile, TrainingSet, TrainingSetState
from core.features.values import FeatureContract
from core.foundation.errors import Conflict, Invalid, PortalError
from core.foundation.text import _, in_state
from core.tasks.task import task_of
from core.tasks.values import Target

TRAIN, VALIDATION = "train", "validation"
LABEL, ROW_ID, EVENT_TIME = "label", "row_id", "event_time"
LEAST_ROWS = 20


def trainable(training_set: TrainingSet, *, now: datetime) -> FeatureContract:
    """The contract of a training set that can be learned from. Conflict when it is not ready, Invalid when its rows
    cannot teach anything."""
    if training_set.state is not TrainingSetState.READY or training_set.contract is None:
        raise Conflict(
            in_state(training_set.id, training_set.state),
            hint=training_set.cause or _("Wait until it is ready, or choose another training set."),
        )
    _refuse_no_task(training_set)
    refuse_missing_splits({split.name for split in training_set.splits})
    for split in training_set.splits:
        _refuse_split(split, target=training_set.target, now=now)
    refuse_no_features(training_set.contract)
    return training_set.contract


def reason_against(training_set: TrainingSet, *, now: datetime) -> str:
    """Why a training set cannot be learned from, in words with what to do; empty when it can."""
    try:
        trainable(training_set, now=now)
    except PortalError as error:
        return error.in_full
    return ""


def _refuse_no_task(training_set: TrainingSet) -> None:
    entity = training_set.entity
    if not entity.label:
        raise refused(_("it has no label"), hint=_("Make one like it with a label."))
    if not entity.can_teach:
        reason = _("its label {name} belongs to no task").format(name=entity.label)
        raise refused(reason, hint=_("Make one like it that names the task of its label."))


def _refuse_split(split: SplitFile, *, target: Target, now: datetime) -> None:
    refuse_few_rows(split.name, rows=split.rows)
    spread = split.label_spread
    if spread and (reason := task_of(target).refuse_labels(spread)):
        raise refused(_("in the split {split}, {reason}").format(split=split.name, reason=reason))
    refuse_future(split.name, newest=split.newest_event, now=now)


def refuse_missing_splits(names: set[str]) -> None:
    for name in (TRAIN, VALIDATION):
        if name not in names:
            raise refused(_("it has no split called {name}").format(name=name))


def refuse_few_rows(split: str, *, rows: int) -> None:
    if rows < LEAST_ROWS:
        reason = _("the split {split} has {rows} rows and {least} are the least")
        raise refused(reason.format(split=split, rows=rows, least=LEAST_ROWS))


def refuse_future(split: str, *, newest: datetime | None, now: datetime) -> None:
    """What has not happened yet has no outcome to learn from."""
    if newest is not None and newest > now:
        raise refused(_("the split {split} has rows of the future ({newest})").format(split=split, newest=newest))


def refuse_no_features(contract: FeatureContract) -> None:
    if not contract.inputs():
        raise refused(_("it has no feature"))


def refused(reason: str, *, hint: str = "") -> Invalid:
    return Invalid(
        _("This training set cannot be learned from: {reason}").format(reason=reason),
        hint=hint or _("Look at its rows and make another one."),
        field="training_set_id",
    )
