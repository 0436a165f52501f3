"""Imports: rows on their way into a dataset. A job reads them and reports; a person confirms or corrects before
there is a snapshot."""

from typing import Annotated

from pydantic import Field, StringConstraints
from sqlmodel import col

from core.compute.service import ComputeService
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.content import Content
from core.foundation.actions.run import Service, action
from core.foundation.errors import Conflict, Invalid
from core.foundation.listings import batch_of, conditions
from core.foundation.naming.texts import ONE_LINE
from core.foundation.plugins import OneOf
from core.foundation.text import N_, _, in_state
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.lake.datasets.service import DatasetService
from core.lake.import_values import Import, ImportChoices, ImportSource, ImportState, Mode
from core.lake.imports.process import ImportProcess, set_state
from core.lake.imports.records import import_of, import_row, imports_of
from core.lake.imports.rejected import read_rejects
from core.lake.places.table import packages, place_of
from core.lake.tables import ImportRow
from core.lake.values import ColumnName, RejectedRow, Snapshot
from core.lake.values import Limit as RowLimit

FileName = Annotated[str, StringConstraints(min_length=1, max_length=255), ONE_LINE]
TableName = Annotated[str, StringConstraints(min_length=1, max_length=60)]
PackageName = Annotated[str, OneOf(packages)]
AsProposed = Annotated[tuple[ColumnName, ...], Field(max_length=500)]
Address = Annotated[str, StringConstraints(min_length=6, max_length=1100)]
MOST_BYTES = 256 * 2**20
AS_IT_IS = ImportChoices()


