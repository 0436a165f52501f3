"""Models, their versions, evaluations and evidence as the other domains and the pages see them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from core.foundation.naming.texts import Prose
from core.foundation.naming.titles import ShownName, Title
from core.foundation.text import N_
from core.foundation.validation import WITH_UNDERSCORES, AddressName, shaped
from core.foundation.values import Value
from core.registry.signature import Signature
from core.tasks.metrics import Metric
from core.tasks.task import quality_metrics
from core.tasks.values import BINARY, Better, Curve, Flip, Interval, LabelSpread, PositiveShare, Verdict

ModelName = AddressName
# What says which model a version is of: an id, a name or a title.
ModelReference = Title
Alias = Annotated[
    str,
    shaped(
        r"^[a-z][a-z-]{1,29}$",
        allowed=N_("lower-case letters and hyphens, beginning with a letter"),
        example="champion",
    ),
]
EvidenceName = Annotated[str, shaped(r"^[a-z][a-z0-9_]{1,39}$", allowed=WITH_UNDERSCORES, example="load_test")]
# The kinds of evidence that the registry measures itself.
QUALITY, SAFETY, INPUTS, CONVERSION = "quality", "safety", "inputs", "conversion"
# The split that training never saw.
UNSEEN = "test"


class Evaluation(Value):
    """How a version does on a holdout, computed from the very ONNX file. `holdout` is the digest of the rows,
    `predictions` the digest of a Parquet file with row_id, label and the outputs of the model. Labels of 0 and 1 have a
    `positive_share`, others a `spread`. Of rows that a version was judged on later, `origin` is the object that they
    came from, `requests` the digest of a file with them as callers send them, and `seen` says that training had a part
    in them."""

    holdout: str
    holdout_name: str
    rows: int
    positive_share: PositiveShare = None
    metrics: dict[str, Interval]
    predictions: str
    spread: LabelSpread | None = Field(default=None, exclude_if=lambda spread: spread is None)
    origin: str = Field(default="", exclude_if=lambda origin: not origin)
    requests: str = Field(default="", exclude_if=lambda digest: not digest)
    seen: bool = Field(default=False, exclude_if=lambda seen: not seen)

    @model_validator(mode="before")
    @classmethod
    def _no_share_beside_a_spread(cls, given: Any) -> Any:
        """Older rows have a share of 0 where there are no positives."""
        if isinstance(given, dict) and given.get("spread") is not None:
            return {name: value for name, value in given.items() if name != "positive_share"}
        return given


def judging(evaluations: Iterable[Evaluation]) -> Evaluation | None:
    """The one to judge by: the rows that training never saw, else the last."""
    known = list(evaluations)
    unseen = [evaluation for evaluation in known if evaluation.holdout_name == UNSEEN]
    return (unseen or known)[-1] if known else None


def at_chance(figures: Mapping[str, Interval]) -> str:
    """The first metric whose interval does not lie above what chance gives; empty where each of them does."""
    known = [metric for name, metric in quality_metrics().items() if name in figures and metric.chance is not None]
    return next((metric.name for metric in known if not _is_above(figures[metric.name], metric)), "")


def _is_above(figure: Interval, metric: Metric) -> bool:
    assert metric.chance is not None
    return figure.low > metric.chance if metric.better == "up" else figure.high < metric.chance


class Model(Value):
    id: str
    project: str
    name: ShownName
    title: str
    description: str
    owner: str
    created_at: datetime
    latest: "ModelVersion | None"
    versions: int


class ModelVersion(Value):
    """One ONNX file that takes raw feature values. `digest` is the digest of the manifest of its folder (model.onnx,
    signature.json, features.json, card.md), `model_digest` of the ONNX file alone. The folder never changes; `card` may
    be edited afterwards, and `card_digest` then says that it was."""

    id: str
    model_id: str
    model: str
    title: str
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
    card_digest: str = ""


class NewVersion(Value):
    """A version to be registered: `digest` names the manifest of its folder in the store. `model` says by its id, its
    name or its title which model it is of; one that there is not yet is made, with this `title`. Without `model` a new
    one is named by the title. An empty card means the one in the folder."""

    project: str
    model: ModelReference | None = None
    title: Title | None = None
    digest: str
    model_digest: str
    params: dict[str, Any] = Field(default_factory=dict)
    evaluations: tuple[Evaluation, ...] = ()
    run_id: str = ""
    training_set_id: str = ""
    feature_versions: tuple[str, ...] = ()
    requirement_id: str = ""
    code_commit: str = ""
    environment: dict[str, str] = Field(default_factory=dict)
    card: Prose = ""
    created_by: str


class Artifact(Value):
    """A version's ONNX file; in JSON its bytes are base64."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    version_id: str
    filename: str
    digest: str
    content: bytes


class TrackedAnswer(Value):
    """An answer in MLflow's own JSON."""

    document: dict[str, Any]


