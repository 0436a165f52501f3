"""Which columns name files: a sample of their values is looked up among the paths and digests of snapshots of files."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.features.columns import check_column
from core.features.job_specs import SourceTable
from core.features.training_sets.items.images import usual_size
from core.features.training_sets.proposals.survey import Column, Survey
from core.features.training_sets.proposals.values import NamedItems
from core.features.versions.job_specs import source_tables
from core.foundation.values import Value
from core.lake.values import Snapshot

if TYPE_CHECKING:
    import pyarrow as pa

# So many different values of a column are looked up; where fewer than this share name files, it does not name files.
VALUES, LEAST_SHARE = 600, 0.5
SHOWN, OTHERS, LONGEST = 12, 3, 80
COLUMNS = ["path", "item", "media_type", "width", "height"]


class FileIndex(Value):
    """A snapshot of files: `table` has the index."""

    snapshot_id: str
    title: str
    table: SourceTable


@dataclass(frozen=True)
class LookedUp:
    """What an index says of some values, each with its digest and media type, and the size of its images."""

    files: Mapping[str, tuple[str, str]]
    width: int
    height: int


def file_indexes(snapshots: Mapping[str, Snapshot]) -> tuple[FileIndex, ...]:
    tables = source_tables(snapshots)
    return tuple(
        FileIndex(snapshot_id=snapshot.id, title=snapshot.title, table=table)
        for snapshot, table in zip(snapshots.values(), tables, strict=True)
    )


def with_items(
    seen: Survey, indexes: Sequence[FileIndex], *, chosen: Mapping[str, str], inputs: Mapping[str, Path]
) -> Survey:
    """The columns with the files that they name, of the index that has most of their values, or of the one chosen
    for them."""
    for name in chosen:
        check_column({column.name: column.type for column in seen.columns}, name)
    values = {column.name: _sampled(column) for column in seen.columns if column.is_text and not column.known}
    wanted = {value for own in values.values() for value in own}
    looked_up = [(index, _looked_up(wanted, index.table.files(inputs))) for index in indexes] if wanted else []
    items = {
        name: _best([_named(own, *pair) for pair in looked_up], chosen=chosen.get(name, ""))
        for name, own in values.items()
        if own
    }
    return replace(seen, columns=tuple(replace(column, items=items.get(column.name)) for column in seen.columns))


def _best(offered: Sequence[NamedItems], *, chosen: str) -> NamedItems | None:
    """Those of the chosen snapshot, else most of the values; of several snapshots with as many the newest."""
    if chosen:
        return next((items for items in offered if items.snapshot_id == chosen), None)
    enough = [items for items in offered if items.named >= LEAST_SHARE * items.values]
    return max(enough, key=lambda items: items.named, default=None)


def _sampled(column: Column) -> list[str]:
    import pyarrow.compute as pc

    values: list[str] = pc.unique(column.values.drop_null())[:VALUES].to_pylist()
    return values


def _looked_up(wanted: Collection[str], paths: Sequence[Path]) -> LookedUp:
    import pyarrow as pa
    import pyarrow.compute as pc

    files: dict[str, tuple[str, str]] = {}
    width = height = 0
    value_set = pa.array(wanted, pa.string())
    for batch in _batches(paths):
        width, height = (
            max(width, pc.max(batch["width"]).as_py() or 0),
            max(height, pc.max(batch["height"]).as_py() or 0),
        )
        for key in ("path", "item"):
            part = batch.filter(pc.is_in(batch[key], value_set=value_set))
            names, digests, types = (part[column].to_pylist() for column in (key, "item", "media_type"))
            files |= dict(zip(names, zip(digests, types, strict=True), strict=True))
    return LookedUp(files, *usual_size(width, height))


def _batches(paths: Sequence[Path]) -> "Iterator[pa.RecordBatch]":
    import pyarrow.parquet as pq

    for path in paths:
        yield from pq.ParquetFile(path).iter_batches(columns=COLUMNS)


def _named(values: Sequence[str], index: FileIndex, looked_up: LookedUp) -> NamedItems:
    files = [looked_up.files[value] for value in values if value in looked_up.files]
    kinds = Counter(media_type.startswith("image") for _digest, media_type in files)
    is_image = kinds[True] >= kinds[False]
    others = [value[:LONGEST] for value in values if value not in looked_up.files]
    return NamedItems(
        snapshot_id=index.snapshot_id,
        title=index.title,
        kind="image" if is_image else "text",
        values=len(values),
        named=len(files),
        others=tuple(others[:OTHERS]),
        shown=tuple(dict.fromkeys(digest for digest, _type in files))[:SHOWN],
        width=looked_up.width if is_image else 0,
        height=looked_up.height if is_image else 0,
    )
