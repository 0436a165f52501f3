"""Data frames of notebooks as the Parquet bytes that an import takes. What a frame has and a table of the lake has not,
an index and cells of mixed kinds, is refused with a reason instead of being guessed at."""

import io
from typing import TYPE_CHECKING, Any

from core.foundation.errors import Invalid
from core.foundation.text import _

if TYPE_CHECKING:
    import pyarrow as pa


def frame_bytes(frame: Any) -> bytes:
    """The Parquet bytes of a pandas or polars frame, or an Arrow table. Raises Invalid for an index that holds data,
    for columns without a name, for a column whose cells are of several kinds, and for anything that is no frame."""
    import pyarrow.parquet as pq

    target = io.BytesIO()
    pq.write_table(_table(frame), target, compression="zstd", write_page_checksum=True)
    return target.getvalue()


def _table(frame: Any) -> "pa.Table":
    import pyarrow as pa

    module = type(frame).__module__.partition(".")[0]
    if isinstance(frame, pa.Table):
        return frame
    if module == "pandas":
        return _of_pandas(frame)
    if module == "polars" and hasattr(frame, "to_arrow"):
        return frame.to_arrow()
    raise Invalid(
        _("{kind} is no data frame").format(kind=type(frame).__name__),
        hint=_("Give a pandas or polars DataFrame, or an Arrow table."),
        field="frame",
    )


def _of_pandas(frame: Any) -> "pa.Table":
    import pyarrow as pa

    _check_index(frame)
    for name in frame.columns:
        if not isinstance(name, str):
            raise Invalid(
                _("The column {name} has no text for a name").format(name=repr(name)[:60]),
                hint=_("Name every column by a text: frame.columns = [...]."),
                field="frame",
            )
    fields = [_column(frame, name) for name in frame.columns]
    return pa.table(fields, names=list(frame.columns))


def _check_index(frame: Any) -> None:
    """Only the plain numbering of rows is no data."""
    if type(frame.index).__name__ != "RangeIndex" or frame.index.name is not None:
        raise Invalid(
            _("The frame has an index that holds data"),
            hint=_("Make it a column with frame.reset_index(), or drop it with frame.reset_index(drop=True)."),
            field="frame",
        )


def _column(frame: Any, name: str) -> "pa.Array":
    import pyarrow as pa

    try:
        return pa.Array.from_pandas(frame[name])
    except (pa.ArrowInvalid, pa.ArrowTypeError, AttributeError) as error:
        raise Invalid(
            _("The cells of column {name} are of several kinds: {why}").format(name=repr(name), why=str(error)[:120]),
            hint=_("Make them one kind, for instance with frame[{name}].astype('string').").format(name=repr(name)),
            field="frame",
        ) from error