class TrackedFile(Value):
    """A file of a run or version in MLflow: its content, in base64 in JSON, or the digest under which it lies in the
    store."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    path: str
    digest: str = ""
    content: bytes = b""


class TrackedModel(Value):
    """An ONNX file among those of a run: where it lies, what it is called within the run, and how large it is."""

    path: str
    name: str
    bytes: int


class TrackedModels(Value):
    """A run that MLflow has, with the ONNX files among its artifacts."""

    run_id: str
    title: str
    files: tuple[TrackedModel, ...]


class Evidence(Value):
    """A frozen, content-addressed record of something measured. `kind` is the name of a plug-in, `measured_on` names
    the digests it was measured on (version, holdout, endpoint, baseline ...), `content` has the figures, `digest`
    covers both. Written by the portal's own measurement only, never typed by hand."""

    id: str
    project: str
    kind: EvidenceName
    subject: str
    verdict: Verdict
    summary: str
    measured_on: dict[str, str]
    content: dict[str, Any]
    digest: str
    source: str
    created_by: str
    created_at: datetime


class NewEvidence(Value):
    """Evidence to be written by the measurement that produced it; `source` is its job, if it had one."""

    project: str
    kind: EvidenceName
    subject: str
    verdict: Verdict
    summary: str
    measured_on: dict[str, str]
    content: dict[str, Any]
    source: str = ""
    created_by: str


class QualityReport(Value):
    """The content of QUALITY evidence. `deltas` are candidate minus baseline, paired by row, and `margins` how much
    worse still counts as no worse; all about the baseline is empty without one. `remarks` are what one must know to
    read the metrics."""

    metrics: dict[str, Interval]
    baseline: str
    baseline_metrics: dict[str, Interval]
    deltas: dict[str, Interval]
    holdout: str
    holdout_name: str
    rows: int
    positive_share: PositiveShare = None
    margins: dict[str, float] = Field(default_factory=dict)
    spread: LabelSpread | None = Field(default=None, exclude_if=lambda spread: spread is None)
    task: str = Field(default=BINARY, exclude_if=lambda task: task == BINARY)
    remarks: tuple[str, ...] = Field(default=(), exclude_if=lambda remarks: not remarks)


class Finding(Value):
    """Something found in a model file. Only a refusal keeps it out."""

    code: str
    refuses: bool
    message: str


class SafetyReport(Value):
    """The content of SAFETY evidence: what the exact bytes of the model file hold."""

    model_digest: str
    bytes: int
    operators: dict[str, int]
    findings: tuple[Finding, ...]


class InputReport(Value):
    """The content of INPUTS evidence: how well those inputs alone tell the label that were above the `limit` when the
    training set was made, by the `task`'s figure, and who accepted them with which reason."""

    training_set: str
    limit: float
    inputs: dict[str, float]
    accepted_by: str = ""
    reason: str = ""
    task: str = Field(default=BINARY, exclude_if=lambda task: task == BINARY)


class MetricRow(Value):
    """A metric across versions. `better` is "up" or "down"; `values` and `deltas` (against the baseline, paired by
    row) are by version id; a missing delta is the baseline itself or no common holdout."""

    metric: str
    better: Better
    values: dict[str, Interval]
    deltas: dict[str, Interval]


class ParameterRow(Value):
    """A parameter that differs between the versions; `values` by version id, None where it is absent."""

    name: str
    values: dict[str, Any]
    differs: bool


class Comparison(Value):
    """Versions side by side on one holdout. `sentence` is the answer in words, about the `candidate`: the best of those
    that are not the baseline, empty where nothing can be claimed."""

    baseline: str
    versions: tuple[ModelVersion, ...]
    holdout: str
    sentence: str
    metrics: tuple[MetricRow, ...]
    parameters: tuple[ParameterRow, ...]
    curves: tuple[Curve, ...]
    flips: tuple[Flip, ...]
    candidate: str = ""
    task: str = Field(default=BINARY, exclude_if=lambda task: task == BINARY)


class MetricPoint(Value):
    """One measured value of a run. The instant is part of its identity: delivered twice, it is there once."""

    name: str
    step: Annotated[int, Field(ge=0)]
    value: float
    at: datetime


class RunRecord(Value):
    """What happened in a run since its last record: new points, and the state it is in. Parameters never change.
    `artifacts` maps file names to digests in the store. `parent` is the run that this one is a part of, by our id."""

    run_id: str
    project: str
    name: str
    state: Literal["running", "finished", "failed", "killed"]
    params: dict[str, Any] = Field(default_factory=dict)
    metrics: tuple[MetricPoint, ...] = ()
    tags: dict[str, str] = Field(default_factory=dict)
    artifacts: dict[str, str] = Field(default_factory=dict)
    parent: str = ""
    started_at: datetime
    ended_at: datetime | None = None


Model.model_rebuild()
