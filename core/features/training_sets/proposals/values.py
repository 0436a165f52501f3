"""What is proposed for some rows, as pages and callers see it."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from core.features.training_sets.values import EntityQuery, ShareSplits, Split
from core.features.values import Kind
from core.foundation.text import _, thousands
from core.foundation.values import Value
from core.lake.values import TablePreview
from core.tasks.values import LabelSpread

Role = Literal["id", "moment", "label", "group", "weight", "key", "input", "left out"]
ProposalFiles = Annotated[dict[str, str], Field(max_length=100)]


class NamedItems(Value):
    """The files of a snapshot that a column names, by paths or digests: of `values` different ones of a sample `named`
    are such, `others` are a few that are not. `shown` are the digests of some files; `width` and `height` are what
    images are decoded to unless someone says otherwise."""

    snapshot_id: str
    title: str
    kind: Literal["image", "text"]
    values: int
    named: int
    others: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    width: int = 0
    height: int = 0

    @property
    def words(self) -> str:
        return _("{n} of {values} values are files of {title}").format(
            n=thousands(self.named), values=thousands(self.values), title=self.title
        )


class ColumnProposal(Value):
    """A column and what it seems to be, with the reason as a sentence. `name` is what the proposed query calls it,
    `source` what it is called in the rows, `type` is that of DuckDB. `kind` is how a model would take it, and is None
    where it cannot; `tasks` are those that its values fit as labels, the likeliest first. `missing` is the share of
    rows without a value, `distinct` counts the values, both of the sample; `examples` are a few of them as text. `bins`
    count the rows in bins of equal width of numbers and moments, or those of the most frequent other values. `items`
    are the files that its values name."""

    name: str
    source: str
    type: str
    role: Role
    reason: str
    kind: Kind | None
    tasks: tuple[str, ...]
    missing: float
    distinct: int
    examples: tuple[str, ...]
    bins: tuple[int, ...] = ()
    items: NamedItems | None = Field(default=None, exclude_if=lambda items: items is None)


class SetProposal(Value):
    """A training set that could be made of some rows: `entity` with `splits` or `shares` is what creates it. Where
    nothing says what the label is, it has none. `columns` are all that there are, in the order of the rows;
    `splits_reason` says why the rows are split so, `notes` what else to look at. `rows` counts all, `sample_rows` those
    that were looked at; `preview` are some of them."""

    entity: EntityQuery
    columns: tuple[ColumnProposal, ...]
    splits: tuple[Split, ...] = ()
    shares: ShareSplits | None = None
    splits_reason: str
    rows: int
    sample_rows: int
    notes: tuple[str, ...] = ()
    preview: TablePreview | None = None


class SplitRows(Value):
    """A split before anything is joined: `spread` is what its labels are, where models can learn from them, `problem`
    why nothing can be learned from it or judged by it, empty where it can."""

    name: str
    start: date | None = None
    end: date | None = None
    rows: int
    spread: LabelSpread | None = None
    problem: str = ""


class DayRows(Value):
    """The rows of some days from `day` on. `level` is the share of the class that `SplitsPreview.level_of` names, or
    the mean of the labels; None where they have neither."""

    day: date
    rows: int
    level: float | None = None


class SplitsPreview(Value):
    """How some rows would be split: `rows` counts all of them, `days` is how they lie in time, by stretches of
    `days_each` days, where they have a time. `level_of` is a class of the label, empty where the label is a number."""

    rows: int
    splits: tuple[SplitRows, ...]
    days: tuple[DayRows, ...] = ()
    days_each: int = 1
    level_of: str = ""

    @property
    def outside(self) -> int:
        """The rows that lie in no split."""
        return self.rows - sum(split.rows for split in self.splits)
