"""What a training process leaves behind, as the portal reads it: nothing in it is believed that can be computed."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError

from core.foundation.errors import Invalid
from core.foundation.storage import Store
from core.foundation.text import _
from core.foundation.validation import WITH_UNDERSCORES, invalid_of, shaped
from core.foundation.values import Value
from core.registry.signature import Signature
from core.tasks.values import Interval, LabelSpread, PositiveShare
from core.training.automatic.values import Leaderboard
from core.training.diagnosis.values import Comparison, is_empty

RESULT_FILE = "result.json"
MODEL_FOLDER, EVALUATIONS_FOLDER, BASELINE_FOLDER = "model", "evaluations", "baseline"
MODEL_FILE, SIGNATURE_FILE, FEATURES_FILE, CARD_FILE = "model.onnx", "signature.json", "features.json", "card.md"
MODEL_FILES = {MODEL_FILE, SIGNATURE_FILE, FEATURES_FILE, CARD_FILE}
LARGEST_RESULT = 1_000_000
# Among the inputs of a job, whose other names are those of splits: the tree of code that came with the request.
# The model that a run goes on from, among the inputs of its job; no split has a dot in its name.
START = "start.model"
SOURCE = "source tree"

ShortText = Annotated[str, StringConstraints(max_length=500)]


class SplitResult(Value):
    """How the ONNX file does on a split."""

    split: Annotated[str, shaped(r"^[a-z][a-z0-9_]{0,30}$", allowed=WITH_UNDERSCORES, example="train")]
    rows: Annotated[int, Field(ge=1)]
    positive_share: PositiveShare = None
    spread: LabelSpread | None = None
    metrics: Annotated[dict[str, Interval], Field(max_length=20)]


class TrainingResult(Value):
    """`result.json`. `seconds` says where the time went; `difference` is the largest between the ONNX file and the
    library that trained. Without a `signature` there is no model, only predictions. `logged` are parameters that the
    code chose."""

    splits: Annotated[tuple[SplitResult, ...], Field(min_length=1, max_length=50)]
    metrics: Annotated[dict[str, float], Field(max_length=50)]
    signature: Signature | None = None
    environment: Annotated[dict[str, ShortText], Field(max_length=30)]
    code_commit: ShortText
    difference: float
    seconds: dict[str, float]
    logged: Annotated[dict[Annotated[str, StringConstraints(max_length=250)], ShortText], Field(max_length=100)] = (
        Field(default_factory=dict, exclude_if=lambda logged: not logged)
    )
    comparisons: Annotated[tuple[Comparison, ...], Field(max_length=50)] = Field(default=(), exclude_if=is_empty)
    leaderboard: Leaderboard | None = Field(default=None, exclude_if=is_empty)


class IngestedResult(Value):
    """The result with the digests under which its files lie in the store; those of a model are empty without one."""

    result: TrainingResult
    manifest: str = ""
    model_digest: str = ""
    features_digest: str = ""
    predictions: dict[str, str]
    baseline: dict[str, str] = Field(default_factory=dict)


def ingest_result(outputs: Path, *, store: Store) -> IngestedResult:
    """Reads a finished training's outputs into the store. Invalid when they are not what a training leaves."""
    result = _read(outputs / RESULT_FILE)
    model = _ingest_model(outputs / MODEL_FOLDER, store=store) if result.signature else {}
    predicted = store.put_folder(outputs / EVALUATIONS_FOLDER).files
    predictions = {Path(file.path).stem: file.sha256 for file in predicted}
    if set(predictions) != {split.split for split in result.splits}:
        raise _spoiled(_("predictions of a split are missing"))
    baseline = _baseline(outputs / BASELINE_FOLDER, store=store)
    return IngestedResult(result=result, predictions=predictions, baseline=baseline, **model)


def _ingest_model(folder: Path, *, store: Store) -> dict[str, str]:
    """The digests of the model and its files."""
    manifest = store.put_folder(folder)
    files = {file.path: file for file in manifest.files}
    if set(files) != MODEL_FILES:
        raise _spoiled(_("the model folder does not hold {files}").format(files=", ".join(sorted(MODEL_FILES))))
    return {
        "manifest": manifest.digest,
        "model_digest": files[MODEL_FILE].sha256,
        "features_digest": files[FEATURES_FILE].sha256,
    }


def _baseline(folder: Path, *, store: Store) -> dict[str, str]:
    """The files of a baseline that was fitted here."""
    if not folder.exists():
        return {}
    return {Path(file.path).stem: file.sha256 for file in store.put_folder(folder).files}


def _read(path: Path) -> TrainingResult:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST_RESULT:
        raise _spoiled(_("there is no result of a sensible size"))
    try:
        return TrainingResult.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise _spoiled(invalid_of(error, model=TrainingResult).message) from error


def _spoiled(reason: str) -> Invalid:
    return Invalid(
        _("The training's outputs cannot be taken in: {reason}").format(reason=reason),
        hint=_("Look at the job's log, then start the run again."),
    )
