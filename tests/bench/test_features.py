"""The benchmark on very little data, so that it cannot rot; what it measures there says nothing."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.bench import features
from tests.bench.joins.data import read_views, synthetic
from tests.bench.joins.once import RUNS


def test_every_contestant_gives_the_same_answers(tmp_path: Path) -> None:
    """But for known-at, which is another question."""
    folder = synthetic(tmp_path, rows=3000)
    views = read_views(folder)
    for run in RUNS.values():
        run(folder, views)
    ours, duckdb, polars = (pq.read_table(folder / f"{name}.parquet") for name in ("ours", "duckdb", "polars"))
    RUNS["ours"](folder, views)
    ours = pq.read_table(folder / "ours.parquet")
    assert duckdb.sort_by("id").to_pylist() == ours.sort_by("id").to_pylist()
    assert polars.sort_by("id").to_pylist() == ours.sort_by("id").to_pylist()
    assert ours.column("v2_f0").null_count < ours.num_rows


def test_the_table_names_every_figure_and_its_goal(capsys: pytest.CaptureFixture[str]) -> None:
    features.main(["--only", "join", "--rows", "2000", "--feast-rows", "0", "--rounds", "1"])
    output = capsys.readouterr().out
    assert "2,000 x 3: wall, to DuckDB" in output
    assert "<= 1.25 x" in output
    assert "flights x 4: known-at, to default" in output
