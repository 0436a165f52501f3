"""What is learned from the training rows, and what rows are refused."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from core.foundation.errors import Invalid, Unavailable
from core.tasks.values import Target
from core.training.preparation import CLIP, encode_categories, encode_numbers, learn
from core.training.tables_of_splits import check_table, load_tables
from core.training.torch_recipes.data import TrainingData, load_data
from tests.training.flights import NOW, contract, splits, with_column, write_splits


def test_maps_are_learned_from_the_training_rows_alone(flight_data: TrainingData) -> None:
    tables = splits()
    later = {value for name in ("validation", "test") for value in tables[name]["tailnum"].to_pylist()}
    seen = set(tables["train"]["tailnum"].to_pylist())
    assert later - seen, "the months must differ for this test to mean anything"
    tailnum = next(item for item in flight_data.preparation.categories if item.name == "tailnum")
    assert set(tailnum.values) == {value or "" for value in seen}
    spoiled = {**tables, "validation": tables["validation"].slice(0, 50), "test": tables["test"].slice(0, 50)}
    assert load_data(spoiled, contract=contract()).preparation == flight_data.preparation
    hour = next(item for item in flight_data.preparation.numbers if item.name == "hour")
    assert hour.mean == pytest.approx(np.mean(tables["train"]["hour"].to_numpy()))


def test_rare_categories_become_unknown_and_ids_stay_what_they_are(flight_data: TrainingData) -> None:
    limited = flight_data.limited(40)
    for whole, shortened in zip(flight_data.preparation.categories, limited.preparation.categories, strict=True):
        assert shortened.values == whole.values[: len(shortened.values)]
        assert all(count >= 40 for count in shortened.counts)
    encoded = encode_categories(splits()["validation"], preparation=limited.preparation)
    assert np.array_equal(limited.validation.ids.numpy(), encoded)
    assert (encoded == 0).any()


def test_a_missing_number_becomes_the_median_and_a_flag(flight_data: TrainingData) -> None:
    train = splits()["train"]
    delays = train["dep_delay"].to_numpy()
    place = [number.name for number in flight_data.preparation.numbers].index("dep_delay")
    number = flight_data.preparation.numbers[place]
    assert number.fill == np.nanmedian(delays)
    assert flight_data.preparation.flagged == [place]
    rows = encode_numbers(train, preparation=flight_data.preparation)
    assert np.array_equal(rows[:, -1] == 1, np.isnan(delays))
    assert np.allclose(rows[np.isnan(delays), place], (number.fill - number.mean) / number.scale)


def test_absurd_numbers_are_clipped_and_constant_or_empty_columns_are_harmless() -> None:
    table = pa.table({"a": [1.0, 2.0, 3.0], "b": [5.0, 5.0, 5.0], "c": pa.array([None] * 3, pa.float64())})
    preparation = learn(table, contract=contract((), ("a", "b", "c")))
    wild = pa.table({"a": [1e308, -np.inf, np.nan], "b": [5.0, 6.0, 0.0], "c": [None, 1.0, 2.0]})
    rows = encode_numbers(wild, preparation=preparation)
    assert rows[:, 0].tolist() == [CLIP, -CLIP, 0.0]
    assert np.isfinite(rows).all()


def _without_label(table: pa.Table) -> pa.Table:
    return table.drop_columns(["label"])


def _all_null(table: pa.Table) -> pa.Table:
    return with_column(table, "label", pa.array([None] * table.num_rows, pa.int32()))


def _some_null(table: pa.Table) -> pa.Table:
    return with_column(table, "label", [None, *table["label"].to_pylist()[1:]])


def _one_class(table: pa.Table) -> pa.Table:
    return with_column(table, "label", [1] * table.num_rows)


def _three_classes(table: pa.Table) -> pa.Table:
    return with_column(table, "label", [2, *table["label"].to_pylist()[1:]])


def _one_row(table: pa.Table) -> pa.Table:
    return table.slice(0, 1)


def _future(table: pa.Table) -> pa.Table:
    times = [datetime(2999, 1, 1, tzinfo=UTC), *table["event_time"].to_pylist()[1:]]
    return with_column(table, "event_time", pa.array(times, pa.timestamp("us", "UTC")))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_without_label, "the split test has no column label"),
        (_all_null, "in the split test, every label is missing"),
        (_some_null, "in the split test, labels are missing in 1 rows"),
        (_one_class, "in the split test, all labels are 1"),
        (_three_classes, "in the split test, the labels are not 0 and 1"),
        (_one_row, "the split test has 1 rows and 20 are the least"),
        (_future, "the split test has rows of the future"),
    ],
)
def test_rows_that_teach_nothing_are_refused_with_the_reason(
    spoil: Callable[[pa.Table], pa.Table], reason: str
) -> None:
    with pytest.raises(Invalid, match=reason):
        check_table(spoil(splits()["test"]), split="test", contract=contract(), target=Target(), now=NOW)


def test_a_training_set_without_validation_rows_or_features_is_refused(tmp_path: Path) -> None:
    paths = write_splits(tmp_path)
    with pytest.raises(Invalid, match="no split called validation"):
        load_tables({"train": paths["train"]}, contract=contract(), target=Target(), now=NOW)
    with pytest.raises(Invalid, match="it has no feature"):
        load_tables(paths, contract=contract((), ()), target=Target(), now=NOW)


def test_a_damaged_data_file_is_refused(tmp_path: Path) -> None:
    paths = write_splits(tmp_path)
    data = bytearray(paths["train"].read_bytes())
    data[len(data) // 3] ^= 0xFF
    paths["train"].write_bytes(bytes(data))
    with pytest.raises(Unavailable, match="damaged"):
        load_tables(paths, contract=contract(), target=Target(), now=NOW)
