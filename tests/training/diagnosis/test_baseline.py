"""The baseline is fitted once for a training set, within bounds, and known again by the rows that it was judged on."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from core.tasks.values import Target
from core.training.diagnosis import baseline
from core.training.diagnosis.baseline import INPUT, fit_baseline, known_baseline, splits_among
from core.training.diagnosis.comparing import comparisons_of
from core.training.evaluation import write_predictions
from tests.training.known_sets import fitted_on, known_set


def fitted(name: str, *, stop: bool = False) -> dict[str, dict[str, np.ndarray]]:
    tables, contract, target = known_set(name)
    answers = fit_baseline(tables, contract=contract, target=target, seed=1, threads=1, should_stop=lambda: stop)
    return {split: dict(outputs) for split, outputs in answers.items()}


def test_it_is_known_again_by_its_rows(tmp_path: Path) -> None:
    tables, _contract, target = known_set("diabetes")
    answers = fitted("diabetes")
    assert set(answers) == {"validation", "test"}
    inputs = {INPUT + split: tmp_path / f"{split}.parquet" for split in answers}
    for split, outputs in answers.items():
        write_predictions(tables[split], outputs=outputs, target=target, path=inputs[INPUT + split])
    known = known_baseline(inputs, tables=tables, target=target)
    assert np.array_equal(known["test"]["value"], answers["test"]["value"])
    turned = {**tables, "test": tables["test"].take(pa.array(range(tables["test"].num_rows)[::-1]))}
    assert known_baseline(inputs, tables=turned, target=target) == {}
    assert known_baseline({}, tables=tables, target=target) == {}
    assert splits_among({"train": tmp_path, **inputs}) == {"train": tmp_path}


def test_it_is_left_out_where_it_cannot_learn_or_is_stopped() -> None:
    tables, contract, _target = known_set("diabetes")
    ranking = Target(task="ranking", label="label", group="x0")
    assert not fit_baseline(tables, contract=contract, target=ranking, seed=1, threads=1, should_stop=lambda: False)
    assert fitted("diabetes", stop=True) == {}


def test_it_learns_from_so_many_numbers_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fitted("diabetes")
    monkeypatch.setattr(baseline, "MOST_NUMBERS", 1000)
    part = fitted("diabetes")
    assert not np.array_equal(part["test"]["value"], whole["test"]["value"])
    assert np.corrcoef(part["test"]["value"], whole["test"]["value"])[0, 1] > 0.8


@pytest.mark.parametrize(("name", "metric"), [("diabetes", "mae"), ("wine", "log_loss")])
def test_a_model_is_compared_with_the_baseline_and_the_constant(name: str, metric: str) -> None:
    tables, _contract, target = known_set(name)
    linear = fitted_on(name, "linear")
    outputs = {split: linear.predict(tables[split]) for split in ("validation", "test")}
    comparisons = comparisons_of(outputs, tables=tables, target=target, baseline=fitted(name))
    assert [comparison.split for comparison in comparisons] == ["validation", "test"]
    for comparison in comparisons:
        assert comparison.against_baseline[metric].value == 0
        assert comparison.against_constant[metric].high < 0
    (without, _test) = comparisons_of(outputs, tables=tables, target=target, baseline={})
    assert (without.baseline, without.against_baseline) == ({}, {})
