"""What columns are called in a training set, where the data calls them otherwise."""

import re
from collections.abc import Sequence
from itertools import count

from core.features.training_sets.job_spec import EVENT_TIME, LABEL, ROW_ID, WEIGHT
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.sandbox.duckdb_session import quoted
from core.sandbox.guard import MOST_CHARACTERS
from core.sandbox.locked_session import plain

LONGEST = 56
NO_LETTERS = re.compile(r"[^A-Za-z0-9_]+")
RESERVED = (ROW_ID, EVENT_TIME, LABEL, WEIGHT)


def named_for_models(columns: Sequence[str], *, own: Sequence[str]) -> dict[str, str]:
    """For each column a name that a training set can have, no two of them alike in whatever case. Those that are no
    input, the `own` ones, may be called as every training set calls theirs."""
    names: dict[str, str] = {}
    used: set[str] = set()
    for column in (*own, *(column for column in columns if column not in own)):
        used |= set() if column in own else set(RESERVED)
        plain = NO_LETTERS.sub("_", column).strip("_")
        plain = (plain if plain[:1].isalpha() and plain.isascii() else f"c_{plain}".rstrip("_"))[:LONGEST]
        numbered = (plain if number == 1 else f"{plain}_{number}" for number in count(1))
        names[column] = next(name for name in numbered if name.casefold() not in used)
        used.add(names[column].casefold())
    return names


def query_of(sql: str, *, names: dict[str, str], moment: str = "", numbered: str = "", labeled: str = "") -> str:
    """The query with these names. `moment` is a column to read as an instant, `numbered` the name of a number that each
    row gets, `labeled` a column that is there in every row."""
    casts = f" REPLACE (CAST({quoted(moment)} AS TIMESTAMPTZ) AS {quoted(moment)})" if moment else ""
    changed = [f"{quoted(old)} AS {quoted(new)}" for old, new in names.items() if old != new]
    renames = f" RENAME ({', '.join(changed)})" if changed else ""
    number = f"row_number() OVER () AS {quoted(numbered)}, " if numbered else ""
    where = f"\nWHERE {quoted(labeled)} IS NOT NULL" if labeled else ""
    if not (casts or renames or number or where):
        return sql
    query = f"SELECT {number}*{casts}{renames}\nFROM (\n{plain(sql)}\n){where}"
    if len(query) > MOST_CHARACTERS:
        raise Invalid(
            _("The query is too long once its columns have names for models"),
            hint=_("Name them in the dataset, or in the query, with letters, digits and underscores."),
            field="sql",
        )
    return query
