"""Files that people send, read into a table or refused in words. A file is judged by its bytes, not by its name; what
cannot be read without guessing is refused."""

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.arrow_types import check_names, name_columns, normalized

if TYPE_CHECKING:
    import pyarrow as pa

MOST_BYTES = 256 * 2**20
MOST_COLUMNS = 2000
# Above this share of unreadable lines the file is not "a table with a few bad lines" but something else.
MOST_REJECTED = 0.01
PARQUET_MARK = b"PAR1"
OTHER_MARKS = {
    b"PK\x03\x04": "ZIP",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"%PDF": "PDF",
    b"\xd0\xcf\x11\xe0": "XLS",
}
REASONS_SHOWN = 5


@dataclass
class Reading:
    """A table as it was read. `rejected` counts lines left out, `reasons` says why for the first of them, `choices`
    says in words what was decided on the way."""

    table: "pa.Table"
    rejected: int = 0
    reasons: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)


def read_upload(filename: str, content: bytes) -> Reading:
    """The table of a CSV or Parquet file. Raises Invalid: empty, too large, of another kind than its name says, not
    UTF-8, NUL bytes, no header, names missing or twice, no rows, columns the lake cannot hold."""
    _check_size(content)
    if filename.lower().endswith(".parquet"):
        return read_parquet_bytes(content)
    if filename.lower().endswith(".csv"):
        return read_csv_bytes(content)
    raise Invalid(
        _("{name} is neither a .csv nor a .parquet file").format(name=repr(filename[-60:])),
        hint=_("Save the table as CSV (UTF-8, commas) or Parquet."),
        field="filename",
    )


def read_csv_bytes(content: bytes, *, missing_text: tuple[str, ...] = ("",)) -> Reading:
    """The table of a CSV file: UTF-8, commas, a header. Types are those that every value of a column fits. An empty
    cell or NA is missing in columns of numbers and times; in text only what `missing_text` lists is, since NA may be a
    word."""
    import pyarrow as pa

    content = content.removeprefix(b"\xef\xbb\xbf")
    _check_is_text(content)
    names = _header(content)
    rejected: list[str] = []
    try:
        table = _parse_csv(content, names, rejected)
    except pa.ArrowInvalid as error:
        raise Invalid(_("The CSV file cannot be read: {why}").format(why=str(error)[:200]), field="content") from error
    _check_rows(table.num_rows, len(rejected))
    table = _without_texts(normalized(table), missing_text)
    return Reading(table, len(rejected), rejected[:REASONS_SHOWN], [_("Empty cells are missing values.")])


def read_parquet_bytes(content: bytes) -> Reading:
    """The table of a Parquet file, its page checksums verified where it has them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not content.startswith(PARQUET_MARK):
        raise _not_what_it_says(".parquet", _kind_of(content))
    try:
        file = pq.ParquetFile(io.BytesIO(content), page_checksum_verification=True)
        _check_unpacked(file.metadata)
        check_names(file.schema_arrow.names)
        table = file.read()
    except (pa.ArrowException, OSError) as error:
        raise Invalid(
            _("The Parquet file is damaged"), hint=_("Write it again and send it whole."), field="content"
        ) from error
    _check_rows(table.num_rows, 0)
    return Reading(normalized(table))


def _check_size(content: bytes) -> None:
    if not content.strip():
        raise Invalid(_("The file is empty"), field="content")
    if len(content) > MOST_BYTES:
        raise Invalid(
            _("The file has more than {most} MB").format(most=MOST_BYTES // 2**20),
            hint=_("Split it, or send it as Parquet."),
            field="content",
        )


def _check_is_text(content: bytes) -> None:
    other = _kind_of(content)
    if other != "CSV":
        raise _not_what_it_says(".csv", other)
    if (position := content.find(b"\x00")) >= 0:
        line = content.count(b"\n", 0, position) + 1
        raise Invalid(_("Line {line} has a NUL byte").format(line=line), hint=_save_as_utf8(), field="content")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Invalid(_("Line {line} is not UTF-8").format(line=line), hint=_save_as_utf8(), field="content") from error


def _save_as_utf8() -> str:
    return _("Save the file as CSV in UTF-8.")


def _header(content: bytes) -> list[str]:
    """The names in the first line. A line of numbers is data, so it is no header."""
    end = content.find(b"\n")
    first = content[: end if end >= 0 else len(content)].decode("utf-8").rstrip("\r")
    names = next(csv.reader([first]), [])
    if len(names) > MOST_COLUMNS:
        raise Invalid(_("More than {most} columns").format(most=MOST_COLUMNS), field="content")
    if numbers := [name for name in names if _is_number(name)]:
        raise Invalid(
            _("The file has no header: its first line has the number {number}").format(number=numbers[0][:40]),
            hint=name_columns(),
            field="content",
        )
    check_names(names)
    return names


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _parse_csv(content: bytes, names: list[str], rejected: list[str]) -> "pa.Table":
    import pyarrow.csv as arrow_csv

    def reject(row: Any) -> str:
        rejected.append(
            _("A line with {actual} cells instead of {expected}: {text}").format(
                actual=row.actual_columns, expected=row.expected_columns, text=row.text[:80]
            )
        )
        return "skip"

    # One block, so that the type of a column is decided by all of its values and not by the first megabyte.
    return arrow_csv.read_csv(
        io.BytesIO(content),
        read_options=arrow_csv.ReadOptions(column_names=names, skip_rows=1, block_size=len(content) + 1),
        parse_options=arrow_csv.ParseOptions(invalid_row_handler=reject, newlines_in_values=b'"' in content),
        convert_options=arrow_csv.ConvertOptions(null_values=["", "NA"], strings_can_be_null=False),
    )


def _without_texts(table: "pa.Table", missing: tuple[str, ...]) -> "pa.Table":
    """Text cells that stand for nothing become null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for index, name in enumerate(table.column_names):
        column = table.column(index)
        if pa.types.is_string(column.type):
            stands_for_nothing = pc.is_in(column, value_set=pa.array(missing, pa.string()))
            table = table.set_column(index, name, pc.if_else(stands_for_nothing, pa.scalar(None, pa.string()), column))
    return table


def _check_rows(rows: int, rejected: int) -> None:
    if rejected > MOST_REJECTED * (rows + rejected):
        raise Invalid(
            _("{rejected} of {rows} lines do not have the columns of the header").format(
                rejected=rejected, rows=rows + rejected
            ),
            hint=_("Check the separator: columns are separated by commas."),
            field="content",
        )
    if not rows:
        raise Invalid(_("The file has a header and no rows"), field="content")


def _check_unpacked(metadata: Any) -> None:
    unpacked = sum(metadata.row_group(index).total_byte_size for index in range(metadata.num_row_groups))
    if unpacked > 16 * MOST_BYTES:
        raise Invalid(
            _("The file unpacks to more than {most} GB").format(most=16 * MOST_BYTES // 2**30), field="content"
        )
    if metadata.num_columns > MOST_COLUMNS:
        raise Invalid(_("More than {most} columns").format(most=MOST_COLUMNS), field="content")


def _kind_of(content: bytes) -> str:
    marks = {PARQUET_MARK: "Parquet", **OTHER_MARKS}
    return next((kind for mark, kind in marks.items() if content.startswith(mark)), "CSV")


def _not_what_it_says(suffix: str, kind: str) -> Invalid:
    return Invalid(
        _("The file is called {suffix} and is not: its content looks like {kind}").format(suffix=suffix, kind=kind),
        hint=_("Send the file under the name of what it is."),
        field="filename",
    )
