"""What was approved before there were tasks other than yes and no keeps its digests: real documents that were signed
then, and figures that are computed again from the same rows. Approvals are bound to these digests."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.features.training_sets.values import TrainingSetManifest
from core.features.values import FeatureContract
from core.foundation.digests import canonical, digest_bytes, digest_of
from core.foundation.storage import Store
from core.foundation.values import Value
from core.registry.comparison import compare_versions
from core.registry.measuring import measure_quality
from core.registry.signature import Signature
from core.registry.values import Evaluation, InputReport, ModelVersion, QualityReport
from core.training.card import write_card
from core.training.recipe import recipe_called
from core.training.result import SplitResult

GOLDEN = Path(__file__).parent / "golden"
AT = datetime(2013, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("file", "kind", "digest"),
    [
        ("signature.json", Signature, "70178ecdebc5d22cf5eff108d18b222510fe614f318e8e5e9592d0b3e7e5ee6e"),
        ("features.json", FeatureContract, "14b08e738d5d14c301c67dad4e771f98c63dd31ef4336a3773254670d1881513"),
        (
            "training_set_manifest.json",
            TrainingSetManifest,
            "ad00c9b1ce4925daacf7b467302a719f50e5d95b2b4ba840970bcffc84595d8a",
        ),
    ],
)
def test_a_manifest_is_read_and_written_as_it_was_signed(file: str, kind: type[Value], digest: str) -> None:
    signed = (GOLDEN / file).read_bytes()
    assert digest_bytes(signed) == digest
    assert canonical(kind.model_validate_json(signed)) == signed


@pytest.mark.parametrize(
    ("file", "kind", "digest"),
    [
        ("quality_evidence.json", QualityReport, "8e652c1056ab89836f0252f78317f4ba7681d3f1bf020b930532c22dff3e05a4"),
        ("inputs_evidence.json", InputReport, "73223bcc7a790dd7e7faab8750a3b54395ef711e03ed9cb50b0b4fb180b80d72"),
    ],
)
def test_evidence_is_read_as_it_was_signed_and_says_the_same(file: str, kind: type[Value], digest: str) -> None:
    signed = (GOLDEN / file).read_bytes()
    document = json.loads(signed)
    content = kind.model_validate(document["content"])
    assert digest_bytes(signed) == digest
    assert canonical({**document, "content": content.model_dump(mode="json")}) == signed


def test_quality_that_is_measured_again_has_the_same_digest(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first, second = (golden_version(store, number) for number in (1, 2))
    alone = measure_quality(store, candidate=first, baseline=None, holdout="", measured_by="mei")
    against = measure_quality(store, candidate=second, baseline=first, holdout="", measured_by="mei")
    comparison = compare_versions(store, versions=(first, second), baseline=first)
    digests = [digest_of(rounded(value.model_dump(mode="json"))) for value in (alone, against, comparison)]
    assert digests == [
        "6693e201a9680c156e4dddf7dbdd5fb22e47cc8afd63f79a3ce656a0bb21494d",
        "dd57a81163cddeb4b8ee3c3f07e50cf2374e34ac9022a954fb33351b4c20e4e9",
        "80c3756814ec0e487ea4370b225d4f5c931a8d86a90b2a340440a56e1fb16aea",
    ]


def test_the_card_of_a_model_has_the_same_bytes() -> None:
    contract = FeatureContract.model_validate_json((GOLDEN / "features.json").read_bytes())
    evidence = json.loads((GOLDEN / "quality_evidence.json").read_bytes())
    split = SplitResult(split="test", rows=54_065, positive_share=0.243, metrics=evidence["content"]["metrics"])
    recipe = recipe_called("tabular")
    params = {"epochs": 3, "learning_rate": 2e-3}
    card = write_card(title="Late arrivals", recipe=recipe, params=params, contract=contract, splits=[split])
    assert digest_bytes(card.encode()) == "a77a746509a0b880ad03d5d10979d8179bc600c52f5498c1113a3738ad1fe53b"


def golden_version(store: Store, number: int) -> ModelVersion:
    """A version whose predictions are the committed ones. The digests in it are constants: what a Parquet file's bytes
    are is its writer's to say."""
    rows = list(csv.DictReader((GOLDEN / "predictions.csv").read_text().splitlines()))
    labels = [int(row["label"]) for row in rows]
    probabilities = [float(row["first" if number == 1 else "second"]) for row in rows]
    table = pa.table(
        {
            "row_id": [row["row_id"] for row in rows],
            "label": pa.array(labels, pa.int32()),
            "probability": pa.array(probabilities, pa.float64()),
        }
    )
    file = io.BytesIO()
    pq.write_table(table, file)
    evaluation = Evaluation(
        holdout="a" * 64,
        holdout_name="test",
        rows=len(rows),
        positive_share=sum(labels) / len(labels),
        metrics={},
        predictions=store.put_bytes(file.getvalue()),
    )
    return ModelVersion(
        id=f"MV-{number}",
        model_id="MD-1",
        model="late",
        title=f"Late v{number}",
        project="flights",
        version=number,
        state="active",
        digest=str(number) * 64,
        model_digest=str(number + 2) * 64,
        bytes=1,
        signature=Signature.model_validate_json((GOLDEN / "signature.json").read_bytes()),
        params={"epochs": number},
        evaluations=(evaluation,),
        run_id="",
        training_set_id="",
        feature_versions=(),
        requirement_id="",
        code_commit="",
        environment={},
        card="",
        created_by="mei",
        created_at=AT,
    )


def rounded(value: Any) -> Any:
    """Figures in twelve digits, as the last ones differ between processors; without what the Parquet writer decides."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items() if key != "predictions"}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return float(f"{value:.12g}") if isinstance(value, float) else value
