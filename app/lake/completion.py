"""What SQL over a project's datasets may name, for the code editor to complete."""

from collections.abc import Collection

from app.session import actor, portal, unless_changed
from app.ui.code_editor.names import Names, Table
from core.foundation.text import _
from core.lake.values import Dataset

MOST_TABLES, MOST_FEATURES = 50, 200


def names_in(project: str, *, tables: Collection[str] = ()) -> Names:
    """The tables with their columns and the features of a project. With `tables`, those tables alone."""
    names = unless_changed(f"names_{project}", lambda: _read(project))
    if not tables:
        return names
    return Names(tuple(table for table in names.tables if table.name in tables), names.features)


def _read(project: str) -> Names:
    datasets = portal().datasets.list_datasets(actor(), project=project, limit=MOST_TABLES).items
    features = portal().feature_catalog.catalog(actor(), project=project, limit=MOST_FEATURES).items
    described = {
        item.feature.name: _("{type}, feature of {view}").format(type=item.feature.type.lower(), view=item.view)
        for item in features
        if item.feature is not None
    }
    return Names(tuple(_table(item) for item in datasets if item.latest), described)


def _table(dataset: Dataset) -> Table:
    columns = dataset.latest.columns if dataset.latest else ()
    return Table(dataset.name, {column.name: column.type.lower() for column in columns})
