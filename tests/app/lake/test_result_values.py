"""The values of a result keep their types on their way to the grid, the chart and the file."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from app.exports import csv_of
from app.lake.result_values import formats_of, plotted, table_of
from core.lake.column_types import is_number
from core.lake.profiles.profile import preview_rows
from core.lake.queries.sandbox_entry import RESULT, run_query
from core.lake.values import TablePreview
from core.sandbox.limits import Limits

ODD = """
SELECT sum(n) AS total, -1.50::DECIMAL(9,2) AS money, sum(1.005::DECIMAL(9,3)) AS thousandths,
  170141183460469231731687303715884105727::HUGEINT AS huge, 18446744073709551615::UBIGINT AS most,
  340282366920938463463374607431768211455::UHUGEINT AS text, 'nan'::DOUBLE AS nan, '-inf'::FLOAT AS infinite,
  TIMESTAMP_S '2024-02-29 01:02:03' AS at, DATE 'infinity' AS never, DATE '2024-02-29' AS day, '-x' AS word,
  TIME '12:00:01.5' AS clock, INTERVAL 1 MONTH AS month, [1.5, NULL] AS list, {'a': 1} AS struct, 'b'::BLOB AS bytes,
  true AS truth, count(*) FILTER (WHERE n > 9) AS "=count", NULL AS nothing
FROM range(3) numbers(n)
"""
OF_ODD = {
    "total": 3, "money": "-1.50", "thousandths": "3.015", "huge": 2**127 - 1, "most": 2**64 - 1,
    "text": str(2**128 - 1), "nan": "nan", "infinite": "-inf", "at": "2024-02-29T01:02:03", "never": "infinity",
    "day": "2024-02-29", "word": "-x", "clock": "12:00:01.5", "month": "1 month", "list": "[1.5, NULL]",
    "struct": "{'a': 1}", "bytes": "b", "truth": True, "=count": 0, "nothing": None,
}  # fmt: skip


@pytest.fixture
def odd(tmp_path: Path) -> TablePreview:
    """What the sandbox gives for values of every kind, as the service reads it."""
    job_spec = {"sql": ODD, "tables": {}, "row_limit": 10}
    limits = Limits(seconds=20, memory_mb=500, threads=1)
    run_query(job_spec, inputs={}, outputs=tmp_path, limits=limits, progress=lambda _share, _stage: None)
    return preview_rows(tmp_path / RESULT, offset=0, limit=10)


def test_a_result_keeps_its_types_as_json(odd: TablePreview) -> None:
    assert dict(zip(odd.columns, odd.rows[0], strict=True)) == OF_ODD
    types = dict(zip(odd.columns, odd.types, strict=True))
    numbers = [name for name in odd.columns if is_number(types[name])]
    assert numbers == ["total", "money", "thousandths", "huge", "most", "nan", "infinite", "=count"]
    assert json.loads(odd.model_dump_json())["rows"] == [list(odd.rows[0])]


def test_a_result_keeps_its_types_in_the_grid(odd: TablePreview) -> None:
    """Numbers of more digits than the browser's hold are text there, and so is infinity of times."""
    table = table_of(odd)
    kinds = {field.name: str(field.type) for field in table.schema}
    right = {
        "total": "int64", "money": "decimal128(3, 2)", "thousandths": "decimal128(4, 3)", "nan": "double",
        "infinite": "double", "at": "timestamp[us]", "day": "date32[day]", "truth": "bool",
    }  # fmt: skip
    assert {name: kinds[name] for name in right} == right
    assert {kinds[name] for name in ("huge", "most", "text", "never", "word", "clock", "list")} == {"string"}
    assert table.column("most").to_pylist() == [str(2**64 - 1)]
    assert {name: config["type_config"]["format"] for name, config in formats_of(table).items()} == {
        "money": "%.2f",
        "thousandths": "%.3f",
    }


def test_a_result_keeps_its_types_in_a_chart(odd: TablePreview) -> None:
    assert [plotted(odd, name)[0] for name in ("total", "money", "infinite", "at")] == [
        3,
        -1.5,
        float("-inf"),
        "2024-02-29T01:02:03",
    ]


def test_a_result_keeps_its_types_in_the_file(odd: TablePreview) -> None:
    head, row = csv.reader(csv_of(dict(zip(odd.columns, odd.types, strict=True)), odd.rows).decode().splitlines())
    assert head == [*odd.columns[:-2], "'=count", "nothing"]
    cells = OF_ODD | {"word": "'-x", "nothing": ""}
    assert row == [str(cell) for cell in cells.values()]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((2**53 - 1, None), "int64"),
        ((2**53, None), "string"),
        ((-(2**53), 1), "string"),
        ((None, None), "null"),
    ],
)
def test_whole_numbers_are_numbers_of_the_grid_as_long_as_it_holds_them(values: tuple[Any, ...], kind: str) -> None:
    preview = TablePreview(columns=("n",), types=("BIGINT",), rows=tuple((value,) for value in values), total=2)
    assert str(table_of(preview).schema.field("n").type) == kind


def test_b096_no_cell_of_a_download_is_a_formula() -> None:
    rows = [("=1+1", "-1", -1), ("@x", "+y", None), ("\tx", None, 2.5), ("-1.50", "[1]", "-inf"), ("plain", 'a "b"', 0)]
    content = csv_of({"name": "VARCHAR", "+list": "INTEGER[]", "=n": "DOUBLE"}, rows)
    assert content.decode().splitlines() == [
        "name,'+list,'=n",
        "'=1+1,'-1,-1",
        "'@x,'+y,",
        "'\tx,,2.5",
        "'-1.50,[1],-inf",
        'plain,"a ""b""",0',
    ]
