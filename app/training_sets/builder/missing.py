"""What a step still lacks, in the words of its button."""

from app.training_sets.builder.draft import Draft
from app.training_sets.builder.named_files import lacks_files
from app.training_sets.builder.steps import FEATURES, JOIN, ROWS, SPLITS, Rows
from app.training_sets.builder.views import version_of
from core.foundation.errors import Invalid
from core.foundation.text import _


def missing_of(shown: Draft, rows: Rows | None, *, step: str) -> str:
    """Why the next step cannot be taken; empty where it can. The last step lacks what any step lacks."""
    if rows is None:
        return _("Choose a dataset, or write SQL whose rows can be read.")
    if step == ROWS:
        return lacks_files(shown, rows.columns)
    lacks = lacks_files(shown, rows.columns) or _of_features(shown, rows)
    if step == FEATURES or lacks:
        return lacks
    lacks = _of_splits(rows)
    return lacks if step in (SPLITS, JOIN) else ""


def _of_features(shown: Draft, rows: Rows) -> str:
    for use in shown.uses:
        version = version_of(use.version_id)
        absent = [key for key in version.keys if key not in use.keys]
        if absent:
            words = _("Choose the column of {key} for {view}.")
            return words.format(key=absent[0], view=version.view)
    if shown.label_from:
        keys = version_of(shown.label_from.version_id).keys
        if absent := [key for key in keys if key not in shown.label_from.keys]:
            return _("Choose the column of {key} for the label.").format(key=absent[0])
    names = [*rows.entity.inputs, *rows.entity.keys_only, *_looked_up(shown)]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        return _("{name} is there twice: give the features of one view another prefix.").format(name=twice)
    if not rows.entity.inputs and not shown.uses:
        return _("There is nothing to learn from: choose inputs among the columns, or features.")
    return ""


def _looked_up(shown: Draft) -> list[str]:
    return [use.prefix + feature.name for use in shown.uses for feature in version_of(use.version_id).features]


def _of_splits(rows: Rows) -> str:
    counted = rows.counted
    if isinstance(counted, Invalid):
        return counted.message
    problem = next((split for split in counted.splits if split.problem), None)
    if problem:
        return _("The split {name} cannot be used: {why}.").format(name=problem.name, why=problem.problem)
    return "" if rows.splitting.splits or rows.splitting.shares else _("Choose how the rows are split.")
