"""How people write what computers write in one way: numbers with a comma, days with the month first, yes in their own
language. A notation is a form of texts, and how a text of that form is written plainly; what it means is read from
there by the types of the lake."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from core.foundation.text import N_
from core.lake.texts.types import Proposal, proposals

if TYPE_CHECKING:
    import pyarrow as pa


class Family(StrEnum):
    """What the values of a notation are."""

    PLAIN = "plain"
    NUMBER = "number"
    TIME = "time"
    WORD = "word"


@dataclass(frozen=True)
class Notation:
    """A way to write values: texts of `form` become plain ones by `rewrite`. It is proposed for texts of the form
    `typical`, where that is narrower. One that is only `offered` is no better than the plain reading of the same texts;
    one that is `doubtful` is asked about even where nothing else fits."""

    name: str
    title: str
    family: Family
    form: str
    rewrite: "Callable[[pa.Array], pa.Array]"
    typical: str = ""
    is_offered: bool = False
    is_doubtful: bool = False

    def plain(self, cells: "pa.Array", *, is_chosen: bool = True) -> "pa.Array":
        """The texts written plainly, null where they are not of this notation."""
        import pyarrow as pa
        import pyarrow.compute as pc

        form = self.form if is_chosen or not self.typical else self.typical
        fits = pc.match_substring_regex(cells, form)
        nothing = pa.scalar(None, pa.string())
        return self.rewrite(pc.if_else(fits, cells, nothing)) if fits.true_count else pa.nulls(len(cells), pa.string())

    def proposals(self) -> tuple[Proposal, ...]:
        """The types that its plain texts may have."""
        return tuple(proposal for proposal in proposals() if self.is_of(proposal.target))

    def is_of(self, target: "pa.DataType") -> bool:
        """Whether its values can be of a type."""
        import pyarrow as pa

        is_number = pa.types.is_integer(target) or pa.types.is_floating(target) or pa.types.is_decimal(target)
        kinds = {
            Family.PLAIN: True,
            Family.NUMBER: is_number,
            Family.TIME: pa.types.is_temporal(target),
            Family.WORD: pa.types.is_boolean(target),
        }
        return bool(kinds[self.family])


def rewritten(cells: "pa.Array", *rewrites: tuple[str, str]) -> "pa.Array":
    """The texts with one pattern after the other replaced."""
    import pyarrow.compute as pc

    for pattern, replacement in rewrites:
        cells = pc.replace_substring_regex(cells, pattern, replacement)
    return cells


def _as_they_are(cells: "pa.Array") -> "pa.Array":
    return cells


# The texts as computers write them.
PLAIN = Notation("", N_("as it stands"), Family.PLAIN, "", _as_they_are)
