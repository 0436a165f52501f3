"""Rows as LightGBM takes them: one matrix in double precision, and what is known of each row."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.compute.process import JobFailed
from core.foundation.text import _
from core.training.preparation import Preparation, encode_categories, numbers_of
from core.training.tree_recipes.objectives import HIGHEST_RELEVANCE, LARGEST_GROUP

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Rows:
    """`features` are float64 [rows, categories + numbers] as `features_of` makes them, `labels` [rows] or, for several
    labels, [rows, labels]; `weights` and the number of each row's group are [rows] where there are any."""

    features: Any
    labels: Any
    weights: Any = None
    groups: Any = None

    def __len__(self) -> int:
        return len(self.features)

    def by_group(self) -> "Rows":
        """With the rows of a group beside each other, in their order; the same where there are no groups."""
        if self.groups is None:
            return self
        order = np.argsort(self.groups, kind="stable")
        return replace(
            self,
            features=self.features[order],
            labels=self.labels[order],
            weights=None if self.weights is None else self.weights[order],
            groups=self.groups[order],
        )

    def group_sizes(self) -> Any:
        """Rows of each group, in the order of `by_group`."""
        return None if self.groups is None else np.unique(self.groups, return_counts=True)[1]


def features_of(table: "pa.Table", *, preparation: Preparation) -> Any:
    """float64 [rows, categories + numbers]: the id of a category and NaN where it is unknown, numbers as they are."""
    ids = encode_categories(table, preparation=preparation).astype(np.float64)
    ids[ids == 0] = np.nan
    return np.column_stack([ids, *(numbers_of(table, name=number.name) for number in preparation.numbers)])


def refuse_bad_ranking(rows: Rows) -> None:
    """JobFailed where LightGBM has no gain for a label, or takes no group of that size."""
    if rows.groups is None:
        raise JobFailed(_("data: a ranking needs a column whose rows belong together"))
    if not np.isin(rows.labels, np.arange(HIGHEST_RELEVANCE + 1)).all():
        raise JobFailed(
            _("data: the relevances of a ranking are whole numbers from 0 to {most}").format(most=HIGHEST_RELEVANCE)
        )
    largest = int(rows.group_sizes().max())
    if largest > LARGEST_GROUP:
        raise JobFailed(
            _("data: a group of the ranking has {rows} rows and {most} are the most").format(
                rows=largest, most=LARGEST_GROUP
            )
        )
