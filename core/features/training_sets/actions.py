"""Training sets: entity rows joined with what was known at each of them."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from sqlmodel import col, or_

from core.features.tables import TrainingSetRow
from core.features.training_sets.values import TrainingSet, TrainingSetState
from core.features.values import EntityQuery, Split, ViewName, ViewUse
from core.features.versions.job_specs import fitted, join_job, join_order
from core.features.versions.records import JOINED_INTO, training_set_of
from core.features.versions.shared import FeatureParts, check_made, of_project
from core.foundation.actions.call import Call
from core.foundation.actions.run import action
from core.foundation.errors import Invalid
from core.foundation.ids import Kind
from core.foundation.listings import conditions, page_of
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.lake.profiles.profile import preview_file
from core.lake.values import Limit as PreviewLimit
from core.lake.values import TablePreview

Search = Annotated[str, StringConstraints(max_length=100)]
Uses = Annotated[tuple[ViewUse, ...], Field(max_length=40)]
Splits = Annotated[tuple[Split, ...], Field(min_length=1, max_length=20)]


class TrainingSetActions(FeatureParts):
    domain = "features"

    @action(permission=Permission.FEATURE_SQL, says=N_("started the training set"))
    def create_training_set(
        self,
        call: Call,
        *,
        project: str,
        name: ViewName,
        entity: EntityQuery,
        uses: Uses = (),
        splits: Splits,
        known_at: bool = True,
        requirement_id: str = "",
    ) -> TrainingSet:
        """Create a training set: entity rows, joined with what was known at each of them, split by time.

        Models learn from a label of 0 and 1. With another one, or without any, the set is for scoring and analysis.
        With `known_at` a value counts from when it was written; without it late rows and corrections count from their
        event time, and the set is refused where that would use them too early."""
        call.may_reach_project(project)
        row = TrainingSetRow(
            id="",
            project=project,
            name=name,
            state=TrainingSetState.BUILDING,
            entity=entity.model_dump(mode="json"),
            uses=[use.model_dump(mode="json") for use in uses],
            asked=[split.model_dump(mode="json") for split in splits],
            known_at=known_at,
            requirement_id=requirement_id,
            created_by=call.actor.person_id,
            created_at=call.now,
        )
        self._join(call, row, entity, uses, splits)
        call.about(row.id)
        return training_set_of(row)

    @action(permission=Permission.READ, reads=True)
    def get_training_set(self, call: Call, *, training_set_id: str) -> TrainingSet:
        """Show a training set: its splits, its contract, and the leaks that were found."""
        call.may_reach(training_set_id)
        return self.training_set(call, training_set_id)

    @action(permission=Permission.READ, reads=True)
    def list_training_sets(
        self,
        call: Call,
        *,
        project: str = "",
        search: Search = "",
        state: TrainingSetState | Literal[""] = "",
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[TrainingSet]:
        """List training sets, the newest first; `search` is part of a name or an id."""
        kept = conditions(call, TrainingSetRow, project=project, state=state)
        if search:
            named = (col(TrainingSetRow.name), col(TrainingSetRow.id))
            kept.append(or_(*(column.icontains(search, autoescape=True) for column in named)))
        return page_of(
            call.session,
            TrainingSetRow,
            where=kept,
            order=(col(TrainingSetRow.created_at).desc(),),
            offset=offset,
            limit=limit,
            convert=training_set_of,
        )

    @action(permission=Permission.READ, reads=True)
    def preview_training_set(
        self, call: Call, *, training_set_id: str, split: str, limit: PreviewLimit = 50
    ) -> TablePreview:
        """Show the first rows of a split."""
        call.may_reach(training_set_id)
        found = self.training_set(call, training_set_id)
        digests = {item.name: item.digest for item in found.splits}
        check_made("made" if digests else "", found.state)
        if split not in digests:
            raise Invalid(
                _("There is no split {name}").format(name=repr(split[:60])),
                hint=_("There are: {names}.").format(names=", ".join(digests)),
                field="split",
            )
        return preview_file(self.foundation.store.verified_path(digests[split]), limit=limit)

    def _join(
        self, call: Call, row: TrainingSetRow, entity: EntityQuery, uses: Sequence[ViewUse], splits: Sequence[Split]
    ) -> None:
        """Gives a new training set its id and its job."""
        snapshots = self.snapshots_of(call, entity.sources, project=row.project)
        used = [(use, self.used(call, use, project=row.project)) for use in uses]
        for _use, version in used:
            self.lake.refuse_quarantined(call, version.id)
        order = join_order(entity, snapshots=snapshots, uses=used, splits=splits, known_at=row.known_at)
        row.id = call.create(Kind.TRAINING_SET, project=row.project, title=row.name, state=row.state)
        work = join_job(order, project=row.project, title=row.name, subject=row.id, snapshots=snapshots)
        row.job_id = self.compute.submit(call, fitted(work, self.foundation.settings)).id
        call.session.add(row)
        self.feed(call, row.id, snapshots)
        for _use, version in used:
            call.link(version.id, row.id, JOINED_INTO)
        self._answer(call, row)

    def _answer(self, call: Call, row: TrainingSetRow) -> None:
        """The requirement that a training set is made for, where there is one."""
        if row.requirement_id:
            self.requirements.requirement(call, of_project(call, row.requirement_id, row.project))
            call.link(row.requirement_id, row.id, "asks for")
