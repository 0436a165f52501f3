"""Logic tried out while it is being written: run in the cage on a sample, in seconds, and nothing is kept."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.features.logic.definition import Logic
from core.features.values import ColumnName, Columns, LogicPreview, Python, Seconds, Sources, Sql, VersionTests
from core.features.versions.job_specs import build_order, source_inputs
from core.features.versions.records import view_row
from core.features.versions.shared import FeatureParts
from core.features.versions.writing import NO_TESTS, CreatedTime
from core.foundation.actions.call import Call
from core.foundation.actions.run import action
from core.foundation.errors import Unavailable
from core.foundation.text import _
from core.identity.permissions import Permission
from core.sandbox.limits import Limits
from core.sandbox.runner import run_caged

ENTRY = "core.features.building.preview:preview_in_cage"
# The hard limit is two seconds later: an answer, or a refusal, in ten.
SECONDS, MEMORY_MB, MOST_ROWS = 8.0, 1024, 2_000_000
# A preview keeps a core busy; more of them than this would be felt by everyone who has a page open.
AT_ONCE, PATIENCE_SECONDS = 2, 5.0
_places = threading.BoundedSemaphore(AT_ONCE)


class PreviewActions(FeatureParts):
    domain = "features"

    @action(permission=Permission.FEATURE_SQL, reads=True)
    def preview_logic(
        self,
        call: Call,
        *,
        view_id: str,
        sql: Sql = "",
        python: Python = "",
        sources: Sources,
        event_time: ColumnName,
        created_time: CreatedTime = "",
        ttl_seconds: Seconds = 0,
        delay_seconds: Seconds = 0,
        lookback_seconds: Seconds = 0,
        categories: Columns = (),
        numbers: Columns = (),
        tests: VersionTests = NO_TESTS,
    ) -> LogicPreview:
        """Try logic out on the latest rows of a few keys: its newest rows, its features, its checks, and whether SQL
        and pandas agree. Takes at most ten seconds; nothing is kept."""
        call.may_reach(view_id)
        logic = Logic(
            sql=sql,
            python=python,
            sources=sources,
            event_time=event_time,
            created_time=created_time,
            ttl_seconds=ttl_seconds,
            delay_seconds=delay_seconds,
            lookback_seconds=lookback_seconds,
            categories=categories,
            numbers=numbers,
            tests=tests,
        )
        logic.check()
        return self._preview(call, view_id, logic)

    def _preview(self, call: Call, view_id: str, logic: Logic) -> LogicPreview:
        view = view_row(call, view_id)
        snapshots = self.snapshots_of(call, logic.sources, project=view.project)
        order = build_order(
            logic,
            view=view.name,
            keys=view.keys,
            snapshots=snapshots,
            categories=logic.categories,
            numbers=logic.numbers,
        )
        store = self.foundation.store
        inputs = {name: store.verified_path(digest) for name, digest in source_inputs(snapshots).items()}
        # What is slow now needs no database: its connection goes back meanwhile.
        call.session.close()
        settings = self.foundation.settings
        limits = Limits(
            seconds=SECONDS, memory_mb=MEMORY_MB, rows=MOST_ROWS, threads=1, cage=settings.user_code == "caged"
        )
        with _place(), tempfile.TemporaryDirectory(prefix="causeway-preview-") as folder:
            found = run_caged(ENTRY, order.model_dump(mode="json"), inputs=inputs, outputs=Path(folder), limits=limits)
        return LogicPreview.model_validate(found)


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        raise Unavailable(_("Other previews are running"), hint=_("Try again in a few seconds."))
    try:
        yield
    finally:
        _places.release()