class ImportService(Service):
    domain = "imports"

    def __init__(self, foundation: Foundation, *, datasets: DatasetService, compute: ComputeService) -> None:
        super().__init__(foundation)
        self.process = ImportProcess(foundation, datasets=datasets, compute=compute)
        self._datasets = datasets

    def _store(
        self,
        call: Call,
        *,
        dataset_id: str,
        filename: str,
        content: Content,
        mode: Mode,
        choices: ImportChoices,
        confirm: bool,
    ) -> ImportSource:
        call.may_reach(dataset_id)
        if content.size > MOST_BYTES:
            raise Invalid(
                _("The file has more than {most} MB").format(most=MOST_BYTES // 2**20),
                hint=_("Send it as Parquet, or put it into S3 and import its address."),
                field="content",
            )
        if content.is_blank:
            raise Invalid(_("The file is empty"), field="content")
        return ImportSource(kind="upload", name=filename, digest=self.foundation.store.put_content(content))

    @action(permission=Permission.DATA_WRITE, prepare=_store, says=N_("started the import"))
    def start_upload(
        self,
        call: Call,
        *,
        dataset_id: str,
        filename: FileName,
        content: Content,
        mode: Mode = "replace",
        choices: ImportChoices = AS_IT_IS,
        confirm: bool = False,
    ) -> Import:
        """Read a file into a dataset: CSV, Excel, JSON lines, Parquet or Arrow, or a ZIP of images or texts.

        It may be packed by gzip. A job reads it and reports what it chose; the rows become a snapshot when the import
        is confirmed. `confirm` says so in advance, for scripts; an import with times without a zone, with a column that
        can be read in more than one way, of one of several sheets that nobody chose, or in an encoding that its bytes
        leave open waits for a person all the same.
        Rows to append are read like the rows before them, but for what is chosen."""
        return self.process.start(call, dataset_id, source=call.prepared, mode=mode, choices=choices, confirm=confirm)

    @action(permission=Permission.DATA_WRITE, says=N_("started the import"))
    def start_package_import(
        self,
        call: Call,
        *,
        dataset_id: str,
        package: PackageName,
        table: TableName,
        mode: Mode = "replace",
        choices: ImportChoices = AS_IT_IS,
        confirm: bool = False,
    ) -> Import:
        """Read a table of a Python package into a dataset, with its local times as instants and what it reports late
        marked already."""
        call.may_reach(dataset_id)
        source = ImportSource(kind="package", name=f"{package}/{table}")
        place_of(source).check(source.name)
        return self.process.start(call, dataset_id, source=source, mode=mode, choices=choices, confirm=confirm)

    @action(permission=Permission.DATA_WRITE, says=N_("started the import"))
    def start_address_import(
        self,
        call: Call,
        *,
        dataset_id: str,
        address: Address,
        mode: Mode = "replace",
        choices: ImportChoices = AS_IT_IS,
        confirm: bool = False,
    ) -> Import:
        """Read a file in S3 into a dataset (s3://bucket/key), or every table in a folder (s3://bucket/folder/)."""
        call.may_reach(dataset_id)
        source = ImportSource(kind="address", name=address)
        place_of(source).check(address)
        return self.process.start(call, dataset_id, source=source, mode=mode, choices=choices, confirm=confirm)

    @action(permission=Permission.DATA_WRITE, says=N_("corrected the import"))
    def correct_import(self, call: Call, *, import_id: str, choices: ImportChoices) -> Import:
        """Read an import again, with other choices."""
        call.may_reach(import_id)
        row = import_row(call, import_id)
        if row.state not in (ImportState.READY, ImportState.FAILED):
            raise Conflict(
                in_state(import_id, row.state),
                hint=_("Only what was read and not yet confirmed can be corrected."),
            )
        row.choices = choices.model_dump(mode="json")
        call.about(import_id)
        return self.process.read(call, row)

    @action(permission=Permission.DATA_WRITE, says=N_("confirmed the import"))
    def confirm_import(
        self, call: Call, *, import_id: str, accept: bool = False, as_proposed: AsProposed = ()
    ) -> Snapshot:
        """Make the rows of an import the next snapshot of its dataset. Confirming it again changes nothing.

        Times without a zone, columns that can be read in more than one way, a workbook with several sheets, and a file
        of text that is not UTF-8 need an answer first: the zone, the notation, the sheet or the encoding. `accept`
        answers for the times alone: UTC is meant. `as_proposed` names the columns, the sheet and the encoding for which
        what is proposed is meant."""
        call.may_reach(import_id)
        call.about(import_id)
        row = import_row(call, import_id)
        if row.state == ImportState.CONFIRMED:
            return self._datasets.snapshot(call, row.snapshot_id)
        if row.state != ImportState.READY:
            raise Conflict(in_state(import_id, row.state), hint=_("Wait until it was read."))
        snapshot = self.process.confirm(call, row, accept=accept, as_proposed=as_proposed)
        call.note(snapshot=snapshot.id, digest=snapshot.digest, rows=snapshot.rows, accepted=accept)
        if as_proposed:
            call.note(as_proposed=list(as_proposed))
        return snapshot

    @action(permission=Permission.DATA_WRITE, says=N_("discarded the import"))
    def discard_import(self, call: Call, *, import_id: str) -> Import:
        """Discard an import: it becomes no snapshot."""
        call.may_reach(import_id)
        row = import_row(call, import_id)
        if row.state not in (ImportState.READY, ImportState.FAILED):
            raise Conflict(in_state(import_id, row.state), hint=_("Stop its job to end the reading."))
        set_state(call, row, ImportState.DISCARDED)
        call.about(import_id)
        return import_of(call, row)

    @action(permission=Permission.READ, reads=True)
    def get_import(self, call: Call, *, import_id: str) -> Import:
        """Show an import: how it was read, what to look at, and its first rows."""
        call.may_reach(import_id)
        return import_of(call, import_row(call, import_id))

    @action(permission=Permission.READ, reads=True)
    def list_rejected_rows(
        self, call: Call, *, import_id: str, offset: Offset = 0, limit: RowLimit = 50
    ) -> Listing[RejectedRow]:
        """List the rows that an import left out, by line, with what stands there and why.

        A row is there once for each of its cells that does not fit. All of them as CSV are at
        GET /api/v1/files/import_rejected/<import>."""
        call.may_reach(import_id)
        report = import_of(call, import_row(call, import_id)).report
        if report is None or not report.rejected:
            return Listing(items=(), total=0, offset=offset, limit=limit)
        return read_rejects(self.foundation.store.verified_path(report.rejected), offset=offset, limit=limit)

    @action(permission=Permission.READ, reads=True)
    def list_imports(
        self,
        call: Call,
        *,
        project: str = "",
        dataset_id: str = "",
        state: ImportState | str = "",
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[Import]:
        """List imports, the newest first."""
        return batch_of(
            call.session,
            ImportRow,
            where=conditions(call, ImportRow, project=project, dataset_id=dataset_id, state=state),
            order=(col(ImportRow.created_at).desc(), col(ImportRow.id).desc()),
            offset=offset,
            limit=limit,
            convert=lambda rows: imports_of(call, rows),
        )
