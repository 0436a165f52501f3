"""What is proposed for some rows, as pages and callers see it."""

from typing import Literal

from core.features.training_sets.values import EntityQuery, ShareSplits, Split
from core.features.values import Kind
from core.foundation.values import Value

Role = Literal["id", "moment", "label", "group", "input", "left out"]


class ColumnProposal(Value):
    """A column and what it seems to be, with the reason as a sentence. `name` is what the proposed query calls it,
    `source` what it is called in the rows, `type` is that of DuckDB. `kind` is how a model would take it, and is None
    where it cannot; `tasks` are those that its values fit as labels, the likeliest first. `missing` is the share of
    rows without a value, `distinct` counts the values, both of the sample; `examples` are a few of them as text."""

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


class SetProposal(Value):
    """A training set that could be made of some rows: `entity` with `splits` or `shares` is what creates it. Where
    nothing says what the label is, it has none. `columns` are all that there are, in the order of the rows;
    `splits_reason` says why the rows are split so, `notes` what else to look at. `rows` counts all, `sample_rows` those
    that were looked at."""

    entity: EntityQuery
    columns: tuple[ColumnProposal, ...]
    splits: tuple[Split, ...] = ()
    shares: ShareSplits | None = None
    splits_reason: str
    rows: int
    sample_rows: int
    notes: tuple[str, ...] = ()
