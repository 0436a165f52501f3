"""The baseline of a training set, fitted beside the first run that learns from it. It costs a run a bounded time, for
it learns from so many numbers at most, drawn at random, and the runs after the first take what it said from the
store."""

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from core.compute.process import JobFailed
from core.features.values import FeatureContract
from core.foundation.errors import PortalError
from core.foundation.parquet import read_parquet
from core.tasks.prediction_files import ROW_ID, predictions_in
from core.tasks.predictions import Outputs
from core.tasks.values import Target
from core.training.recipe import BASELINE, FitContext, Tables, can_learn, check_params, recipe_called
from core.training.result import SOURCE, START
from core.training.splits import TRAIN

if TYPE_CHECKING:
    import pyarrow as pa

# Rows times inputs times classes: about ten seconds of one core.
MOST_NUMBERS = 12_000_000
# How the files of an earlier baseline stand among the inputs of a job; no split has a dot in its name.
INPUT = "baseline."


def splits_among(inputs: Mapping[str, Path]) -> dict[str, Path]:
    return {name: path for name, path in inputs.items() if name not in (SOURCE, START) and not name.startswith(INPUT)}


def known_baseline(inputs: Mapping[str, Path], *, tables: Tables, target: Target) -> dict[str, Outputs]:
    """What the baseline said of the splits, by an earlier job; empty unless it is of these very rows."""
    files = {name: inputs[INPUT + name] for name in tables if name != TRAIN and INPUT + name in inputs}
    if set(files) != set(tables) - {TRAIN}:
        return {}
    earlier = {name: read_parquet(path) for name, path in files.items()}
    if any(not table[ROW_ID].equals(tables[name][ROW_ID]) for name, table in earlier.items()):
        return {}
    return {name: predictions_in(table, rows=(), target=target).outputs for name, table in earlier.items()}


def fit_baseline(
    tables: Tables,
    *,
    contract: FeatureContract,
    target: Target,
    seed: int,
    threads: int,
    should_stop: Callable[[], bool],
) -> dict[str, Outputs]:
    """What the baseline says of the splits that were held out. Empty where it learns no such task or not from such
    inputs, and where the fit fails: no run fails for its baseline."""
    recipe = recipe_called(BASELINE)
    if not can_learn(recipe, contract=contract, target=target):
        return {}
    bounded = {**tables, TRAIN: _part_of(tables[TRAIN], contract=contract, target=target, seed=seed)}
    try:
        prepared = recipe.prepare(bounded, contract=contract, target=target, threads=threads)
        fitted = recipe.fit(
            FitContext(
                prepared=prepared,
                params=check_params(recipe, params={}),
                target=target,
                seed=seed,
                threads=threads,
                report=lambda _step, _figures: None,
                should_stop=should_stop,
            )
        )
    except (JobFailed, PortalError, ArithmeticError, ValueError):
        return {}
    return {} if fitted.stopped else {name: fitted.predict(tables[name]) for name in tables if name != TRAIN}


def _part_of(table: "pa.Table", *, contract: FeatureContract, target: Target, seed: int) -> "pa.Table":
    """The rows it learns from, in their order."""
    columns = len(contract.categories()) + len(contract.numbers())
    most = max(1, MOST_NUMBERS // (columns * max(1, len(target.classes))))
    if table.num_rows <= most:
        return table
    return table.take(sorted(random.Random(seed).sample(range(table.num_rows), most)))
