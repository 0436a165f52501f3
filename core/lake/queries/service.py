"""SQL that people run over the datasets of a project: in the sandbox, for seconds, seen by nobody else. Each run is a
row, so that a result has an address and can be cancelled from anywhere."""

import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter
from sqlmodel import col, delete, select

from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.actors import Actor
from core.foundation.digests import digest_bytes
from core.foundation.errors import Conflict, Invalid, NotFound, PortalError
from core.foundation.ids import Kind
from core.foundation.listings import conditions, page_of
from core.foundation.naming.names import refuse_seen_as
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.lake.datasets.named_tables import newest_named
from core.lake.datasets.service import DatasetService
from core.lake.profiles.profile import preview_rows
from core.lake.queries.sandbox_entry import RESULT, QueryAnswer
from core.lake.queries.values import Query, QueryName, QueryResult, QueryState, RowLimit, SavedName, SavedQuery, Sql
from core.lake.tables import QueryRow, SavedQueryRow
from core.lake.values import Snapshot
from core.sandbox.limits import HARD_SECONDS, Limits
from core.sandbox.runner import run_sandboxed

ENTRY = "core.lake.queries.sandbox_entry:run_query"
SECONDS, MEMORY_MB, THREADS = 30.0, 1024, 2
# A query keeps the cores busy; those beyond this many wait for their turn.
AT_ONCE, LATE_SECONDS, LOOK_SECONDS = 2, 120.0, 0.5
RUNNER = Actor.system("queries")
Sources = Annotated[dict[str, str], Field(max_length=50)]
PageLimit = Annotated[int, Field(ge=1, le=1000)]
_places = threading.BoundedSemaphore(AT_ONCE)


