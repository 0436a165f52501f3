"""The datasets of files that columns may name files of."""

from collections.abc import Mapping

from core.features.training_sets.items.files import check_files
from core.features.versions.sources import SourceSnapshots
from core.foundation.actions.call import Call
from core.lake.values import Snapshot

# Of a large project only so many datasets are looked at, and none of more files.
MOST_DATASETS, MOST_FILES = 8, 500_000
FILES_OF = "files of {}"


def indexes_for(call: Call, sources: SourceSnapshots, *, project: str, files: Mapping[str, str]) -> dict[str, Snapshot]:
    """The project's newest snapshots of files, and those that were chosen for columns, by names that no source has.
    Invalid for a chosen one that has no files."""
    newest = sources.newest_indexes(call, project=project, most=MOST_DATASETS)
    chosen = sources.usable(call, {id_: id_ for id_ in files.values()}, project=project)
    for column, id_ in files.items():
        check_files(column, chosen[id_], field="files")
    snapshots = {id_: snapshot for id_, snapshot in newest.items() if snapshot.rows <= MOST_FILES} | chosen
    return {FILES_OF.format(id_): snapshot for id_, snapshot in snapshots.items()}
