"""Runs as a workspace: found by any of their parameters and metrics, marked, and drawn over each other."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import ColumnElement
from sqlmodel import col, delete, select

from core.compute.values import JobState
from core.foundation.actions.call import Call
from core.foundation.actions.run import Service, action
from core.foundation.errors import NotFound
from core.foundation.listings import conditions, page_of
from core.foundation.naming.texts import Prose
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.training.catalog import curves, find_run, in_state, ordered_ids
from core.training.tables import RunRow
from core.training.values import RunOrder
from core.training.workspace.grouping import groups_of
from core.training.workspace.listing import (
    Page,
    Wanted,
    ids_by_value,
    lines_of,
    meets,
    searched,
    starred,
    tagged,
    tags_of,
    total_of,
)
from core.training.workspace.tables import RunFieldRow, RunStarRow, RunTagRow, RunValueRow, RunViewRow
from core.training.workspace.values import (
    BEST,
    NEWEST,
    Address,
    FieldName,
    GroupedBy,
    RunArtifact,
    RunCurves,
    RunField,
    RunFile,
    RunFilter,
    RunGroup,
    RunLine,
    RunMarks,
    RunView,
    Tags,
    ViewName,
)

Search = Annotated[str, Field(max_length=200)]
Filters = Annotated[tuple[RunFilter, ...], Field(max_length=20)]
Groups = Annotated[tuple[Annotated[str, Field(max_length=80)], ...], Field(min_length=1, max_length=200)]
Columns = Annotated[tuple[FieldName, ...], Field(max_length=40)]
MOST_RUNS, MOST_NAMES, MOST_POINTS = 20, 20, 500
RunIds = Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_RUNS)]
Names = Annotated[tuple[str, ...], Field(max_length=MOST_NAMES)]
Most = Annotated[int, Field(ge=2, le=MOST_POINTS)]
FIELDS = 200
FileName = Annotated[str, Field(max_length=200)]


class RunWorkspaceService(Service):
    domain = "training"

    def _prepare_file(self, call: Call, *, run_id: str, name: str) -> tuple[RunFile, bytes]:
        call.may_reach(run_id)
        files = {file.name: file for file in self._files(call, run_id)}
        if name not in files:
            raise NotFound(_("{id} has no file called {name}").format(id=run_id, name=repr(name)))
        return files[name], self.foundation.store.read(files[name].digest)

    @action(permission=Permission.READ, reads=True)
    def search_runs(
        self,
        call: Call,
        *,
        project: str = "",
        search: Search = "",
        filters: Filters = (),
        tag: str = "",
        only_starred: bool = False,
        state: JobState | Literal[""] = "",
        recipe: str = "",
        training_set_id: str = "",
        sweep_id: str = "",
        columns: Columns = (),
        sort: FieldName | Literal["newest", "best"] = NEWEST,
        descending: bool = False,
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[RunLine]:
        """Find runs by words in their title, recipe, note and tags, and by any parameter or metric; sort them by any.

        Words are looked for among the newest 5,000 runs."""
        equal = {"recipe": recipe, "training_set_id": training_set_id, "sweep_id": sweep_id}
        marks: dict[str, Any] = {"search": search.strip(), "tag": tag, "only_starred": only_starred, "state": state}
        wanted = _wanted(call, project=project, equal=equal, marks=marks, filters=filters)
        ids = self._ids(call, wanted, sort=sort, descending=descending, page=Page(offset, limit))
        lines = lines_of(call.session, ids, columns=columns, reader=call.actor.person_id)
        return Listing(items=lines, total=total_of(call.session, wanted), offset=offset, limit=limit)

    @action(permission=Permission.READ, reads=True)
    def run_groups(
        self,
        call: Call,
        *,
        grouped_by: GroupedBy,
        groups: Groups,
        project: str = "",
        search: Search = "",
        filters: Filters = (),
        tag: str = "",
        only_starred: bool = False,
        state: JobState | Literal[""] = "",
        recipe: str = "",
        training_set_id: str = "",
        sweep_id: str = "",
        columns: Columns = (),
    ) -> tuple[RunGroup, ...]:
        """Count the runs of groups over a whole list as `search_runs` finds it, and show between what their figures
        lie."""
        equal = {"recipe": recipe, "training_set_id": training_set_id, "sweep_id": sweep_id}
        marks: dict[str, Any] = {"search": search.strip(), "tag": tag, "only_starred": only_starred, "state": state}
        wanted = _wanted(call, project=project, equal=equal, marks=marks, filters=filters)
        return groups_of(call.session, wanted.conditions, by=grouped_by, names=groups, fields=columns)

    @action(permission=Permission.READ, reads=True)
    def run_fields(self, call: Call, *, project: str = "") -> tuple[RunField, ...]:
        """List the parameters and metrics that runs have, for columns and filters."""
        where = conditions(call, RunFieldRow, project=project)
        rows = call.session.exec(select(RunFieldRow).where(*where).order_by(RunFieldRow.field).limit(FIELDS))
        fields = {row.field: RunField(name=row.field, is_number=row.is_number) for row in rows}
        return tuple(fields.values())

    @action(permission=Permission.READ, reads=True)
    def curves(
        self, call: Call, *, run_ids: RunIds, names: Names = (), most: Most = MOST_POINTS
    ) -> tuple[RunCurves, ...]:
        """Show how metrics of up to 20 runs moved over their steps, in at most so many points each."""
        for run_id in run_ids:
            call.may_reach(run_id)
            find_run(call.session, run_id)
        series = curves(call.session, run_ids, names=names, most=most)
        return tuple(RunCurves(run_id=run_id, series=series.get(run_id, ())) for run_id in run_ids)

    @action(permission=Permission.READ, reads=True)
    def run_files(self, call: Call, *, run_id: str) -> tuple[RunFile, ...]:
        """List the files of the model that a run made, with their sizes and digests."""
        call.may_reach(run_id)
        return self._files(call, run_id)

    @action(permission=Permission.ARTIFACT_READ, prepare=_prepare_file, says=N_("downloaded a file of"), repeats=True)
    def download_run_file(self, call: Call, *, run_id: str, name: FileName) -> RunArtifact:
        """Fetch a file of the model that a run made. Its bytes are hashed first, and the download is recorded."""
        call.may_reach(run_id)
        call.about(run_id)
        file, content = call.prepared
        call.note(digest=file.digest)
        return RunArtifact(**file.model_dump(), content=content)

    @action(permission=Permission.READ, reads=True)
    def run_marks(self, call: Call, *, run_id: str) -> RunMarks:
        """Show the note and the tags of a run, and whether you starred it."""
        call.may_reach(run_id)
        return self._marks(call, run_id)

    @action(permission=Permission.READ, says=N_("marked"))
    def star_run(self, call: Call, *, run_id: str, starred: bool = True) -> RunMarks:
        """Star a run to find it again, or take the star away. Stars are your own."""
        call.may_reach(run_id)
        call.about(run_id)
        find_run(call.session, run_id)
        row = call.session.get(RunStarRow, (call.actor.person_id, run_id))
        if starred and row is None:
            call.session.add(RunStarRow(person_id=call.actor.person_id, run_id=run_id))
        elif row is not None and not starred:
            call.session.delete(row)
        call.session.flush()
        return self._marks(call, run_id)

    @action(permission=Permission.JOBS_WRITE, says=N_("described"))
    def describe_run(self, call: Call, *, run_id: str, note: Prose | None = None, tags: Tags | None = None) -> RunMarks:
        """Write a note on a run, and its tags; what is left out stays as it is."""
        call.may_reach(run_id)
        call.about(run_id)
        row, _job = find_run(call.session, run_id)
        if note is not None:
            row.note = note.strip()
            call.session.add(row)
        if tags is not None:
            call.session.exec(delete(RunTagRow).where(col(RunTagRow.run_id) == run_id))
            unique = dict.fromkeys(tag.lower() for tag in tags)
            call.session.add_all(RunTagRow(run_id=run_id, tag=tag, project=row.project) for tag in unique)
        call.session.flush()
        return self._marks(call, run_id)

    @action(permission=Permission.READ, reads=True)
    def list_run_views(self, call: Call, *, offset: Offset = 0, limit: Limit = 50) -> Listing[RunView]:
        """List the views of runs that you keep, by name."""
        call.unscoped()
        mine = [col(RunViewRow.person_id) == call.actor.person_id]
        order = (RunViewRow.name,)
        return page_of(call.session, RunViewRow, where=mine, order=order, offset=offset, limit=limit, convert=_view_of)

    @action(permission=Permission.READ, says=N_("kept a view of runs of"))
    def save_run_view(self, call: Call, *, name: ViewName, address: Address) -> RunView:
        """Keep filters, columns, order and curves under a name of your own; a name that is taken gets the new ones."""
        call.unscoped()
        call.about(call.actor.person_id)
        row = call.session.get(RunViewRow, (call.actor.person_id, name))
        row = row or RunViewRow(person_id=call.actor.person_id, name=name, address="", saved_at=call.now)
        row.address, row.saved_at = address, call.now
        call.session.add(row)
        return _view_of(row)

    @action(permission=Permission.READ, says=N_("deleted a view of runs of"))
    def delete_run_view(self, call: Call, *, name: ViewName) -> None:
        """Delete a view of runs that you keep. The runs stay."""
        call.unscoped()
        call.about(call.actor.person_id)
        row = call.session.get(RunViewRow, (call.actor.person_id, name))
        if row is None:
            raise NotFound(_("You keep no view called {name}").format(name=repr(name)))
        call.session.delete(row)

    def _ids(self, call: Call, wanted: Wanted, *, sort: str, descending: bool, page: Page) -> list[str]:
        if sort in (NEWEST, BEST):
            return ordered_ids(call.session, wanted.conditions, order=RunOrder(sort), **page._asdict())
        fields = call.session.exec(select(RunFieldRow).where(RunFieldRow.field == sort))
        is_number = any(field.is_number for field in fields)
        return ids_by_value(call.session, wanted, field=sort, is_number=is_number, down=descending, page=page)

    def _files(self, call: Call, run_id: str) -> tuple[RunFile, ...]:
        row, _job = find_run(call.session, run_id)
        if not row.manifest:
            return ()
        files = self.foundation.store.manifest(row.manifest).files
        return tuple(RunFile(name=file.path, bytes=file.size, digest=file.sha256) for file in files)

    def _marks(self, call: Call, run_id: str) -> RunMarks:
        row, _job = find_run(call.session, run_id)
        mine = call.session.get(RunStarRow, (call.actor.person_id, run_id))
        tags = tags_of(call.session, [run_id]).get(run_id, ())
        return RunMarks(run_id=run_id, note=row.note, tags=tags, starred=mine is not None)


def _wanted(
    call: Call, *, project: str, equal: Mapping[str, str], marks: Mapping[str, Any], filters: Filters
) -> Wanted:
    """What narrows a list, whatever it is read for."""
    reach = conditions(call, RunRow, project=project)
    others = [*conditions(call, RunRow, project=project, **equal)[len(reach) :], *_marked(call, reach, **marks)]
    return Wanted(
        reach=reach,
        reach_of_values=conditions(call, RunValueRow, project=project),
        others=[*others, *(meets(call.session, item) for item in filters)],
        filters=filters,
    )


def _marked(
    call: Call, reach: list[ColumnElement[bool]], *, search: str, tag: str, only_starred: bool, state: str
) -> list[ColumnElement[bool]]:
    """What narrows a list to words, marks and a state."""
    where = [searched(search, reach)] if search else []
    where += [tagged(tag)] if tag else []
    where += [starred(call.actor.person_id)] if only_starred else []
    return where + ([in_state(call.session, state)] if state else [])


def _view_of(row: RunViewRow) -> RunView:
    return RunView(name=row.name, address=row.address, saved_at=row.saved_at)
