"""The files of snapshots, for notebooks. Whoever takes one along is recorded."""

from typing import Annotated

from pydantic import Field

from core.foundation.actions.call import Call
from core.foundation.actions.run import Service, action
from core.foundation.errors import Invalid
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.lake.datasets.records import kept_row
from core.lake.values import SnapshotFile


class DownloadActions(Service):
    domain = "lake"

    @action(permission=Permission.ARTIFACT_READ, says=N_("downloaded rows of"))
    def download_file(self, call: Call, *, snapshot_id: str, number: Annotated[int, Field(ge=0)] = 0) -> SnapshotFile:
        """Take one of a snapshot's files along, counted from 0; the download is recorded.

        The answer names the Parquet file; its bytes are at GET /api/v1/files/snapshot/<snapshot>/<number>."""
        call.may_reach(snapshot_id)
        row = kept_row(call, snapshot_id)
        if number >= len(row.files):
            raise Invalid(_("{id} has {count} files").format(id=snapshot_id, count=len(row.files)), field="number")
        file = SnapshotFile.model_validate(row.files[number])
        call.about(snapshot_id)
        call.note(digest=file.digest, rows=file.rows)
        return file
