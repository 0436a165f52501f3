"""The recipes of networks for tables beside a plain loop of torch over the same networks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from torch.nn import functional

from core.features.values import FeatureContract
from core.tasks.values import Target
from core.training.preparation import Preparation
from core.training.recipe import FitContext, Fitted, check_params
from core.training.recipes.deep_fm import DeepFM
from core.training.recipes.tabular import Tabular
from core.training.recipes.two_tower import TwoTower
from core.training.recipes.wide_and_deep import WideAndDeep
from core.training.torch_recipes.network_recipe import NetworkRecipe

RECIPES: dict[str, type[NetworkRecipe]] = {recipe.name: recipe for recipe in (Tabular, DeepFM, WideAndDeep, TwoTower)}
MOST_ROWS = 60_000


@dataclass(frozen=True)
class Part:
    """The first rows of a training set with a label of 0 and 1, and what was learned of its inputs."""

    train: pa.Table
    contract: FeatureContract
    preparation: Preparation

    @classmethod
    def of(cls, train: pa.Table, *, contract: FeatureContract, preparation: Preparation) -> "Part":
        return cls(train.slice(0, MOST_ROWS), contract, preparation)

    def __len__(self) -> int:
        return self.train.num_rows


def learned(name: str, part: Part) -> Fitted:
    recipe, target = RECIPES[name], Target(label="label")
    tables = {"train": part.train, "validation": part.train[:100]}
    prepared = recipe.prepare(tables, contract=part.contract, target=target, threads=1)
    params = _params(recipe)
    return recipe.fit(FitContext(prepared, params, target, seed=1, threads=1, report=lambda _step, _figures: None))


def learned_directly(name: str, part: Part) -> object:
    """As people write it."""
    torch.manual_seed(1)
    torch.set_num_threads(1)
    recipe, params = RECIPES[name], _params(RECIPES[name])
    ids, numbers = _ids(part), _numbers(part)
    labels = torch.from_numpy(part.train["label"].to_numpy().astype(np.float32))
    network: Any = recipe.network(part.preparation.shape, params=params)
    optimizer = torch.optim.AdamW(network.parameters(), lr=params.learning_rate, fused=True)
    for places in torch.randperm(len(ids)).split(params.batch_size)[: len(ids) // params.batch_size]:
        optimizer.zero_grad(set_to_none=True)
        logits = network(ids[places], numbers[places])
        functional.binary_cross_entropy_with_logits(logits, labels[places]).backward()
        optimizer.step()
    return network


def _params(recipe: type[NetworkRecipe]) -> Any:
    return check_params(recipe, params={"epochs": 1, "precision": "fp32"})


def _ids(part: Part) -> torch.Tensor:
    columns = []
    for item in part.preparation.categories:
        values = part.train[item.name].to_pandas().fillna("")
        columns.append(pd.Categorical(values, categories=list(item.values)).codes.astype(np.int32) + 1)
    return torch.from_numpy(np.stack(columns, axis=1))


def _numbers(part: Part) -> torch.Tensor:
    frame = part.train.select(list(part.contract.numbers())).to_pandas()
    missing = frame[[item.name for item in part.preparation.numbers if item.flagged]].isna()
    filled = frame.fillna(frame.median())
    standard = (filled - filled.mean()) / filled.std()
    return torch.from_numpy(pd.concat([standard, missing], axis=1).to_numpy(dtype=np.float32))
