"""How an import goes on: its job is started, what that read is ingested, and in the end there is a snapshot."""

from collections.abc import Collection

from sqlmodel import col, select

from core.compute.service import ComputeService
from core.compute.values import JobSpec, Resources
from core.foundation.actions.call import Call, Foundation
from core.foundation.errors import Conflict, PortalError
from core.foundation.ids import Kind
from core.foundation.objects import ObjectRow
from core.foundation.text import _
from core.lake.datasets.records import import_title
from core.lake.datasets.service import DatasetService
from core.lake.import_values import Import, ImportChoices, ImportSource, ImportState, Mode
from core.lake.imports.job_spec import IMPORT, UPLOAD, Base, ImportResult, ImportSpec
from core.lake.imports.records import (
    as_read,
    import_of,
    import_row,
    in_doubt,
    open_encoding,
    several_sheets,
    without_zone,
)
from core.lake.imports.replaced import Replaced, replaced_columns
from core.lake.tables import DatasetRow, ImportRow
from core.lake.values import Snapshot, StagedSnapshot

# Rows are read in parts, and what is counted of them is written to files where it is much. Measured peaks: 1,000 MB of
# CSV that are one column of texts of 32 characters, all of them different, 1,240 MB; 256 MB with seven columns 660 MB.
LEAST_MEMORY_MB = 512
MEMORY_FOR_EACH_MB = 4
MOST_MEMORY_MB = 2560
PACKED = (".gz", ".xlsx", ".xlsm")
ATTEMPTS = 3


class ImportProcess:
    """The steps of an import, each in the caller's transaction."""

    def __init__(self, foundation: Foundation, *, datasets: DatasetService, compute: ComputeService) -> None:
        self._foundation = foundation
        self._datasets = datasets
        self._compute = compute

    def start(
        self, call: Call, dataset_id: str, *, source: ImportSource, mode: Mode, choices: ImportChoices, confirm: bool
    ) -> Import:
        """A new import and its job."""
        call.may_reach(dataset_id)
        dataset = call.session.get_one(DatasetRow, dataset_id)
        title = import_title(source.name, dataset.entry.title)
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
        job_spec = ImportSpec(
            source=source, mode=row.mode, choices=ImportChoices.model_validate(row.choices), base=base
        )
        inputs = {file.digest: file.digest for file in base.files} | ({UPLOAD: source.digest} if source.digest else {})
        job = self._compute.submit(
            call,
            JobSpec(
                kind=IMPORT,
                project=row.project,
                title=_("Read {name}").format(name=source.name[:120]),
                subject=row.id,
                payload={"order": job_spec.model_dump(mode="json"), "now": call.now.isoformat()},
                inputs=inputs,
                owner=row.created_by,
                resources=Resources(cpus=1, memory_mb=self._memory_mb(source, base)),
                max_attempts=ATTEMPTS,
            ),
        )
        row.job_id, row.cause = job.id, ""
        set_state(call, row, ImportState.READING)
        return import_of(call, row)

    def ingest(self, call: Call, import_id: str, *, result: ImportResult) -> None:
        """What the job read, in the transaction that marks it succeeded."""
        row = import_row(call, import_id)
        newest = self._datasets.newest(call, row.dataset_id) if row.mode == "replace" else None
        replaced = replaced_columns(call, newest, result.kept)
        row.kept = _warned(result.kept, replaced.warnings).model_dump(mode="json")
        row.preview = result.preview.model_dump(mode="json")
        set_state(call, row, ImportState.READY)
        if row.confirm:
            try:
                _check_readers(replaced)
                self.confirm(call, row)
            except PortalError as error:
                reason = _("It waits for a person. {why}. {advice}")
                row.cause = reason.format(why=error.message, advice=error.hint).strip()
                call.session.add(row)

    def fail(self, call: Call, import_id: str, *, cause: str) -> None:
        row = import_row(call, import_id)
        row.cause = cause
        set_state(call, row, ImportState.FAILED)

    def confirm(
        self, call: Call, row: ImportRow, *, accept: bool = False, as_proposed: Collection[str] = ()
    ) -> Snapshot:
        """The snapshot. Conflict where the dataset was archived, where the rows it appends to are no longer the newest,
        where times have no zone unless `accept` says that UTC is meant, and where a column that can be read in more
        than one way, the sheet that was read, or an encoding that the bytes leave open is not in `as_proposed`."""
        call.refuse_put_away(call.session.get_one(ObjectRow, row.dataset_id))
        staged, choices = StagedSnapshot.model_validate(row.kept), ImportChoices.model_validate(row.choices)
        _check_answered(staged, choices, accept=accept, as_proposed=as_proposed)
        newest = self._datasets.newest(call, row.dataset_id)
        if row.mode == "append" and (newest.id if newest else "") != staged.base:
            raise Conflict(
                _("The dataset has a newer snapshot than the one to append to"),
                hint=_("Read the import again: it then goes on from the newest rows."),
            )
        snapshot = self._datasets.add_snapshot(call, row.dataset_id, staged, by=row.created_by)
        row.snapshot_id, row.cause = snapshot.id, ""
        row.choices = as_read(choices, staged).model_dump(mode="json")
        set_state(call, row, ImportState.CONFIRMED)
        return snapshot

    def _memory_mb(self, source: ImportSource, base: Base) -> int:
        """What the job orders. What lies elsewhere is not measured before it is fetched, and what is packed is larger
        than it says."""
        sent = self._foundation.store.path(source.digest).stat().st_size if source.digest else 0
        read = (sent + sum(file.bytes for file in base.files)) >> 20
        is_unknown = source.kind == "address" or source.name.lower().endswith(PACKED)
        needed = MOST_MEMORY_MB if is_unknown else LEAST_MEMORY_MB + read * MEMORY_FOR_EACH_MB
        return min(needed, MOST_MEMORY_MB, self._foundation.settings.memory_mb)

    def _base(self, call: Call, row: ImportRow) -> Base:
        newest = self._datasets.newest(call, row.dataset_id) if row.mode == "append" else None
        if newest is None:
            return Base()
        self._datasets.usable(call, newest.id)
        return Base(snapshot_id=newest.id, files=newest.files, columns=newest.columns)

    def _as_before(self, call: Call, dataset_id: str, choices: ImportChoices) -> ImportChoices:
        """The choices, and where they choose nothing those by which the newest rows were read. Every file has an
        encoding of its own."""
        newest = self._datasets.newest(call, dataset_id)
        if newest is None:
            return choices
        imports = select(ImportRow).where(ImportRow.snapshot_id == newest.id).order_by(col(ImportRow.created_at).desc())
        before = call.session.exec(imports).first()
        if before is None:
            return choices
        chosen = choices.model_dump(mode="json", exclude_defaults=True)
        return ImportChoices.model_validate(before.choices | {"encoding": ""} | chosen)


