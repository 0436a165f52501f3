"""What the actions of imports have in common: starting the job, taking in what it read, and the snapshot in the end."""

from sqlmodel import col, select

from core.compute.service import ComputeService
from core.compute.values import JobOrder, Resources
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service
from core.foundation.errors import Conflict, PortalError
from core.foundation.ids import Kind
from core.foundation.text import _
from core.lake.datasets.service import LakeService
from core.lake.import_values import Import, ImportChoices, ImportSource, ImportState, Mode
from core.lake.imports.job_spec import IMPORT, UPLOAD, Base, ImportOrder, ImportResult, Kept
from core.lake.tables import DatasetRow, ImportRow
from core.lake.values import Snapshot, TablePreview

# Rows are read in parts, and what is counted of them is written to files where it is much. Measured peaks: 1,000 MB of
# CSV that are one column of texts of 32 characters, all of them different, 1,240 MB; 256 MB with seven columns 660 MB.
LEAST_MEMORY_MB = 512
MEMORY_FOR_EACH_MB = 4
MOST_MEMORY_MB = 2560
ATTEMPTS = 3


class ImportParts(Service):
    """The parts; the actions are in the class below."""

    def __init__(self, foundation: Foundation, *, lake: LakeService, compute: ComputeService) -> None:
        super().__init__(foundation)
        self.lake = lake
        self.compute = compute

    def row(self, call: Call, import_id: str) -> ImportRow:
        return call.session.get_one(ImportRow, import_id)

    def begin(
        self, call: Call, dataset_id: str, *, source: ImportSource, mode: Mode, choices: ImportChoices, confirm: bool
    ) -> Import:
        """A new import and its job."""
        call.may_reach(dataset_id)
        dataset = call.session.get_one(DatasetRow, dataset_id)
        title = _("{source} into {dataset}").format(source=source.name[:120], dataset=dataset.name)
        if mode == "append":
            choices = self._as_before(call, dataset_id, choices)
        import_id = call.create(Kind.IMPORT, project=dataset.project, title=title, state=ImportState.READING)
        row = ImportRow(
            id=import_id,
            dataset_id=dataset_id,
            project=dataset.project,
            state=ImportState.READING,
            source=source.model_dump(mode="json"),
            mode=mode,
            choices=choices.model_dump(mode="json"),
            confirm=confirm,
            kept={},
            preview={},
            created_by=call.actor.person_id,
            created_at=call.now,
        )
        call.session.add(row)
        call.session.flush()
        call.about(import_id)
        call.note(dataset=dataset_id, source=source.name, confirmed_in_advance=confirm)
        return self.read(call, row)

    def read(self, call: Call, row: ImportRow) -> Import:
        """Starts the job that reads an import with its choices as they are."""
        source = ImportSource.model_validate(row.source)
        base = self._base(call, row)
        order = ImportOrder(source=source, mode=row.mode, choices=ImportChoices.model_validate(row.choices), base=base)
        inputs = {file.digest: file.digest for file in base.files} | ({UPLOAD: source.digest} if source.digest else {})
        job = self.compute.submit(
            call,
            JobOrder(
                kind=IMPORT,
                project=row.project,
                title=_("Read {name}").format(name=source.name[:120]),
                subject=row.id,
                payload={"order": order.model_dump(mode="json"), "now": call.now.isoformat()},
                inputs=inputs,
                owner=row.created_by,
                resources=Resources(cpus=1, memory_mb=self._memory_mb(source, base)),
                max_attempts=ATTEMPTS,
            ),
        )
        row.job_id, row.cause = job.id, ""
        self._move(call, row, ImportState.READING)
        return self.value(call, row)

    def take(self, call: Call, import_id: str, *, result: ImportResult) -> None:
        """What the job read, in the transaction that marks it succeeded."""
        row = self.row(call, import_id)
        row.kept, row.preview = result.kept.model_dump(mode="json"), result.preview.model_dump(mode="json")
        self._move(call, row, ImportState.READY)
        if row.confirm:
            try:
                self.confirm(call, row)
            except PortalError as error:
                said = _("It waits for a person. {why}. {advice}")
                row.cause = said.format(why=error.message, advice=error.hint).strip()
                call.session.add(row)

    def fail(self, call: Call, import_id: str, *, cause: str) -> None:
        row = self.row(call, import_id)
        row.cause = cause
        self._move(call, row, ImportState.FAILED)

    def confirm(self, call: Call, row: ImportRow, *, accept: bool = False) -> Snapshot:
        """The snapshot. Conflict where the rows it appends to are no longer the newest, and, unless `accept` says that
        UTC is meant, where times have no zone."""
        kept = Kept.model_validate(row.kept)
        if not accept and (unanswered := _unanswered(kept)):
            raise Conflict(
                _("Times without a zone: {columns}").format(columns=", ".join(unanswered)),
                hint=_("Choose their zone and read the import again, or accept that UTC is meant."),
            )
        newest = self.lake.newest(call, row.dataset_id)
        if row.mode == "append" and (newest.id if newest else "") != kept.base:
            raise Conflict(
                _("The dataset has a newer snapshot than the one to append to"),
                hint=_("Read the import again: it then goes on from the newest rows."),
            )
        snapshot = self.lake.add_snapshot(call, row.dataset_id, kept, by=row.created_by)
        row.snapshot_id, row.cause = snapshot.id, ""
        self._move(call, row, ImportState.CONFIRMED)
        return snapshot

    def value(self, call: Call, row: ImportRow) -> Import:
        dataset = call.session.get_one(DatasetRow, row.dataset_id)
        # What an earlier reading found stands for corrections when a later one failed.
        kept = Kept.model_validate(row.kept) if row.kept and row.state != ImportState.READING else None
        return Import(
            **row.model_dump(exclude={"source", "choices", "confirm", "kept", "preview"}),
            dataset=dataset.name,
            source=ImportSource.model_validate(row.source),
            choices=ImportChoices.model_validate(row.choices),
            report=kept.report if kept else None,
            preview=TablePreview.model_validate(row.preview) if kept else None,
            unanswered=_unanswered(kept) if kept and row.state == ImportState.READY else (),
        )

    def _memory_mb(self, source: ImportSource, base: Base) -> int:
        """What the job orders. What lies elsewhere is not measured before it is fetched."""
        sent = self.foundation.store.path(source.digest).stat().st_size if source.digest else 0
        read = (sent + sum(file.bytes for file in base.files)) >> 20
        needed = MOST_MEMORY_MB if source.kind == "address" else LEAST_MEMORY_MB + read * MEMORY_FOR_EACH_MB
        return min(needed, MOST_MEMORY_MB, self.foundation.settings.memory_mb)

    def _base(self, call: Call, row: ImportRow) -> Base:
        newest = self.lake.newest(call, row.dataset_id) if row.mode == "append" else None
        if newest is None:
            return Base()
        self.lake.usable(call, newest.id)
        return Base(snapshot_id=newest.id, files=newest.files, columns=newest.columns)

    def _as_before(self, call: Call, dataset_id: str, choices: ImportChoices) -> ImportChoices:
        """The choices, and where they choose nothing those by which the newest rows were read."""
        newest = self.lake.newest(call, dataset_id)
        if newest is None:
            return choices
        made = select(ImportRow).where(ImportRow.snapshot_id == newest.id).order_by(col(ImportRow.created_at).desc())
        before = call.session.exec(made).first()
        if before is None:
            return choices
        return ImportChoices.model_validate(before.choices | choices.model_dump(mode="json", exclude_defaults=True))

    def _move(self, call: Call, row: ImportRow, state: ImportState) -> None:
        row.state = state
        call.session.add(row)
        call.update(row.id, state=state)


def _unanswered(kept: Kept) -> tuple[str, ...]:
    """Rows are appended only to rows of the same types: that UTC is meant was said when those were confirmed."""
    return () if kept.base else tuple(column.name for column in kept.columns if column.type == "TIMESTAMP")
