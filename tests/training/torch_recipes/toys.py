"""Made-up rows whose labels follow a rule that a network can find."""

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from core.features.values import FeatureContract
from core.tasks.task import task_called
from core.tasks.values import Target
from core.training.recipe import FitContext, Fitted, check_params, recipe_called
from core.training.torch_recipes.network_recipe import NetworkRecipe
from tests.training.flights import contract

SPLITS = {"train": 1_600, "validation": 400, "test": 400}
CATEGORIES, NUMBERS = ("user", "item", "page"), ("age", "price")
Toy = tuple[dict[str, pa.Table], FeatureContract, Target]
TASTES, USERS, ITEMS = 3, 12, 15
# A caller asks for so many items at once.
OFFERED = 8
QUICK: dict[str, Any] = {
    "epochs": 9,
    "batch_size": 64,
    "patience": 100,
    "hidden_width": 32,
    "learning_rate": 1e-2,
    "minimum_count": 5,
    "precision": "fp32",
}


@cache
def toy(task: str) -> Toy:
    """Users want items of their own taste, young ones rather what is cheap. A row is a user and an item; the rows of a
    group are what one user was offered."""
    random = np.random.default_rng(11)
    rows = sum(SPLITS.values())
    users = np.repeat(random.integers(0, USERS, rows // OFFERED), OFFERED)
    items, ages, prices = random.integers(0, ITEMS, rows), random.normal(size=rows), random.normal(size=rows)
    wish = 3.0 * (users % TASTES == items % TASTES) - 1.5 - 0.8 * prices * (ages < 0) + 0.3 * random.normal(size=rows)
    table = pa.table(
        {
            "row_id": [f"r{at}" for at in range(rows)],
            "request": [f"q{at // OFFERED}" for at in range(rows)],
            "label": _labels(task, wish=wish, tastes=users % TASTES),
            "user": [f"user {at}" for at in users],
            "item": [f"item {at}" for at in items],
            "page": [f"page {at}" for at in random.integers(0, 4, rows)],
            "age": pa.array(ages, mask=random.random(rows) < 0.1),
            "price": prices,
        }
    )
    ends = np.cumsum((0, *SPLITS.values()))
    tables = {name: table.slice(ends[at], SPLITS[name]) for at, name in enumerate(SPLITS)}
    group = "request" if task == "ranking" else ""
    target = task_called(task).target_of(table["label"], label="label", group=group)
    return tables, contract(CATEGORIES, NUMBERS), target


def _labels(task: str, *, wish: Any, tastes: Any) -> Any:
    match task:
        case "binary":
            return pa.array((wish > 0).astype(np.int32))
        case "regression":
            return 250_000.0 + 40_000.0 * wish
        case "ranking":
            return np.clip(np.round(wish), 0, 3)
        case "multi_label":
            names = np.array([f"taste {taste}" for taste in tastes])
            return [[*(["wanted"] if want > 0 else []), name] for want, name in zip(wish, names.tolist(), strict=True)]
    return [f"{'wanted' if want > 0 else 'refused'} {taste}" for want, taste in zip(wish, tastes, strict=True)]


def fitted_toy(recipe_name: str, task: str, *, takes: FeatureContract | None = None, **params: Any) -> Fitted:
    """Of some of the inputs, where `takes` says so."""
    tables, all_inputs, target = toy(task)
    recipe = recipe_called(recipe_name)
    chosen = {**(QUICK if issubclass(recipe, NetworkRecipe) else {}), **params}
    prepared = recipe.prepare(tables, contract=takes or all_inputs, target=target, threads=1)
    return recipe.fit(
        FitContext(
            prepared=prepared,
            params=check_params(recipe, params=chosen),
            target=target,
            seed=1,
            threads=1,
            report=lambda _step, _figures: None,
        )
    )
