"""Which rows a version is judged on, how their columns fill its inputs, and what came of it."""

from typing import Annotated, Any

from pydantic import Field

from core.foundation.values import Value
from core.registry.signature import Signature
from core.tasks.values import Target
from core.training.result import SplitResult

MODEL, RESULT, PREDICTIONS, REQUESTS = "model", "judged.json", "predictions.parquet", "requests.parquet"
Column = Annotated[str, Field(max_length=500)]
Columns = Annotated[dict[Column, Column], Field(max_length=100_000)]


class JudgingProposal(Value):
    """How the columns of some rows fill the inputs of a version, by the names of these; empty where none seems to.
    `available` are the columns that there are, `label` seems to be what is predicted, and `group` what rows are ordered
    within, where they are."""

    columns: dict[str, str]
    available: tuple[str, ...]
    label: str
    holdout_name: str
    group: str = ""


class JudgedRows(Value):
    """Rows in files that lie in the store: their columns, that of the label and, where one identifies a row, of the
    id, and of the group where it is known. `holdout` is the digest that says which rows these are, `origin` the object
    that they came from. `seen` says that training had a part in them; `learned` are files with rows of which it may
    have."""

    holdout: str
    name: str
    origin: str
    files: tuple[str, ...]
    columns: tuple[str, ...]
    label: str
    row_id: str = ""
    group: str = ""
    seen: bool = False
    learned: tuple[str, ...] = ()


class JudgingSpec(Value):
    """The payload of the job: `columns` are those of the rows by the input that they fill, and `positive` is the label
    that counts as yes where labels are names. `keeps_requests` asks for the rows as callers would send them."""

    signature: Signature
    columns: dict[str, str]
    label: str
    row_id: str
    positive: str
    files: tuple[str, ...]
    learned: tuple[str, ...]
    keeps_requests: bool
    holdout: str
    name: str
    seen: bool
    origin: str

    @property
    def target(self) -> Target:
        return self.signature.target


class Judged(Value):
    """`judged.json`: the figures, and how many of the rows training had."""

    result: SplitResult
    learned: Annotated[int, Field(ge=0)]


def job_inputs(rows: JudgedRows, *, model: str) -> dict[str, Any]:
    """The files of the job by their names there."""
    files = {f"rows-{number}": digest for number, digest in enumerate(rows.files)}
    learned = {f"learned-{number}": digest for number, digest in enumerate(rows.learned)}
    return {MODEL: model, **files, **learned}
