"""What the actions of features are made of: the services below, and the reading of versions, training sets and
snapshots in the caller's transaction."""

from collections.abc import Mapping

from core.compute.service import ComputeService
from core.features.training_sets.values import TrainingSet
from core.features.values import FeatureVersion, ViewUse
from core.features.versions.records import training_set_of, training_set_row, version_of, version_row
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service
from core.foundation.errors import Conflict, Invalid
from core.foundation.ports import Pins
from core.foundation.text import _
from core.lake.datasets.service import DatasetService
from core.lake.values import Snapshot
from core.requirements.service import RequirementService


class FeatureParts(Service):
    domain = "features"

    def __init__(
        self,
        foundation: Foundation,
        *,
        lake: DatasetService,
        compute: ComputeService,
        requirements: RequirementService,
        pins: Pins,
    ) -> None:
        super().__init__(foundation)
        self.lake, self.compute, self.requirements, self.pins = lake, compute, requirements, pins

    def training_set(self, call: Call, training_set_id: str) -> TrainingSet:
        """A training set as it is in the caller's transaction; the caller has checked that it may be read."""
        return training_set_of(training_set_row(call, training_set_id))

    def version(self, call: Call, version_id: str) -> FeatureVersion:
        """A feature version as it is in the caller's transaction; the caller has checked that it may be read."""
        return version_of(call, version_row(call, version_id))

    def source_digests(self, call: Call, sources: Mapping[str, str]) -> dict[str, str]:
        """The digest of every snapshot that SQL reads, by the name it calls it."""
        return {name: self.lake.snapshot(call, id_).digest for name, id_ in sorted(sources.items())}

    def snapshots_of(self, call: Call, sources: Mapping[str, str], *, project: str) -> dict[str, Snapshot]:
        """The snapshots that logic may read, by the names it calls them. Conflict for one in quarantine."""
        return {name: self.lake.usable(call, of_project(call, id_, project)) for name, id_ in sources.items()}

    def used(self, call: Call, use: ViewUse, *, project: str) -> FeatureVersion:
        return self.version(call, of_project(call, use.version_id, project))

    def feed(self, call: Call, target: str, snapshots: Mapping[str, Snapshot]) -> None:
        for snapshot in snapshots.values():
            call.link(snapshot.id, target, "feeds")


def of_project(call: Call, object_id: str, project: str) -> str:
    """The id, once the caller may read the object and it belongs to the project: what is made of it must not show it
    to other people."""
    if call.may_reach(object_id).project != project:
        raise Invalid(_("{id} belongs to another project").format(id=object_id), hint=_("Import it into this project."))
    return object_id


def check_made(made: str, state: str) -> None:
    if not made:
        raise Conflict(_("There are no rows to show: it is {state}").format(state=state))
