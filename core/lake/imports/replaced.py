"""What the rows of an import do to the columns that they replace, said in its report."""

from typing import NamedTuple

from sqlmodel import and_, col, select

from core.foundation.actions.call import Call
from core.foundation.objects import LinkRow, ObjectRow
from core.foundation.text import _
from core.lake.datasets.built_on import versions_built_on
from core.lake.schema_changes import schema_changes
from core.lake.tables import SnapshotRow
from core.lake.values import Snapshot, StagedSnapshot

MOST_READERS = 5


class Replaced(NamedTuple):
    """Sentences on columns that are gone or of another type, and the feature versions in use that read the dataset, as
    one text."""

    warnings: tuple[str, ...] = ()
    readers: str = ""


def replaced_columns(call: Call, newest: Snapshot | None, staged: StagedSnapshot) -> Replaced:
    """`newest` is the snapshot that would be replaced, if there is one."""
    if newest is None:
        return Replaced()
    changes = [change for change in schema_changes(newest.columns, staged.columns) if change.is_breaking]
    if not changes:
        return Replaced()
    gone = [change.column for change in changes if not change.right_type]
    words = _("{name} is {now} and was {before}")
    retyped = [
        words.format(name=change.column, now=change.right_type, before=change.left_type)
        for change in changes
        if change.right_type
    ]
    snapshots = select(SnapshotRow.id).where(SnapshotRow.dataset_id == newest.dataset_id)
    # Nobody is shown what another project makes of a dataset.
    here = and_(col(LinkRow.source).in_(snapshots), col(ObjectRow.project) == newest.project)
    versions = versions_built_on(call, here, limit=MOST_READERS)
    readers = ", ".join(f"{version.title} ({version.id})" for version in versions)
    sentences = [
        (gone, _("Columns of the snapshot before are missing: {names}.")),
        (retyped, _("Columns have another type than in the snapshot before: {names}.")),
        ([readers] if readers else [], _("Features read this dataset and may fail: {names}.")),
    ]
    warnings = tuple(sentence.format(names=", ".join(names)) for names, sentence in sentences if names)
    return Replaced(warnings, readers)
