"""The rows of two snapshots, matched by their key or as a whole, counted and compared where they are. Files that both
snapshots share hold the same rows and are left out of the matching."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.lake.cells import rows_of, shown
from core.lake.comparison.values import RowExample
from core.sandbox.duckdb_session import listed, one_row, parquet_rows, quoted

if TYPE_CHECKING:
    import duckdb

EXAMPLES = 5
LEFT, RIGHT, MATCHED = "__left", "__right", "__matched"
How = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class RowChanges:
    """What the matching found."""

    added: int
    removed: int
    changed: int
    changed_cells: tuple[tuple[str, int], ...]
    examples: tuple[RowExample, ...]


def empty_like(path: Path) -> str:
    """No rows of the columns of a file."""
    return f"(SELECT * FROM {parquet_rows([path])} LIMIT 0)"


def load_sides(session: "duckdb.DuckDBPyConnection", left: Sequence[Path], right: Sequence[Path]) -> None:
    """Views of the rows that only one side's files have; the shared ones are the same rows."""
    shared = set(left) & set(right)
    for name, paths in ((LEFT, left), (RIGHT, right)):
        own = [path for path in paths if path not in shared]
        rows = parquet_rows(own) if own else empty_like(paths[0])
        session.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM {rows}")


def duplicates(session: "duckdb.DuckDBPyConnection", relation: str, key: Sequence[str]) -> int:
    """Rows that share their key with another row."""
    if not key:
        return 0
    grouped = f"SELECT count(*) AS n FROM {relation} GROUP BY {listed(key)} HAVING count(*) > 1"
    (duplicate_rows,) = one_row(session, f"SELECT coalesce(sum(n), 0) FROM ({grouped})")
    return int(duplicate_rows)


def is_key(session: "duckdb.DuckDBPyConnection", relation: str, columns: Sequence[str]) -> bool:
    """Whether no two rows have the same values there, and none lacks one."""
    rows, distinct, missing = one_row(
        session,
        f"SELECT count(*), count(DISTINCT ({listed(columns)},)), "
        f"count(*) FILTER (WHERE {' OR '.join(f'{quoted(name)} IS NULL' for name in columns)}) FROM {relation}",
    )
    return bool(rows == distinct and not missing)


def by_key(session: "duckdb.DuckDBPyConnection", key: Sequence[str], columns: Sequence[str]) -> RowChanges:
    """Rows matched by their key. Of several rows with one key, the first are matched in the order of their other
    values, the rest are added or removed."""
    others = [name for name in columns if name not in key]
    _match(session, key, others)
    differs = {name: f"{_side('l', name)} IS DISTINCT FROM {_side('r', name)}" for name in others}
    any_differs = " OR ".join(differs.values()) or "false"
    both = "l_here AND r_here"
    counts = [f"count(*) FILTER (WHERE {both} AND {test})" for test in differs.values()]
    added, removed, changed, *cells = one_row(
        session,
        f"SELECT count(*) FILTER (WHERE l_here IS NULL), count(*) FILTER (WHERE r_here IS NULL),"
        f" count(*) FILTER (WHERE {both} AND ({any_differs}))"
        f"{''.join(', ' + count for count in counts)} FROM {MATCHED}",
    )
    conditions: dict[How, str] = {
        "changed": f"{both} AND ({any_differs})",
        "added": "l_here IS NULL",
        "removed": "r_here IS NULL",
    }
    examples = tuple(example for how, test in conditions.items() for example in _examples(session, how, test, columns))
    changed_columns = sorted(
        ((name, int(count)) for name, count in zip(others, cells, strict=True) if count), key=lambda column: -column[1]
    )
    return RowChanges(int(added), int(removed), int(changed), tuple(changed_columns), examples)


def as_wholes(session: "duckdb.DuckDBPyConnection", columns: Sequence[str]) -> RowChanges:
    """Rows compared as a whole, each as often as it occurs."""
    return by_key(session, columns, columns)


def _match(session: "duckdb.DuckDBPyConnection", key: Sequence[str], others: Sequence[str]) -> None:
    order = listed(others) or listed(key)
    sides = {}
    for alias, relation in (("l", LEFT), ("r", RIGHT)):
        names = ", ".join(f"{quoted(name)} AS {_side(alias, name)}" for name in (*key, *others))
        place = f"row_number() OVER (PARTITION BY {listed(key)} ORDER BY {order}) AS {alias}_place"
        sides[alias] = f"(SELECT {names}, {place}, true AS {alias}_here FROM {relation})"
    same = " AND ".join(f"{_side('l', name)} IS NOT DISTINCT FROM {_side('r', name)}" for name in key)
    session.execute(
        f"CREATE OR REPLACE TEMP TABLE {MATCHED} AS"
        f" SELECT * FROM {sides['l']} FULL JOIN {sides['r']} ON {same} AND l_place = r_place"
    )


def _examples(
    session: "duckdb.DuckDBPyConnection", how: How, condition: str, columns: Sequence[str]
) -> list[RowExample]:
    names = [_side(alias, name) for alias in ("l", "r") for name in columns]
    query = f"SELECT {', '.join(names)} FROM {MATCHED} WHERE {condition} ORDER BY ALL LIMIT {EXAMPLES}"
    width = len(columns)
    examples = []
    for row in rows_of(session.sql(query).to_arrow_table()):
        left, right = row[:width], row[width:]
        changed = tuple(
            name for name, a, b in zip(columns, left, right, strict=True) if how == "changed" and _differ(a, b)
        )
        examples.append(
            RowExample(
                how=how,
                left=() if how == "added" else tuple(shown(cell) for cell in left),
                right=() if how == "removed" else tuple(shown(cell) for cell in right),
                changed=changed,
            )
        )
    return examples


def _differ(left: Any, right: Any) -> bool:
    """Not the same value; NaN is the same as NaN, as in the engine."""
    return bool(left != right and not (left != left and right != right))


def _side(alias: str, name: str) -> str:
    return quoted(f"{alias}__{name}")
