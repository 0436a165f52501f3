"""Training sets: entity rows joined with what was known at each of them. A download of their rows is recorded."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, TypeAdapter
from sqlmodel import col, or_

from core.compute.service import ComputeService
from core.features.sandboxed_job import fitted
from core.features.tables import TrainingSetRow
from core.features.training_sets.items.images import with_files
from core.features.training_sets.plan import check_entity, check_splitting, join_job, join_job_spec
from core.features.training_sets.proposals.indexes import indexes_for
from core.features.training_sets.proposals.named_items import file_indexes
from core.features.training_sets.proposals.sandbox_entry import ENTRY, ProposalSpec
from core.features.training_sets.proposals.split_preview import ENTRY as SPLITS_ENTRY
from core.features.training_sets.proposals.split_preview import SplitsSpec
from core.features.training_sets.proposals.values import ProposalFiles, Role, SetProposal, SplitsPreview
from core.features.training_sets.records import (
    find_training_set,
    shares_of,
    training_set_of,
    training_set_row,
    windows_of,
)
from core.features.training_sets.values import (
    Acceptance,
    EntityQuery,
    ShareSplits,
    Split,
    SplitFile,
    TrainingSet,
    TrainingSetState,
)
from core.features.values import FeatureVersion, Sql, ViewName, ViewUse
from core.features.versions.job_specs import source_inputs, source_tables
from core.features.versions.previewing import run_shortly
from core.features.versions.records import JOINED_INTO, find_version, refuse_without_rows
from core.features.versions.sources import SourceSnapshots, link_sources, of_project
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import EventSpec, Service, action
from core.foundation.errors import Conflict, Invalid
from core.foundation.ids import Kind
from core.foundation.listings import conditions, page_of
from core.foundation.naming.names import RENAMED, entitled, named, rename
from core.foundation.naming.texts import Reason
from core.foundation.naming.titles import Title
from core.foundation.objects import are_kept
from core.foundation.text import N_, _, in_state
from core.foundation.values import Listing, Value
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.lake.profiles.profile import preview_file
from core.lake.values import Limit as PreviewLimit
from core.lake.values import Snapshot, TablePreview
from core.requirements.service import RequirementService
from core.sandbox.duckdb_session import quoted
from core.sandbox.messages import Answer

Search = Annotated[str, StringConstraints(max_length=100)]
ProposalRoles = Annotated[dict[str, Role], Field(max_length=2_000)]
ProposalSources = Annotated[dict[ViewName, str], Field(max_length=20)]
SNAPSHOT = "rows"
Uses = Annotated[tuple[ViewUse, ...], Field(max_length=40)]
Splits = Annotated[tuple[Split, ...], Field(max_length=20)]


class TrainingSetService(Service):
    domain = "features"
    events: ClassVar[Mapping[str, EventSpec]] = {
        "features.training_set_ready": EventSpec(N_("joined and checked")),
        "features.training_set_needs_review": EventSpec(N_("joined, and found inputs to review, in")),
        "features.training_set_refused": EventSpec(N_("refused, for a leak,")),
        "features.training_set_failed": EventSpec(N_("could not join")),
    }

    def __init__(
        self,
        foundation: Foundation,
        *,
        sources: SourceSnapshots,
        compute: ComputeService,
        requirements: RequirementService,
        suspicious_auc: Callable[[Call], float],
    ) -> None:
        """`suspicious_auc` says above which AUC an input alone has to be reviewed."""
        super().__init__(foundation)
        self._suspicious_auc = suspicious_auc
        self._sources, self._compute, self._requirements = sources, compute, requirements

    @action(permission=Permission.FEATURE_SQL, says=N_("started the training set"))
    def create_training_set(
        self,
        call: Call,
        *,
        project: str,
        name: ViewName | None = None,
        title: Title | None = None,
        entity: EntityQuery,
        uses: Uses = (),
        splits: Splits = (),
        shares: ShareSplits | None = None,
        known_at: bool = True,
        requirement_id: str = "",
    ) -> TrainingSet:
        """Create a training set: entity rows, joined with what was known at each of them, split by time or by share.

        Without a name scripts call it by what follows from its title.

        Models learn from a label of 0 and 1, or what the task of the rows says. With another label, or without any,
        the set is for scoring and analysis. Rows without an event time stand for themselves, and are split by share.
        With `known_at` a value counts from when it was written; without it late rows and corrections count from their
        event time, and the set is refused where that would use them too early."""
        call.may_reach_project(project)
        naming = named(call, Kind.TRAINING_SET, project=project, name=name, title=title)
        row = TrainingSetRow(
            id="",
            project=project,
            name=naming.name,
            state=TrainingSetState.BUILDING,
            entity=entity.model_dump(mode="json"),
            uses=[use.model_dump(mode="json") for use in uses],
            asked=shares.model_dump(mode="json") if shares else [split.model_dump(mode="json") for split in splits],
            known_at=known_at,
            requirement_id=requirement_id,
            created_by=call.actor.person_id,
            created_at=call.now,
        )
        self._join(call, row, naming.title, uses)
        call.about(row.id)
        return training_set_of(row)

    @action(permission=Permission.FEATURE_SQL, reads=True)
    def propose_training_set(
        self,
        call: Call,
        *,
        project: str,
        snapshot_id: str = "",
        sql: Sql = "",
        sources: ProposalSources = {},  # noqa: B006 - arguments are values and are never changed
        roles: ProposalRoles = {},  # noqa: B006 - arguments are values and are never changed
        task: str = "",
        files: ProposalFiles = {},  # noqa: B006 - arguments are values and are never changed
    ) -> SetProposal:
        """Propose a training set of the rows of a snapshot, or of SQL over some: which column looks like the id, the
        moment, the label and an input, each with its reason, and how the rows are split.

        SQL reads the newest snapshots of the datasets that it names, `sources` names others. `roles` says of columns
        what they are, `files` of which snapshot they name files, `task` what the label is, where the proposal shall
        not decide that. Looks at a sample of the rows, and takes at most ten seconds. Nothing is made: what it answers
        can be changed, and is what create_training_set takes."""
        call.may_reach_project(project)
        if bool(snapshot_id) == bool(sql):
            raise Invalid(_("Name either a snapshot or a query"), field="snapshot_id")
        snapshots = self._sources.usable(call, {SNAPSHOT: snapshot_id} if snapshot_id else sources, project=project)
        if snapshot_id:
            snapshots = {snapshot.dataset: snapshot for snapshot in snapshots.values()}
        else:
            snapshots = self._sources.named_in(call, sql, project=project) | snapshots
        indexes = indexes_for(call, self._sources, project=project, files=files)
        spec = ProposalSpec(
            sql=sql or f"SELECT * FROM {quoted(next(iter(snapshots)))}",
            sources=source_tables(snapshots),
            snapshots={name: snapshot.id for name, snapshot in snapshots.items()},
            roles=roles,
            task=task,
            indexes=file_indexes(indexes),
            files=files,
        )
        return self._shortly(call, ENTRY, spec, TypeAdapter(SetProposal), snapshots | indexes)

    @action(permission=Permission.FEATURE_SQL, reads=True)
    def preview_splits(
        self,
        call: Call,
        *,
        project: str,
        entity: EntityQuery,
        splits: Splits = (),
        shares: ShareSplits | None = None,
    ) -> SplitsPreview:
        """Count the rows of each split that a training set would have, and how its labels are spread, before anything
        is joined.

        Runs the query for at most ten seconds; nothing is made. A label from another view is known once it is joined.
        """
        call.may_reach_project(project)
        check_entity(entity)
        check_splitting(entity, splits=splits, shares=shares)
        snapshots = self._sources.usable(call, entity.sources, project=project)
        spec = SplitsSpec(entity=entity, sources=source_tables(snapshots), splits=splits, shares=shares)
        return self._shortly(call, SPLITS_ENTRY, spec, TypeAdapter(SplitsPreview), snapshots)

    def _shortly(
        self, call: Call, entry: str, spec: Value, answers: "TypeAdapter[Answer]", snapshots: Mapping[str, Snapshot]
    ) -> Answer:
        """What an entry of the sandbox answers of some snapshots within seconds."""
        store = self.foundation.store
        inputs = {name: store.verified_path(digest) for name, digest in source_inputs(snapshots).items()}
        # What is slow now needs no database: its connection goes back meanwhile.
        call.session.close()
        sandboxed = self.foundation.settings.user_code == "caged"
        return run_shortly(entry, spec, answers=answers, inputs=inputs, sandboxed=sandboxed)

    @action(permission=Permission.FEATURE_SQL, says=RENAMED)
    def rename_training_set(self, call: Call, *, training_set_id: str, title: Title) -> TrainingSet:
        """Give a training set another title. The name by which scripts call it stays."""
        call.may_reach(training_set_id)
        row = training_set_row(call, training_set_id)
        rename(call, training_set_id, title)
        return training_set_of(row)

    @action(permission=Permission.FEATURE_SQL, says=N_("accepted the inputs of"))
    def accept_inputs(self, call: Call, *, training_set_id: str, reason: Reason) -> TrainingSet:
        """Accept inputs that predict the label alone: say why they are known at the time of prediction.

        The set is ready then. The reason is kept as evidence with every version that is learned from it."""
        call.may_reach(training_set_id)
        call.about(training_set_id)
        row = training_set_row(call, training_set_id)
        if row.state != TrainingSetState.NEEDS_REVIEW:
            raise Conflict(in_state(training_set_id, row.state))
        acceptance = Acceptance(by=call.actor.person_id, at=call.now, reason=reason)
        row.state, row.cause = TrainingSetState.READY, ""
        row.leak_report = row.leak_report | {"acceptance": acceptance.model_dump(mode="json")}
        call.session.add(row)
        call.update(row.id, state=row.state)
        call.note(reason=reason, inputs=[leak["column"] for leak in row.leaks])
        return training_set_of(row)

    @action(permission=Permission.READ, reads=True)
    def get_training_set(self, call: Call, *, training_set_id: str) -> TrainingSet:
        """Show a training set: its splits, its contract, and the leaks that were found."""
        call.may_reach(training_set_id)
        return find_training_set(call, training_set_id)

    @action(permission=Permission.READ, reads=True)
    def list_training_sets(
        self,
        call: Call,
        *,
        project: str = "",
        search: Search = "",
        state: TrainingSetState | Literal[""] = "",
        archived: bool = False,
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[TrainingSet]:
        """List training sets, the newest first; `search` is part of a title, a name or an id."""
        filters = conditions(call, TrainingSetRow, project=project, state=state)
        filters.append(are_kept(TrainingSetRow.id, kind=Kind.TRAINING_SET, archived=archived))
        if search:
            by_id = col(TrainingSetRow.id).icontains(search, autoescape=True)
            filters.append(or_(by_id, entitled(TrainingSetRow, search, kind=Kind.TRAINING_SET)))
        return page_of(
            call.session,
            TrainingSetRow,
            where=filters,
            order=(col(TrainingSetRow.created_at).desc(),),
            offset=offset,
            limit=limit,
            convert=training_set_of,
        )

    @action(permission=Permission.READ, reads=True)
    def preview_training_set(
        self, call: Call, *, training_set_id: str, split: str, limit: PreviewLimit = 50
    ) -> TablePreview:
        """Show the first rows of a split. Images are PNG files in base64."""
        call.may_reach(training_set_id)
        training_set = find_training_set(call, training_set_id)
        digests = {item.name: item.digest for item in training_set.splits}
        refuse_without_rows(digests, training_set.state)
        if split not in digests:
            raise Invalid(
                _("There is no split {name}").format(name=repr(split[:60])),
                hint=_("There are: {names}.").format(names=", ".join(digests)),
                field="split",
            )
        preview = preview_file(self.foundation.store.verified_path(digests[split]), limit=limit)
        return with_files(preview, training_set.contract) if training_set.contract else preview

    @action(permission=Permission.ARTIFACT_READ, says=N_("downloaded rows of"))
    def download_split(self, call: Call, *, training_set_id: str, split: str) -> SplitFile:
        """Download the rows of a split; the download is recorded.

        The answer names the Parquet file; its bytes are at GET /api/v1/files/split/<training set>/<split>."""
        call.may_reach(training_set_id, even_put_away=True)
        training_set = find_training_set(call, training_set_id)
        if training_set.state is not TrainingSetState.READY:
            raise Conflict(in_state(training_set_id, training_set.state))
        for file in training_set.splits:
            if file.name == split:
                call.about(training_set_id)
                call.note(split=split, digest=file.digest, rows=file.rows)
                return file
        raise Invalid(
            _("There is no split {name}").format(name=repr(split[:60])),
            hint=_("There are: {names}.").format(names=", ".join(file.name for file in training_set.splits)),
            field="split",
        )

    def training_set(self, call: Call, training_set_id: str) -> TrainingSet:
        """A training set as it is in the caller's transaction; the caller has checked that it may be read."""
        return find_training_set(call, training_set_id)

    def _join(self, call: Call, row: TrainingSetRow, title: str, uses: Sequence[ViewUse]) -> None:
        """Gives a new training set its id and its job."""
        entity = EntityQuery.model_validate(row.entity)
        snapshots = self._sources.usable(call, entity.sources, project=row.project)
        files = self._sources.usable(call, entity.files, project=row.project)
        used = [(use, _version(call, use.version_id, project=row.project)) for use in uses]
        source = entity.label_from
        label = _version(call, source.version_id, project=row.project) if source else None
        versions = [version for _use, version in used] + ([label] if label else [])
        for version in versions:
            self._sources.refuse_quarantined(call, version.id)
        job_spec = join_job_spec(
            entity,
            snapshots=snapshots,
            files=files,
            uses=used,
            label_version=label,
            splits=windows_of(row),
            shares=shares_of(row),
            known_at=row.known_at,
            suspicious_auc=self._suspicious_auc(call),
        )
        row.id = call.create(Kind.TRAINING_SET, project=row.project, title=title, name=row.name, state=row.state)
        read = {"snapshots": snapshots, "files": files}
        work = join_job(job_spec, project=row.project, title=title, subject=row.id, **read)
        row.job_id = self._compute.submit(call, fitted(work, self.foundation.settings)).id
        call.session.add(row)
        link_sources(call, row.id, {**snapshots, **files})
        for version_id in dict.fromkeys(version.id for version in versions):
            call.link(version_id, row.id, JOINED_INTO)
        self._answer(call, row)

    def _answer(self, call: Call, row: TrainingSetRow) -> None:
        """The requirement that a training set is made for, where there is one."""
        if row.requirement_id:
            self._requirements.requirement(call, of_project(call, row.requirement_id, row.project))
            call.link(row.requirement_id, row.id, "asks for")


def _version(call: Call, version_id: str, *, project: str) -> FeatureVersion:
    return find_version(call, of_project(call, version_id, project))
