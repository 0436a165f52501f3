"""The samples on which the two forms of a logic are compared."""

import pyarrow as pa
import pytest

from core.features.logic.samples import difficult

NEVER = 2**63 - 1


@pytest.mark.parametrize("of_type", [pa.timestamp("us"), pa.timestamp("us", "UTC")])
def test_infinity_stays_where_it_is_when_all_times_move(of_type: pa.DataType) -> None:
    moments = pa.array([0, NEVER, -NEVER, None, 5_000_000], pa.int64()).cast(of_type)
    tables = {"flights": pa.table({"carrier": ["A"] * 5, "at": moments})}
    moved = 0
    for _sample, rows in difficult(tables, keys=["carrier"], seed=1):
        table = rows["flights"]
        if table.num_rows == 5 and table.column("at").null_count == 1:
            first, *infinite = table.column("at").cast(pa.int64()).to_pylist()[:3]
            moved += first != 0
            assert infinite == [NEVER, -NEVER]
    assert moved > 1
