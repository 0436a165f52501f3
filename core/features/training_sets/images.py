"""The pictures of a training set. Its rows name files of a snapshot; once they are joined and split, each name gives
way to the pixels that a model takes, so that whoever learns from them needs neither the lake nor a decoder."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.features.columns import sent
from core.features.job_specs import SourceTable
from core.features.training_sets.job_spec import ROW_ID, JoinJobSpec
from core.features.values import FeatureContract
from core.foundation.errors import Invalid
from core.foundation.parquet import read_parquet, read_parquets, write_parquet
from core.foundation.text import _
from core.lake.images.decoders import Decoders, Encoded
from core.lake.images.decoding import is_gray
from core.lake.images.values import ImageInput
from core.lake.values import Snapshot, TablePreview

if TYPE_CHECKING:
    import pyarrow as pa

# Larger images are scaled to this, where nobody says otherwise.
USUAL_SIDE = 64
# Of so many images it is looked at whether they have colors; so many are decoded before they are written.
SAMPLED, BATCH = 20, 1024


@dataclass(frozen=True)
class Items:
    """The files that a column names, by their paths and by their digests, and what they are decoded to."""

    column: str
    digests: Mapping[str, str]
    image: ImageInput


def check_files(column: str, snapshot: Snapshot) -> None:
    """Invalid unless the snapshot is an index of files."""
    if {"item", "path", "width"} - {spec.name for spec in snapshot.columns}:
        raise Invalid(
            _("{snapshot}, which {column} names images of, has no files").format(snapshot=snapshot.id, column=column),
            hint=_("Import a ZIP of images, and name its snapshot."),
            field="entity.images",
        )


def with_pixels(
    job_spec: JoinJobSpec,
    contract: FeatureContract,
    *,
    files: Sequence[Path],
    inputs: Mapping[str, Path],
    processes: int,
) -> FeatureContract:
    """Writes pixels into the files of the splits, and says in the contract what images are decoded to. Invalid names
    the first row whose image is missing or cannot be decoded."""
    if not job_spec.images:
        return contract
    columns = {table.name: _items(table, job_spec, inputs=inputs) for table in job_spec.images}
    decoders = Decoders(max(1, processes))
    try:
        for path in files:
            _write(path, list(columns.values()), decoders=decoders, inputs=inputs)
    finally:
        decoders.close()
    request = [
        field.model_copy(update={"image": columns[field.name].image}) if field.name in columns else field
        for field in contract.request
    ]
    return contract.model_copy(update={"request": tuple(request)})


def with_files(preview: TablePreview, contract: FeatureContract) -> TablePreview:
    """With pixels, which a preview has in hexadecimal, as PNG files in base64: as callers send them."""
    images = {field.name: field.image for field in contract.request if field.image}
    columns = [images.get(name) for name in preview.columns]
    rows = [tuple(map(_as_file, row, columns)) for row in preview.rows]
    return preview.model_copy(update={"rows": tuple(rows)}) if images else preview


def _as_file(cell: Any, image: ImageInput | None) -> Any:
    return sent(bytes.fromhex(cell), image=image) if image else cell


def _items(table: SourceTable, job_spec: JoinJobSpec, *, inputs: Mapping[str, Path]) -> Items:
    index = read_parquets(table.files(inputs), columns=["path", "item", "width", "height"])
    items = index["item"].to_pylist()
    digests = dict(zip(index["path"].to_pylist(), items, strict=True)) | {item: item for item in items}
    image = job_spec.entity.image_sizes.get(table.name) or proposed(index, inputs)
    return Items(column=table.name, digests=digests, image=image)


def proposed(index: "pa.Table", contents: Mapping[str, Path]) -> ImageInput:
    """Small images stay what they are, the largest of them where they differ; others are scaled to a usual size."""
    import pyarrow.compute as pc

    sizes = [pc.max(index[side]).as_py() or USUAL_SIDE for side in ("width", "height")]
    width, height = sizes if max(sizes) <= USUAL_SIDE else (USUAL_SIDE, USUAL_SIDE)
    sampled = [contents[item].read_bytes() for item in index["item"][:SAMPLED].to_pylist()]
    return ImageInput(width=width, height=height, channels=1 if all(map(is_gray, sampled)) else 3)


def _write(path: Path, columns: Sequence[Items], *, decoders: Decoders, inputs: Mapping[str, Path]) -> None:
    import pyarrow as pa

    table = read_parquet(path)
    schema = table.schema
    for items in columns:
        _check_named(table, items)
        place = schema.get_field_index(items.column)
        schema = schema.set(place, pa.field(items.column, pa.binary(items.image.bytes)))

    def batches() -> "Iterator[pa.RecordBatch]":
        for batch in table.to_batches(max_chunksize=BATCH):
            arrays = dict(zip(batch.schema.names, batch.columns, strict=True))
            for items in columns:
                arrays[items.column] = _pixels(batch, items, decoders=decoders, inputs=inputs)
            yield pa.RecordBatch.from_arrays(list(arrays.values()), schema=schema)

    written = path.with_suffix(".pixels")
    write_parquet(batches(), written, schema=schema)
    written.replace(path)


def _check_named(table: "pa.Table", items: Items) -> None:
    """Every row names a file that there is."""
    ids, names = table[ROW_ID].to_pylist(), table[items.column].to_pylist()
    missing = [(row_id, name) for row_id, name in zip(ids, names, strict=True) if name not in items.digests]
    if missing:
        row_id, name = missing[0]
        raise Invalid(
            _("{rows} rows name no file of the snapshot as {column}: the row {id} has {name}").format(
                rows=len(missing), column=items.column, id=row_id, name=repr(name)[:80]
            ),
            hint=_("Name a file by its path or its digest; leave rows without an image out with WHERE."),
            field="entity.images",
        )


def _pixels(batch: "pa.RecordBatch", items: Items, *, decoders: Decoders, inputs: Mapping[str, Path]) -> "pa.Array":
    import pyarrow as pa

    names = batch.column(items.column).to_pylist()
    contents = [Encoded(inputs[items.digests[name]].read_bytes(), items.image) for name in names]
    decoded = list(decoders.decoded(contents))
    for at, pixels in enumerate(decoded):
        if isinstance(pixels, Invalid):
            raise Invalid(
                _("{name}, the {column} of the row {id}: {why}").format(
                    name=names[at], column=items.column, id=batch.column(ROW_ID)[at].as_py(), why=pixels.message
                ),
                field="entity.images",
            )
    return pa.array(decoded, type=pa.binary(items.image.bytes))
