"""Recipes beside their libraries called directly, on the demonstration's training set: rows a second of
one core from the same table to a trained model, the medians of runs that take turns, and how well each ranks the test
rows. Needs an installation with the demonstration in it: set CAUSEWAY_HOME to it.

    CAUSEWAY_HOME=~/.causeway scripts/bench training [TS-1] [--rounds 3] [--trees 100]"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import lightgbm
import pyarrow as pa
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from core.features.values import FeatureContract
from core.foundation.actors import Actor
from core.foundation.parquet import read_parquet
from core.portal import Portal
from core.tasks.measures.probabilities import auc
from core.training.linear_recipes import fitting
from core.training.linear_recipes.linear_params import LinearParams
from core.training.linear_recipes.rows import Rows as LinearRows
from core.training.linear_recipes.rows import features_of as linear_features_of
from core.training.preparation import Preparation, learn
from core.training.tree_recipes.binning import bin_rows
from core.training.tree_recipes.boosting import Boosted, boost
from core.training.tree_recipes.boosting_params import BoostingParams
from core.training.tree_recipes.objectives import Objective
from core.training.tree_recipes.rows import Rows, features_of
from tests.bench import images
from tests.bench.measuring.lines import Line, Spent, at_least_as_fast, in_turns, print_table
from tests.bench.pages import demonstrated

LEAST_SHARE, LEAST_AUC, L2 = 0.9, 0.744, 100.0


@dataclass(frozen=True)
class Data:
    """The splits of a training set, and what is learned of its inputs."""

    tables: dict[str, pa.Table]
    contract: FeatureContract
    preparation: Preparation

    def labels(self, split: str) -> Any:
        return self.tables[split]["label"].to_numpy().astype(float)

    def frame(self, split: str) -> Any:
        """As people hand it to LightGBM: categories of pandas, numbers as they are."""
        names = [*self.contract.categories(), *self.contract.numbers()]
        frame = self.tables[split].select(names).to_pandas()
        known = {item.name: list(item.values) for item in self.preparation.categories}
        return frame.assign(**{name: frame[name].fillna("").astype(category_of(known[name])) for name in known})


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench training")
    parser.add_argument("training_set", nargs="?", default="TS-1")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each; the median counts")
    parser.add_argument("--trees", type=int, default=100, help="trees of a timed boosting")
    chosen = parser.parse_args(arguments)
    data = data_of(demonstrated(), chosen.training_set)
    rows = data.tables["train"].num_rows
    runs: dict[str, Callable[[], object]] = {
        "boosting": lambda: boosted(data, rounds=chosen.trees, patience=chosen.trees),
        "LightGBM": lambda: boosted_directly(data, trees=chosen.trees),
        "linear": lambda: fitted(data),
        "scikit-learn": lambda: fitted_directly(data),
        "image": images.learned,
        "torch": images.learned_directly,
    }
    spent = in_turns({name: timed(run) for name, run in runs.items()}, rounds=chosen.rounds)
    learned = dict.fromkeys(spent, rows) | {"image": images.ROWS, "torch": images.ROWS}
    rate = {name: learned[name] / spent[name].cpu for name in spent}
    trees = {name: rate[name] * chosen.trees for name in ("boosting", "LightGBM")}
    print_table(
        [
            at_least_as_fast("boosting, rows x trees", *trees.values(), share=LEAST_SHARE, unit="/s"),
            at_least_as_fast("linear, rows", rate["linear"], rate["scikit-learn"], share=LEAST_SHARE, unit="/s"),
            at_least_as_fast("image, rows", rate["image"], rate["torch"], share=LEAST_SHARE, unit="/s"),
            auc_line("boosting, AUC of test rows", boosting_auc(data), least=LEAST_AUC),
            auc_line("linear, AUC of test rows", linear_auc(data), least=None),
        ]
    )


def data_of(portal: Portal, training_set_id: str) -> Data:
    training_set = portal.training_sets.get_training_set(Actor.system("bench"), training_set_id=training_set_id)
    store = portal.foundation.store
    tables = {split.name: read_parquet(store.verified_path(split.digest)) for split in training_set.splits}
    assert training_set.contract is not None
    return Data(tables, training_set.contract, learn(tables["train"], contract=training_set.contract))


def timed(run: Callable[[], object]) -> Callable[[], Spent]:
    def measured() -> Spent:
        wall, cpu = time.monotonic(), time.process_time()
        run()
        return Spent(wall=time.monotonic() - wall, cpu=time.process_time() - cpu, memory_mb=0)

    return measured


def boosted(data: Data, **choices: Any) -> Boosted:
    train, validation = (
        Rows(features_of(data.tables[split], preparation=data.preparation), data.labels(split))
        for split in ("train", "validation")
    )
    binned = bin_rows(train, validation=validation, preparation=data.preparation, threads=1)
    return boost(binned, BoostingParams(**choices), objective=Objective(kind="binary"), seed=1, threads=1)


def boosted_directly(data: Data, *, trees: int) -> object:
    """The same settings, in LightGBM's words."""
    rows = data.tables["train"].num_rows
    params = BoostingParams()
    settings = {
        "objective": "binary",
        "num_threads": 1,
        "seed": 1,
        "deterministic": True,
        "force_row_wise": True,
        "learning_rate": params.learning_rate,
        "num_leaves": params.leaves,
        "min_data_in_leaf": params.least_rows(rows),
        "cat_smooth": params.smoothing(rows),
        "feature_fraction": params.feature_share,
        "bagging_fraction": params.row_share,
        "bagging_freq": 1,
        "verbosity": -1,
    }
    train = lightgbm.Dataset(data.frame("train"), data.labels("train"))
    validation = train.create_valid(data.frame("validation"), data.labels("validation"))
    return lightgbm.train(settings, train, trees, valid_sets=[validation])


def fitted(data: Data, *, l2: float = L2) -> fitting.FittedModel:
    train, validation = (
        LinearRows(linear_features_of(data.tables[split], preparation=data.preparation), data.labels(split))
        for split in ("train", "validation")
    )
    params = LinearParams(l2=l2)
    return fitting.fit(train, params, validation=validation, kind="binary", preparation=data.preparation)


def fitted_directly(data: Data) -> object:
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), list(data.contract.categories())),
        (numbers, list(data.contract.numbers())),
    )
    pipeline = make_pipeline(columns, LogisticRegression(C=1 / L2, max_iter=1000))
    return pipeline.fit(data.frame("train"), data.labels("train"))


def boosting_auc(data: Data) -> float:
    features = features_of(data.tables["test"], preparation=data.preparation)
    return auc(data.labels("test"), probabilities=boosted(data).predict(features))


def linear_auc(data: Data) -> float:
    features = linear_features_of(data.tables["test"], preparation=data.preparation)
    return auc(data.labels("test"), probabilities=fitted(data, l2=0).model.predict(features))


def auc_line(name: str, value: float, *, least: float | None) -> Line:
    return Line(name, f"{value:.4f}", "", None, f">= {least}" if least else "", value >= least if least else None)


def category_of(values: list[str]) -> Any:
    import pandas as pd

    return pd.CategoricalDtype(values)


if __name__ == "__main__":
    main()
