"""What a training process says and leaves is checked before it is believed."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core.compute.process import JobFailed
from core.features.values import FeatureContract
from core.foundation.digests import canonical, digest_bytes
from core.foundation.errors import Invalid
from core.foundation.storage import Store
from core.registry.signature import Signature, TensorSpec
from core.tasks.values import Interval
from core.training.job import cause_of
from core.training.kind import metric_of, refuse_other_features
from core.training.result import IngestedResult, SplitResult, TrainingResult, ingest_result
from core.training.splits import refused
from tests.training.flights import CATEGORIES, NUMBERS, contract


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "metric"},
        {"kind": "metric", "step": -1, "metrics": {"loss": 1}},
        {"kind": "metric", "step": 1, "metrics": {"no good name!": 1}},
        {"kind": "metric", "step": "x", "metrics": {"loss": 1}},
        {"kind": "metric", "step": 1, "metrics": [1]},
        {"kind": "metric", "step": 1, "metrics": {f"m{n}": 1 for n in range(51)}},
        {"kind": "other", "step": 1, "metrics": {"loss": 1}},
    ],
)
def test_an_event_that_is_no_metric_is_passed_over(event: dict[str, object]) -> None:
    assert metric_of(event) is None


def test_values_that_are_no_numbers_are_left_out() -> None:
    event = json.loads('{"kind": "metric", "step": 3, "metrics": {"a": NaN, "b": Infinity, "c": 0.5, "d": "x"}}')
    report = metric_of(event)
    assert report is not None
    assert (report.step, report.metrics) == (3, {"c": 0.5})


def left_behind(folder: Path, *, of: FeatureContract | None = None) -> Path:
    """What a training leaves, without the training."""
    whole = Interval(value=0.5, low=0.4, high=0.6)
    result = TrainingResult(
        splits=(SplitResult(split="test", rows=3, positive_share=0.5, metrics={"auc": whole}),),
        metrics={"steps": 3},
        signature=Signature(inputs=inputs()),
        environment={},
        code_commit="",
        difference=0,
        seconds={},
    )
    (folder / "model").mkdir(parents=True)
    (folder / "evaluations").mkdir()
    for name in ("model.onnx", "signature.json", "card.md"):
        (folder / "model" / name).write_text(name)
    (folder / "model" / "features.json").write_bytes(canonical(of or contract()))
    (folder / "evaluations" / "test.parquet").write_text("rows")
    (folder / "result.json").write_text(result.model_dump_json())
    return folder


def inputs() -> tuple[TensorSpec, ...]:
    texts = [TensorSpec(name=name, datatype="BYTES") for name in CATEGORIES]
    return (*texts, *(TensorSpec(name=name, datatype="FP64") for name in NUMBERS))


def ingested(folder: Path) -> IngestedResult:
    return ingest_result(folder, store=Store(folder.parent / "store"))


def test_outputs_are_taken_in_under_their_digests(tmp_path: Path) -> None:
    read = ingested(left_behind(tmp_path / "outputs"))
    assert read.model_digest == digest_bytes(b"model.onnx")
    assert read.predictions == {"test": digest_bytes(b"rows")}
    assert Store(tmp_path / "store").manifest(read.manifest).digest == read.manifest


def _link_the_model(folder: Path) -> None:
    (folder / "model" / "model.onnx").unlink()
    (folder / "model" / "model.onnx").symlink_to("/etc/hostname")


def _hard_link_the_predictions(folder: Path) -> None:
    os.link(folder / "result.json", folder / "evaluations" / "other.parquet")


def _forget_the_card(folder: Path) -> None:
    (folder / "model" / "card.md").unlink()


def _add_a_file(folder: Path) -> None:
    (folder / "model" / "weights.bin").write_text("more")


def _forget_predictions(folder: Path) -> None:
    (folder / "evaluations" / "test.parquet").unlink()


def _forget_the_result(folder: Path) -> None:
    (folder / "result.json").unlink()


def _spoil_the_result(folder: Path) -> None:
    (folder / "result.json").write_text((folder / "result.json").read_text().replace('"rows":3', '"rows":-3'))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_link_the_model, "link"),
        (_hard_link_the_predictions, "hard link"),
        (_forget_the_card, "model folder does not hold"),
        (_add_a_file, "model folder does not hold"),
        (_forget_predictions, "predictions of a split are missing"),
        (_forget_the_result, "no result of a sensible size"),
        (_spoil_the_result, "Splits 1: rows must be at least 1"),
    ],
)
def test_outputs_that_are_not_a_trainings_are_refused(
    tmp_path: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    folder = left_behind(tmp_path / "outputs")
    spoil(folder)
    with pytest.raises(Invalid, match=reason):
        ingested(folder)


def test_a_model_of_other_features_is_refused(tmp_path: Path) -> None:
    read = ingested(left_behind(tmp_path / "outputs"))
    refuse_other_features(read, contract=contract())
    with pytest.raises(Invalid, match="does not take the features"):
        refuse_other_features(read, contract=contract(CATEGORIES[1:]))
    other = left_behind(tmp_path / "more" / "outputs", of=contract().model_copy(update={"row_id": "other"}))
    with pytest.raises(Invalid, match="does not take the features"):
        refuse_other_features(ingested(other), contract=contract())


def test_a_failure_is_told_by_what_it_means() -> None:
    data = cause_of(refused("it has no feature"))
    assert isinstance(data, JobFailed)
    assert str(data).startswith("data: This training set cannot be learned from: it has no feature")
    with pytest.raises(RuntimeError) as refusal:
        torch.empty(2**60)
    assert isinstance(cause_of(refusal.value), MemoryError)
    wrong = RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    assert cause_of(wrong) is wrong
