"""The bins of a training set: LightGBM counts values into bins once, and as many trainings as one likes take them, so a
process that trains many models keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.training.preparation import Preparation
from core.training.tree_recipes.rows import Rows

# What decides the bins. It is no choice of anybody's, so that all trainings of a process share them.
BINS: Mapping[str, Any] = {"max_bin": 255, "data_random_seed": 1, "feature_pre_filter": False, "verbosity": -1}


@dataclass(frozen=True)
class Binned:
    """Rows of training and validation with the bins of the training rows."""

    train: Rows
    validation: Rows
    preparation: Preparation
    bins: Any
    validation_bins: Any


def bin_rows(train: Rows, *, validation: Rows, preparation: Preparation, threads: int) -> Binned:
    """Sorts rows by their groups, where they have any, and bins their features."""
    ordered, judged = train.by_group(), validation.by_group()
    bins = _dataset(ordered, preparation=preparation, threads=threads)
    validation_bins = _dataset(judged, preparation=preparation, threads=threads, reference=bins)
    return Binned(train=ordered, validation=judged, preparation=preparation, bins=bins, validation_bins=validation_bins)


def _dataset(rows: Rows, *, preparation: Preparation, threads: int, reference: Any = None) -> Any:
    """Without labels, which come with every training."""
    import lightgbm

    return lightgbm.Dataset(
        rows.features,
        label=np.zeros(len(rows)),
        group=rows.group_sizes(),
        reference=reference,
        params={**BINS, "num_threads": threads},
        categorical_feature=list(range(len(preparation.categories))),
    ).construct()
