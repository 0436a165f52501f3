"""Splits by share: which rows lie in which, decided by hashes, so that it can be repeated anywhere and by anyone."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.features.training_sets.job_spec import LABEL, ROW_ID, SPLIT_BY
from core.features.training_sets.values import ShareSplits, place_of
from core.foundation.errors import Invalid
from core.foundation.parquet import read_parquet, row_groups, write_parquet
from core.foundation.text import _

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

IN_NONE = -1
WHOLE = 2**64
# What has more values than this is a number or a name, and no class.
MOST_CLASSES = 10_000
MOST_SPLITS = 20
NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


def write_splits(joined: Path, shares: ShareSplits, *, without: Sequence[str]) -> dict[str, Path]:
    """Writes `<split>.parquet` beside the joined rows, `without` some of their columns. Invalid for a column that
    cannot decide on splits."""
    names, places = splits_of(joined, shares)
    columns = [name for name in _schema(joined).names if name not in without]
    paths = {name: joined.parent / f"{name}.parquet" for name in names}
    for number, path in enumerate(paths.values()):
        write_parquet(_chosen(joined, places == number, columns), path, schema=_schema(joined, columns))
    return paths


def splits_of(joined: Path, shares: ShareSplits) -> "tuple[tuple[str, ...], np.ndarray]":
    """The names of the splits, and for every row the number of its split, -1 where it lies in none."""
    if shares.by == "column":
        return _named(joined)
    names, sizes = zip(*shares.ordered, strict=True)
    ids = _texts(joined, ROW_ID)
    if shares.by == "stratified":
        classes = _texts(joined, SPLIT_BY if shares.column else LABEL)
        return names, _stratified(_hashes(ids, shares.seed), classes, sizes)
    # A row without a group stands for itself.
    groups = _texts(joined, SPLIT_BY) if shares.by == "grouped" else [None] * len(ids)
    keys = [own if group is None else group for own, group in zip(ids, groups, strict=True)]
    return names, _below(_hashes(keys, shares.seed), sizes)


def _named(joined: Path) -> "tuple[tuple[str, ...], np.ndarray]":
    import numpy as np

    values = [(value or "").strip().lower() for value in _texts(joined, SPLIT_BY)]
    names = tuple(sorted({value for value in values if value}, key=place_of))
    if not 0 < len(names) <= MOST_SPLITS or not all(NAME.fullmatch(name) for name in names):
        raise Invalid(
            _("The column of the splits has {names}").format(names=", ".join(repr(name[:40]) for name in names[:5])),
            hint=_("It names the split of each row: at most 20 names like train, validation and test."),
            field="shares",
        )
    number = {name: place for place, name in enumerate(names)}
    return names, np.array([number.get(value, IN_NONE) for value in values])


def _hashes(keys: "Sequence[str | None]", seed: int) -> "np.ndarray":
    """A number for each key, between 0 and 2**64."""
    import numpy as np

    digests = (hashlib.sha256(f"{seed}:{key}".encode()).digest()[:8] for key in keys)
    return np.frombuffer(b"".join(digests), dtype=">u8").astype(np.uint64)


def _below(hashes: "np.ndarray", sizes: Sequence[float]) -> "np.ndarray":
    """The first split whose end a hash lies below."""
    import numpy as np

    shares = hashes.astype(np.float64) / WHOLE
    places = np.searchsorted(np.cumsum(sizes), shares, side="right")
    # The sum of shares such as 0.7, 0.15 and 0.15 may end a little below 1.
    last = len(sizes) - 1 if np.isclose(sum(sizes), 1) else IN_NONE
    return np.where(places == len(sizes), last, places)


def _stratified(hashes: "np.ndarray", classes: "Sequence[str | None]", sizes: Sequence[float]) -> "np.ndarray":
    """Of every class its exact shares, by the largest remainder, in the order of the hashes."""
    import numpy as np

    _values, codes = np.unique([repr(value) for value in classes], return_inverse=True)
    if len(_values) > MOST_CLASSES or 2 * len(_values) > len(codes):
        raise Invalid(
            _("The rows have {count} values in the column: they are no classes").format(count=len(_values)),
            hint=_("Split at random, or by a column with few values."),
            field="shares",
        )
    places = np.empty(len(codes), dtype=np.int64)
    order = np.lexsort((hashes, codes))
    for rows in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        places[rows] = np.repeat([*range(len(sizes)), IN_NONE], _counts(len(rows), sizes))
    return places


def _counts(rows: int, sizes: Sequence[float]) -> "list[int]":
    """How many of the rows each split gets, and how many none gets."""
    quotas = [rows * share for share in (*sizes, max(0.0, 1 - sum(sizes)))]
    counts = [int(quota + 1e-9) for quota in quotas]
    # Sums such as 0.7 + 0.15 + 0.15 end a little below 1; what no split gets is no remainder then.
    remainders = sorted(range(len(quotas)), key=lambda place: (counts[place] - quotas[place], place))
    for place in remainders[: rows - sum(counts)]:
        counts[place] += 1
    return counts


def _texts(joined: Path, column: str) -> "list[str | None]":
    import pyarrow as pa

    cells = read_parquet(joined, columns=[column]).column(column)
    if pa.types.is_nested(cells.type):
        raise Invalid(_("Lists are no classes to split by"), hint=_("Split at random."), field="shares")
    values: list[str | None] = cells.cast(pa.string()).to_pylist()
    return values


def _schema(joined: Path, columns: Sequence[str] | None = None) -> "pa.Schema":
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pq.read_schema(joined)
    return schema if columns is None else pa.schema([schema.field(name) for name in columns])


def _chosen(joined: Path, mask: "np.ndarray", columns: list[str]) -> "Iterator[pa.RecordBatch]":
    at = 0
    for group in row_groups([joined], columns=columns):
        yield from group.filter(mask[at : at + group.num_rows]).to_batches()
        at += group.num_rows