class QueryService(Service):
    domain = "queries"

    def __init__(self, foundation: Foundation, *, datasets: DatasetService) -> None:
        super().__init__(foundation)
        self._datasets = datasets

    @action(permission=Permission.FEATURE_SQL, says=N_("ran a query"))
    def start_query(
        self,
        call: Call,
        *,
        project: str,
        sql: Sql,
        sources: Sources = {},  # noqa: B006 - arguments are values and are never changed
        row_limit: RowLimit = 1000,
    ) -> Query:
        """Run SQL over the datasets of a project. Tables are the datasets by their names, each with its newest
        snapshot; `sources` maps other names, or names to other snapshots. Ends after 30 seconds."""
        call.may_reach_project(project)
        snapshots = newest_named(call, self._datasets, project=project, sql=sql) | self._named(call, project, sources)
        query_id = call.create(Kind.QUERY, project=project, title=_("A query"), state=QueryState.RUNNING)
        call.about(query_id)
        row = QueryRow(
            id=query_id,
            project=project,
            sql=sql,
            sources={name: snapshot.id for name, snapshot in snapshots.items()},
            row_limit=row_limit,
            state=QueryState.RUNNING,
            deadline=call.now + timedelta(seconds=SECONDS + HARD_SECONDS + LATE_SECONDS),
            created_by=call.actor.person_id,
            created_at=call.now,
        )
        call.session.add(row)
        call.note(sql=digest_bytes(sql.encode()), sources=row.sources)
        work = threading.Thread(target=self._run, args=(query_of(row), snapshots), name=query_id, daemon=True)
        work.start()
        return query_of(row)

    @action(permission=Permission.FEATURE_SQL, reads=True)
    def get_query(self, call: Call, *, query_id: str) -> Query:
        """Show one of your queries: whether it still runs, and what became of it."""
        return self._seen(call, query_id)

    @action(permission=Permission.FEATURE_SQL, reads=True)
    def result(self, call: Call, *, query_id: str, offset: Offset = 0, limit: PageLimit = 100) -> QueryResult:
        """Show rows of one of your queries that is done, from `offset` on."""
        query = self._seen(call, query_id)
        if query.state is not QueryState.DONE:
            raise Conflict(_("There are no rows: it is {state}").format(state=query.state))
        path = self.foundation.store.verified_path(query.result)
        return QueryResult(query=query, preview=preview_rows(path, offset=offset, limit=limit))

    @action(permission=Permission.FEATURE_SQL, says=N_("stopped a query"))
    def cancel_query(self, call: Call, *, query_id: str) -> Query:
        """Stop one of your queries."""
        if self._seen(call, query_id).state is not QueryState.RUNNING:
            raise Conflict(_("It is over"))
        call.about(query_id)
        row = call.session.get_one(QueryRow, query_id)
        row.state = QueryState.CANCELLED
        call.session.add(row)
        call.update(row.id, state=row.state)
        return query_of(row)

    @action(permission=Permission.FEATURE_SQL, reads=True)
    def list_queries(self, call: Call, *, project: str = "", offset: Offset = 0, limit: Limit = 50) -> Listing[Query]:
        """List your queries, the newest first."""
        return page_of(
            call.session,
            QueryRow,
            where=conditions(call, QueryRow, project=project, created_by=call.actor.person_id),
            order=(col(QueryRow.created_at).desc(), col(QueryRow.id).desc()),
            offset=offset,
            limit=limit,
            convert=lambda row: current_query(call, query_of(row), row),
        )

    @action(permission=Permission.FEATURE_SQL, says=N_("saved a query"))
    def save_query(self, call: Call, *, project: str, name: QueryName, sql: Sql) -> SavedQuery:
        """Keep SQL under a name, for everyone in the project; a name that is taken gets the new text."""
        call.may_reach_project(project)
        if not (plain := " ".join(name.split())):
            raise Invalid(_("A saved query needs a name"), field="name")
        names = call.session.exec(select(SavedQueryRow.name).where(SavedQueryRow.project == project))
        refuse_seen_as(plain, ((other, other) for other in names), field="name")
        row = call.session.get(SavedQueryRow, (project, plain))
        row = row or SavedQueryRow(project=project, name=plain, sql=sql, saved_by="", saved_at=call.now)
        row.sql, row.saved_by, row.saved_at = sql, call.actor.person_id, call.now
        call.session.add(row)
        call.about("", project=project)
        call.note(name=plain, sql=digest_bytes(sql.encode()))
        return saved_of(row)

    @action(permission=Permission.FEATURE_SQL, reads=True)
    def list_saved(
        self, call: Call, *, project: str = "", offset: Offset = 0, limit: Limit = 50
    ) -> Listing[SavedQuery]:
        """List the queries that people of a project have saved, by name."""
        return page_of(
            call.session,
            SavedQueryRow,
            where=conditions(call, SavedQueryRow, project=project),
            order=(SavedQueryRow.name,),
            offset=offset,
            limit=limit,
            convert=saved_of,
        )

    @action(permission=Permission.FEATURE_SQL, says=N_("deleted a saved query"))
    def delete_saved(self, call: Call, *, project: str, name: SavedName) -> None:
        """Delete a saved query."""
        call.may_reach_project(project)
        if call.session.get(SavedQueryRow, (project, name)) is None:
            raise NotFound(_("There is no saved query called {name}").format(name=repr(name[:60])))
        named = (col(SavedQueryRow.project) == project, col(SavedQueryRow.name) == name)
        call.session.exec(delete(SavedQueryRow).where(*named))
        call.about("", project=project)
        call.note(name=name)

    @action(permission=Permission.SYSTEM)
    def finish_query(
        self,
        call: Call,
        *,
        query_id: str,
        seconds: float,
        rows: int = 0,
        cut: bool = False,
        result: str = "",
        cause: str = "",
        line: int = 0,
    ) -> None:
        """Record the outcome of a query. One that was cancelled meanwhile stays so."""
        call.may_reach(query_id)
        call.about(query_id)
        row = call.session.get_one(QueryRow, query_id)
        row.seconds = seconds
        if row.state == QueryState.RUNNING:
            row.state = QueryState.FAILED if cause else QueryState.DONE
            row.rows, row.cut, row.result, row.cause, row.line = rows, cut, result, cause, line
        call.session.add(row)
        call.update(row.id, state=row.state)

    def _seen(self, call: Call, query_id: str) -> Query:
        """A query of the caller's own; those of others do not exist."""
        call.may_reach(query_id)
        row = call.session.get(QueryRow, query_id)
        if row is None or row.created_by != call.actor.person_id:
            raise NotFound(_("There is no object called {id}").format(id=repr(query_id[:40])))
        return current_query(call, query_of(row), row)

    def _named(self, call: Call, project: str, sources: Mapping[str, str]) -> dict[str, Snapshot]:
        snapshots = {}
        for name, snapshot_id in sources.items():
            if call.may_reach(snapshot_id).project != project:
                raise Invalid(_("{id} belongs to another project").format(id=snapshot_id), field="sources")
            snapshots[name] = self._datasets.usable(call, snapshot_id)
        return snapshots

    def _run(self, query: Query, snapshots: Mapping[str, Snapshot]) -> None:
        """The thread of one query, from its start to what became of it."""
        began = time.monotonic()
        try:
            with _places, tempfile.TemporaryDirectory(prefix="causeway-query-") as folder:
                # A query that waits for its place does not run yet.
                began = time.monotonic()
                answer = self._answer(query, snapshots, Path(folder))
        except PortalError as error:
            seconds = round(time.monotonic() - began, 3)
            answer = {"cause": error.in_full, "seconds": seconds, "line": getattr(error, "line", 0)}
        # Nothing is there to finish when the start itself was undone.
        with suppress(NotFound):
            self.finish_query(RUNNER, query_id=query.id, **answer)

    def _answer(self, query: Query, snapshots: Mapping[str, Snapshot], folder: Path) -> dict[str, Any]:
        store, settings = self.foundation.store, self.foundation.settings
        files = {f"{name}_{at}": file for name, snapshot in snapshots.items() for at, file in enumerate(snapshot.files)}
        job_spec = {
            "sql": query.sql,
            "row_limit": query.row_limit,
            "tables": {
                name: [f"{name}_{at}" for at in range(len(snapshot.files))] for name, snapshot in snapshots.items()
            },
        }
        result = run_sandboxed(
            ENTRY,
            job_spec,
            answers=TypeAdapter(QueryAnswer),
            inputs={name: store.verified_path(file.digest) for name, file in files.items()},
            outputs=folder,
            limits=Limits(
                seconds=SECONDS, memory_mb=MEMORY_MB, threads=THREADS, sandboxed=settings.user_code == "caged"
            ),
            stop=_every(LOOK_SECONDS, lambda: self._is_cancelled(query.id)),
            keep_warm=True,
        )
        return {
            "rows": result.rows,
            "cut": result.cut,
            "seconds": result.seconds,
            "result": store.put_file(folder / RESULT),
        }

    def _is_cancelled(self, query_id: str) -> bool:
        with self.foundation.database.read() as session:
            row = session.get(QueryRow, query_id)
            return row is not None and row.state == QueryState.CANCELLED


def query_of(row: QueryRow) -> Query:
    return Query(**row.model_dump(exclude={"deadline"}))


def current_query(call: Call, query: Query, row: QueryRow) -> Query:
    """The query as people see it: one whose portal went away while it ran has failed."""
    if query.state is QueryState.RUNNING and call.now > row.deadline:
        return query.model_copy(
            update={"state": QueryState.FAILED, "cause": _("The portal stopped meanwhile. Run it again.")}
        )
    return query


def saved_of(row: SavedQueryRow) -> SavedQuery:
    return SavedQuery(**row.model_dump())


def _every(seconds: float, ask: Callable[[], bool]) -> Callable[[], bool]:
    """Asks no more often than that, and remembers the answer between."""
    last = [time.monotonic(), False]

    def answer() -> bool:
        if time.monotonic() - last[0] >= seconds:
            last[:] = [time.monotonic(), ask()]
        return bool(last[1])

    return answer
