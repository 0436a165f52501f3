"""Tables as polars frames, for notebooks."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def polars_frame(table: "pa.Table") -> Any:
    """The polars DataFrame of a table, types kept."""
    import polars as pl

    return pl.from_arrow(table)
