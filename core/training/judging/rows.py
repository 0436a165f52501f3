"""The rows to judge on: a split of a training set as it was joined, or a snapshot of a dataset as it is. The same rows
have the same digest whoever is judged on them, so that versions can be compared in pairs."""

from core.features.training_sets.service import TrainingSetService
from core.features.training_sets.values import SplitFile, TrainingSet
from core.features.values import FeatureContract
from core.foundation.actions.call import Call
from core.foundation.digests import digest_of
from core.foundation.errors import Conflict, Invalid
from core.foundation.text import _, in_state
from core.lake.datasets.service import DatasetService
from core.lake.values import Snapshot
from core.registry.holdouts import JUDGED_FIRST
from core.registry.values import ModelVersion
from core.training.judging.values import JudgedRows
from core.training.splits import LABEL, ROW_ID, TRAIN, VALIDATION


class RowsToJudge:
    """Reads them in the caller's transaction."""

    def __init__(self, training_sets: TrainingSetService, lake: DatasetService) -> None:
        self._training_sets, self._lake = training_sets, lake

    def of(
        self, call: Call, version: ModelVersion, *, training_set_id: str, split: str, snapshot_id: str, label: str
    ) -> JudgedRows:
        """Invalid where they belong to another project or cannot be judged on."""
        choose_place(training_set_id, snapshot_id)
        refuse_elsewhere(call, training_set_id or snapshot_id, project=version.project)
        learned = self._learned(call, version)
        if snapshot_id:
            return _of_snapshot(self._lake.usable(call, snapshot_id), label=label, learned=learned)
        training_set = self._training_sets.training_set(call, training_set_id)
        self._lake.refuse_quarantined(call, training_set_id)
        return _of_split(training_set, split=split, version=version, learned=learned)

    def _learned(self, call: Call, version: ModelVersion) -> TrainingSet | None:
        set_id = version.training_set_id
        return self._training_sets.training_set(call, set_id) if set_id else None


def choose_place(training_set_id: str, snapshot_id: str) -> None:
    """Invalid unless just one of them is named."""
    if bool(training_set_id) == bool(snapshot_id):
        raise Invalid(_("Name either a training set or a snapshot"), field="training_set_id")


def refuse_elsewhere(call: Call, object_id: str, *, project: str) -> None:
    """Invalid for rows of another project."""
    if call.may_reach(object_id).project != project:
        raise Invalid(
            _("{id} belongs to another project").format(id=object_id),
            hint=_("Choose rows of {project}.").format(project=project),
        )


def split_of(training_set: TrainingSet, split: str) -> tuple[FeatureContract, SplitFile]:
    """A split by its name, else the one that is judged on first. Conflict before they are joined, Invalid for a name
    that none has."""
    if training_set.contract is None or not training_set.splits:
        hint = _("Wait until it is joined, or choose another training set.")
        raise Conflict(in_state(training_set.id, training_set.state), hint=hint)
    by_name = {file.name: file for file in training_set.splits}
    file = by_name.get(split or JUDGED_FIRST) or (None if split else training_set.splits[-1])
    if file is None:
        names = ", ".join(by_name)
        raise Invalid(_("There is no split called {name}").format(name=repr(split)), hint=names, field="split")
    return training_set.contract, file


def _of_snapshot(snapshot: Snapshot, *, label: str, learned: TrainingSet | None) -> JudgedRows:
    names = tuple(column.name for column in snapshot.columns)
    if label and label not in names:
        raise Invalid(
            _("{id} has no column {name}").format(id=snapshot.id, name=repr(label[:60])),
            hint=_("It has: {names}.").format(names=", ".join(names)[:500]),
            field="label",
        )
    key = snapshot.key[0] if len(snapshot.key) == 1 else ""
    return JudgedRows(
        holdout=digest_of({"snapshot": snapshot.digest, "label": label, "row_id": key}),
        name=snapshot.title,
        origin=snapshot.id,
        files=tuple(file.digest for file in snapshot.files),
        columns=names,
        label=label,
        row_id=key,
        seen=learned is not None and snapshot.id in learned.entity.sources.values(),
    )


def _of_split(
    training_set: TrainingSet, *, split: str, version: ModelVersion, learned: TrainingSet | None
) -> JudgedRows:
    contract, file = split_of(training_set, split)
    if learned is not None and learned.id == training_set.id:
        raise Invalid(
            _("{id} was judged on {rows} when it was trained").format(id=version.id, rows=training_set.id),
            hint=_("Choose other rows."),
            field="training_set_id",
        )
    if not training_set.entity.label:
        raise Invalid(_("{id} has no label").format(id=training_set.id), field="training_set_id")
    return JudgedRows(
        holdout=file.digest,
        name=_name(file.name, digest=file.digest, training_set=training_set, version=version),
        origin=training_set.id,
        files=(file.digest,),
        columns=contract.inputs(),
        label=LABEL,
        row_id=ROW_ID,
        group=training_set.entity.group,
        learned=_shared(learned, training_set),
    )


def _name(split: str, *, digest: str, training_set: TrainingSet, version: ModelVersion) -> str:
    """A version from elsewhere has the split by its name, the first time; what else it was judged on names the set."""
    others = {evaluation.holdout_name for evaluation in version.evaluations if evaluation.holdout != digest}
    is_plain = not version.training_set_id and split == JUDGED_FIRST and split not in others
    return split if is_plain else _("{split} of {set}").format(split=split, set=training_set.id)


def _shared(learned: TrainingSet | None, judged: TrainingSet) -> tuple[str, ...]:
    """The rows that training saw, where both sets come of a common source."""
    if learned is None or not set(learned.entity.sources.values()) & set(judged.entity.sources.values()):
        return ()
    return tuple(file.digest for file in learned.splits if file.name in (TRAIN, VALIDATION))