def _warned(staged: StagedSnapshot, warnings: tuple[str, ...]) -> StagedSnapshot:
    report = staged.report.model_copy(update={"warnings": (*warnings, *staged.report.warnings)})
    return staged.model_copy(update={"report": report})


def _check_readers(replaced: Replaced) -> None:
    """Conflict where features in use read a dataset of which columns would go."""
    if replaced.readers:
        columns = replaced.warnings[:-1]
        raise Conflict(
            _("Features read this dataset: {names}").format(names=replaced.readers),
            hint=_("{changes} Confirm it if that is meant.").format(changes=" ".join(columns)),
        )


def _check_answered(
    staged: StagedSnapshot, choices: ImportChoices, *, accept: bool, as_proposed: Collection[str]
) -> None:
    """Conflict names everything that is open."""
    sheets = several_sheets(staged, choices)
    times = () if accept else without_zone(staged)
    columns = tuple(column for column in in_doubt(staged) if column not in as_proposed)
    questions = [
        (
            tuple(name for name in open_encoding(staged) if name not in as_proposed),
            _("The file does not say its encoding: {names} is proposed"),
            _("Choose the encoding and read the import again, or say by its name that the proposed one is meant."),
        ),
        (
            () if set(sheets[:1]) & set(as_proposed) else sheets,
            _("The workbook has several sheets: {names}"),
            _("Choose one and read the import again, or say by its name that the first is meant."),
        ),
        (
            times,
            _("Times without a zone: {names}"),
            _("Choose their zone and read the import again, or accept that UTC is meant."),
        ),
        (
            columns,
            _("Columns that can be read in more than one way: {names}"),
            _("Choose how they are written and read the import again, or name those read as proposed."),
        ),
    ]
    pending = [(sentence.format(names=", ".join(names)), hint) for names, sentence, hint in questions if names]
    if pending:
        raise Conflict("; ".join(sentence for sentence, _hint in pending), hint=" ".join(hint for _s, hint in pending))


def set_state(call: Call, row: ImportRow, state: ImportState) -> None:
    row.state = state
    call.session.add(row)
    call.update(row.id, state=state)
