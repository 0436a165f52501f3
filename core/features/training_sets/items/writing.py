"""Writes what files hold into the files of the splits."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.features.training_sets.items.files import check_named, files_of, index_of
from core.features.training_sets.items.images import ImageItems, proposed
from core.features.training_sets.items.texts import TextItems
from core.features.training_sets.job_spec import JoinJobSpec
from core.features.values import FeatureContract
from core.foundation.parquet import read_parquet, write_parquet
from core.lake.images.decoders import Decoders

if TYPE_CHECKING:
    import pyarrow as pa

# So many files are read before they are written.
BATCH = 1024


def with_items(
    job_spec: JoinJobSpec,
    contract: FeatureContract,
    *,
    files: Sequence[Path],
    inputs: Mapping[str, Path],
    processes: int,
) -> FeatureContract:
    """Writes pixels and texts into the files of the splits, and says in the contract what images are decoded to.
    Invalid names the first row whose file is missing or cannot be decoded."""
    if not (job_spec.images or job_spec.texts):
        return contract
    decoders = Decoders(max(1, processes))
    try:
        columns = _columns(job_spec, inputs=inputs, decoders=decoders)
        for path in files:
            _write(path, columns, inputs=inputs)
    finally:
        decoders.close()
    sizes = {name: column.image for name, column in columns.items() if isinstance(column, ImageItems)}
    request = [
        field.model_copy(update={"image": sizes[field.name]}) if field.name in sizes else field
        for field in contract.request
    ]
    return contract.model_copy(update={"request": tuple(request)})


def _columns(
    job_spec: JoinJobSpec, *, inputs: Mapping[str, Path], decoders: Decoders
) -> dict[str, ImageItems | TextItems]:
    columns: dict[str, ImageItems | TextItems] = {}
    for table in job_spec.images:
        index = index_of(table, inputs)
        image = job_spec.entity.image_sizes.get(table.name) or proposed(index, inputs)
        columns[table.name] = ImageItems(
            files_of(table.name, index, field="entity.images"), image=image, decoders=decoders
        )
    for table in job_spec.texts:
        columns[table.name] = TextItems(files_of(table.name, index_of(table, inputs), field="entity.text_items"))
    return columns


def _write(path: Path, columns: Mapping[str, ImageItems | TextItems], *, inputs: Mapping[str, Path]) -> None:
    import pyarrow as pa

    table = read_parquet(path)
    schema = table.schema
    for name, column in columns.items():
        check_named(table, column.files)
        schema = schema.set(schema.get_field_index(name), pa.field(name, column.type))

    def batches() -> "Iterator[pa.RecordBatch]":
        for batch in table.to_batches(max_chunksize=BATCH):
            arrays = dict(zip(batch.schema.names, batch.columns, strict=True))
            arrays |= {name: column.values(batch, inputs) for name, column in columns.items()}
            yield pa.RecordBatch.from_arrays(list(arrays.values()), schema=schema)

    written = path.with_suffix(".items")
    write_parquet(batches(), written, schema=schema)
    written.replace(path)
