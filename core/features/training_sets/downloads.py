"""The files of training sets, for notebooks. Whoever takes one along is recorded."""

from core.features.training_sets.values import TrainingSetState
from core.features.values import SplitFile
from core.features.versions.shared import FeatureParts
from core.foundation.actions.call import Call
from core.foundation.actions.run import action
from core.foundation.errors import Conflict, Invalid
from core.foundation.text import N_, _
from core.identity.permissions import Permission


class DownloadActions(FeatureParts):
    domain = "features"

    @action(permission=Permission.ARTIFACT_READ, says=N_("downloaded rows of"))
    def download_split(self, call: Call, *, training_set_id: str, split: str) -> SplitFile:
        """Take the rows of a split along; the download is recorded.

        The answer names the Parquet file; its bytes are at GET /api/v1/files/split/<training set>/<split>."""
        call.may_reach(training_set_id)
        found = self.training_set(call, training_set_id)
        if found.state is not TrainingSetState.READY:
            raise Conflict(_("{id} is {state}").format(id=training_set_id, state=found.state))
        for file in found.splits:
            if file.name == split:
                call.about(training_set_id)
                call.note(split=split, digest=file.digest, rows=file.rows)
                return file
        raise Invalid(
            _("There is no split {name}").format(name=repr(split[:60])),
            hint=_("There are: {names}.").format(names=", ".join(file.name for file in found.splits)),
            field="split",
        )
