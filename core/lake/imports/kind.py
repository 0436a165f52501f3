"""How what a job has read becomes an import that waits for a person, or a snapshot where that was said before."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.compute.kinds import PlainKind
from core.compute.values import Job, JobState
from core.foundation.actions.call import Call
from core.foundation.digests import canonical
from core.foundation.errors import Invalid
from core.foundation.parquet import row_count
from core.foundation.text import _
from core.lake.import_values import ImportSource
from core.lake.imports.job_spec import IMPORT, REJECTED, RESULT, ImportResult, WrittenFile
from core.lake.imports.service import ImportService
from core.lake.imports.snapshot_files import SnapshotManifest
from core.lake.places.table import place_of
from core.lake.values import SnapshotFile, StagedSnapshot


class ImportKind(PlainKind):
    """Imports: the files become files of the store, the manifest that names them comes last."""

    name = IMPORT
    module = "core.lake.imports.job"

    def __init__(self, imports: ImportService) -> None:
        self.process = imports.process
        self.settings, self.store = imports.foundation.settings, imports.foundation.store

    def at_launch(self, job: Job, payload: dict[str, Any]) -> dict[str, Any]:
        """What lets the job in where it reads is in no database: it goes straight into the job's own file."""
        source = ImportSource.model_validate(payload["order"]["source"])
        return {} if source.kind == "upload" else {"access": place_of(source).access(self.settings)}

    def read_outputs(self, job: Job, outputs: Path) -> ImportResult:
        """The result with the digests of its files, which lie in the store."""
        try:
            result = ImportResult.model_validate_json((outputs / RESULT).read_bytes())
        except (OSError, ValidationError) as error:
            raise Invalid(_("The job left no result that can be read")) from error
        for name in result.items:
            self._put(outputs, name)
        files = tuple(self._file(outputs, item) for item in result.written)
        staged = self._with_rejects(result.kept, outputs)
        return result.model_copy(update={"kept": self._stored(staged, files)})

    def ingest_outputs(self, call: Call, job: Job, read: ImportResult) -> None:
        self.process.ingest(call, job.subject, result=read)

    def ended(self, call: Call, job: Job) -> None:
        cause = _("Cancelled.") if job.state is JobState.CANCELLED else job.cause
        self.process.fail(call, job.subject, cause=cause)

    def _stored(self, staged: StagedSnapshot, files: tuple[SnapshotFile, ...]) -> StagedSnapshot:
        manifest = SnapshotManifest(files=files, columns=staged.columns)
        return staged.model_copy(update={"files": files, "digest": self.store.put_bytes(canonical(manifest))})

    def _with_rejects(self, staged: StagedSnapshot, outputs: Path) -> StagedSnapshot:
        """Whatever the job says of it, the file with the rejected rows is the one that lies there."""
        has_file = (outputs / REJECTED).exists()
        digest = self.store.put_file(_path_in(outputs, REJECTED)) if has_file else ""
        report = staged.report.model_copy(update={"rejected": digest})
        return staged.model_copy(update={"report": report})

    def _file(self, outputs: Path, item: WrittenFile) -> SnapshotFile:
        if not item.name:
            return item.file
        path = _path_in(outputs, item.name)
        if row_count(path) != item.file.rows:
            raise Invalid(_("The job's file {name} is not what its result says").format(name=item.name))
        return item.file.model_copy(update={"digest": self.store.put_file(path)})

    def _put(self, outputs: Path, name: str) -> None:
        self.store.put_file(_path_in(outputs, name))


def _path_in(outputs: Path, name: str) -> Path:
    path = outputs / name
    if path.is_symlink() or not path.is_file() or not path.resolve().is_relative_to(outputs.resolve()):
        raise Invalid(_("The job's file {name} is not what its result says").format(name=name))
    return path
