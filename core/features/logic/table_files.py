"""Tables between a process that checks logic and the one that runs it, as files of Arrow. What people's code left in
one is read as a stranger's."""

from pathlib import Path
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid
from core.sandbox.messages import malformed

if TYPE_CHECKING:
    import pyarrow as pa

FRAME = "frame_{number}.arrow"


def save_table(table: "pa.Table | pa.RecordBatchReader", path: Path) -> None:
    import pyarrow as pa

    batches = table.to_batches() if isinstance(table, pa.Table) else table
    with pa.ipc.new_file(str(path), table.schema) as file:
        for batch in batches:
            file.write_batch(batch)


def load_table(path: Path) -> "pa.Table":
    import pyarrow as pa

    # A process that lives for one call has no time to start threads.
    with pa.OSFile(str(path)) as file:
        return pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(use_threads=False)).read_all()


def load_foreign(path: Path) -> "pa.Table":
    """Only values of Arrow's own types, every one of them checked. Raises Invalid for anything else."""
    import pyarrow as pa

    try:
        table = load_table(path)
        table.validate(full=True)
    except (OSError, ValueError, TypeError, pa.ArrowException) as error:
        raise malformed() from error
    names = [name.casefold() for name in table.column_names]
    if len(set(names)) < len(names) or any(isinstance(field.type, pa.BaseExtensionType) for field in table.schema):
        raise malformed()
    # What fields say beside their types would be heard by the engine.
    return pa.table(table.columns, names=[_plain(name) for name in table.column_names])


def _plain(name: str) -> str:
    if not name.isprintable():
        raise Invalid(malformed().message)
    return name
