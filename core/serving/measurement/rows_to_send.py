"""The rows that are sent through an endpoint to measure it: those of the version's training set, or, of a version from
elsewhere, those that it was judged on."""

from core.features.training_sets.service import TrainingSetService
from core.features.training_sets.values import SplitFile
from core.features.values import FeatureContract
from core.foundation.actions.call import Call
from core.foundation.errors import Conflict, Invalid
from core.foundation.storage import Store
from core.foundation.text import _
from core.foundation.values import Value
from core.registry.artifact import FEATURES
from core.registry.values import ModelVersion

HELD_OUT = "test"


class RowsToSend(Value):
    """Splits as files in the store, with what callers send of their columns."""

    contract: FeatureContract
    splits: tuple[SplitFile, ...]

    def split(self, name: str = "") -> SplitFile:
        """The one of that name; without a name `test`, else the last. Invalid where there is none."""
        by_name = {split.name: split for split in self.splits}
        if name and name not in by_name:
            raise Invalid(
                _("There is no split called {name}").format(name=repr(name[:40])),
                hint=_("Choose one of: {names}.").format(names=", ".join(by_name)),
                field="split",
            )
        return by_name.get(name or HELD_OUT, self.splits[-1])


def rows_to_send(call: Call, version: ModelVersion, *, training_sets: TrainingSetService, store: Store) -> RowsToSend:
    """Conflict for a version that has no rows."""
    if not version.training_set_id:
        return _judged(version, store)
    training_set = training_sets.training_set(call, version.training_set_id)
    if training_set.contract is None or not training_set.splits:
        raise Conflict(_("{id} has no rows").format(id=training_set.id))
    return RowsToSend(contract=training_set.contract, splits=training_set.splits)


def _judged(version: ModelVersion, store: Store) -> RowsToSend:
    splits = tuple(
        SplitFile(name=evaluation.holdout_name, digest=evaluation.requests, rows=evaluation.rows)
        for evaluation in version.evaluations
        if evaluation.requests
    )
    if not splits:
        raise Conflict(
            _("{model} v{n} has no training set, so there are no real rows to send").format(
                model=version.model, n=version.version
            ),
            hint=_("Judge it on a training set or a dataset first: those rows are sent."),
        )
    files = {file.path: file.sha256 for file in store.manifest(version.digest).files}
    contract = FeatureContract.model_validate_json(store.read(files[FEATURES]))
    return RowsToSend(contract=contract, splits=splits)
