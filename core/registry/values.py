"""Models, their versions, evaluations and evidence as the other domains and the pages see them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from core.foundation.values import Value

ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,59}$")]


class Verdict(StrEnum):
    """What a machine may judge. Silence is never a pass."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NO_DATA = "no data"


class Interval(Value):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


class Evaluation(Value):
    """How a version does on a holdout, computed from the very ONNX file. `holdout` is the digest of the rows,
    `predictions` the digest of a Parquet file with row_id, label, probability."""

    holdout: str
    holdout_name: str
    rows: int
    positive_share: float
    metrics: dict[str, Interval]
    predictions: str


class InputSpec(Value):
    """An input of the ONNX file, one value a row: datatype BYTES (text) or FP64."""

    name: str
    datatype: Literal["BYTES", "FP64"]


class Signature(Value):
    """What the ONNX file takes and gives: every input has shape [batch], the output `probability` too (FP64)."""

    inputs: tuple[InputSpec, ...]
    output: str = "probability"


class Model(Value):
    id: str
    project: str
    name: str
    description: str
    owner: str
    created_at: datetime
    latest: "ModelVersion | None"
    versions: int


class ModelVersion(Value):
    """One ONNX file that takes raw feature values. `digest` is the digest of the manifest of its folder (model.onnx,
    signature.json, features.json, card.md), `model_digest` of the ONNX file alone."""

    id: str
    model_id: str
    model: str
    project: str
    version: int
    state: Literal["active", "archived"]
    digest: str
    model_digest: str
    bytes: int
    signature: Signature
    params: dict[str, Any]
    evaluations: tuple[Evaluation, ...]
    run_id: str
    training_set_id: str
    feature_versions: tuple[str, ...]
    requirement_id: str
    code_commit: str
    environment: dict[str, str]
    card: str
    created_by: str
    created_at: datetime


class EvidenceKind(StrEnum):
    QUALITY = "quality"
    PARITY = "parity"
    LOAD_TEST = "load_test"
    SAFETY = "safety"


class Evidence(Value):
    """A frozen, content-addressed record of something measured. `measured_on` names the digests it was measured on
    (version, holdout, endpoint, baseline ...), `content` the figures, `digest` covers both. Written by the portal's own
    measurement only, never typed by hand."""

    id: str
    project: str
    kind: EvidenceKind
    subject: str
    verdict: Verdict
    summary: str
    measured_on: dict[str, str]
    content: dict[str, Any]
    digest: str
    source: str
    created_by: str
    created_at: datetime


class MetricRow(Value):
    """A metric across versions. `better` is "up" or "down"; `values` and `deltas` (against the baseline, paired by
    row) are by version id; a missing delta is the baseline itself or no common holdout."""

    metric: str
    better: Literal["up", "down"]
    values: dict[str, Interval]
    deltas: dict[str, Interval]


class ParameterRow(Value):
    """A parameter that differs between the versions; `values` by version id, None where it is absent."""

    name: str
    values: dict[str, Any]
    differs: bool


class Curve(Value):
    """A named line of a version, for instance the calibration or ROC curve."""

    version_id: str
    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class Flip(Value):
    """Rows whose decision at the threshold differs between the baseline and a version."""

    version_id: str
    share: float
    rows: tuple[tuple[str, float, float, float], ...]


class Comparison(Value):
    """Versions side by side on one holdout. `sentence` is the answer in words."""

    baseline: str
    versions: tuple[ModelVersion, ...]
    holdout: str
    sentence: str
    metrics: tuple[MetricRow, ...]
    parameters: tuple[ParameterRow, ...]
    curves: tuple[Curve, ...]
    flips: tuple[Flip, ...]


Model.model_rebuild()
