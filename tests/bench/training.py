"""Recipes beside their libraries called directly: rows a second of one core from the same table to a trained model, the
medians of runs that take turns, and how well each ranks the test rows. Tables are those of the demonstration's training
set; images and texts are made here. `automatic` has no row: it calls the others. Needs an installation with the
demonstration in it: set CAUSEWAY_HOME to it.

    CAUSEWAY_HOME=~/.causeway scripts/bench training [TS-1] [--rounds 3] [--trees 100] [--only text linear]"""

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
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
from tests.bench.measuring.lines import Line, Spent, at_least_as_fast, in_turns, print_table
from tests.bench.pages import demonstrated
from tests.bench.recipes import images, networks, texts

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


@dataclass(frozen=True)
class Contest:
    """A recipe and its library, both from a table to a model, and how many rows they learn from, so many times each."""

    ours: Callable[[], object]
    directly: Callable[[], object]
    rows: int
    unit: str = "rows/s"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench training")
    parser.add_argument("training_set", nargs="?", default="TS-1")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each; the median counts")
    parser.add_argument("--trees", type=int, default=100, help="trees of a timed boosting")
    parser.add_argument("--only", nargs="+", metavar="RECIPE", help="these alone, without how well they rank")
    chosen = parser.parse_args(arguments)
    data = data_of(demonstrated(), chosen.training_set)
    contests = contests_of(data, trees=chosen.trees)
    lines = lines_of({name: contests[name] for name in chosen.only or contests}, rounds=chosen.rounds)
    if not chosen.only:
        lines.append(auc_line("boosting, AUC of test rows", boosting_auc(data), least=LEAST_AUC))
        lines.append(auc_line("linear, AUC of test rows", linear_auc(data), least=None))
    print_table(lines)


def contests_of(data: Data, *, trees: int) -> dict[str, Contest]:
    rows = data.tables["train"].num_rows
    part = networks.Part.of(data.tables["train"], contract=data.contract, preparation=data.preparation)
    of_networks = {
        name: Contest(partial(networks.learned, name, part), partial(networks.learned_directly, name, part), len(part))
        for name in networks.RECIPES
    }
    return {
        "gradient_boosting": Contest(
            lambda: boosted(data, rounds=trees, patience=trees),
            lambda: boosted_directly(data, trees=trees),
            rows * trees,
            unit="rows x trees/s",
        ),
        "linear": Contest(lambda: fitted(data), lambda: fitted_directly(data), rows),
        **of_networks,
        "image": Contest(images.learned, images.learned_directly, images.ROWS),
        "text": Contest(texts.learned, texts.learned_directly, texts.ROWS),
    }


def lines_of(contests: Mapping[str, Contest], *, rounds: int) -> list[Line]:
    runs = {(name, side): run for name, it in contests.items() for side, run in sides_of(it).items()}
    spent = in_turns({" ".join(key): timed(run) for key, run in runs.items()}, rounds=rounds)
    lines = []
    for name, contest in contests.items():
        ours, peer = (contest.rows / spent[f"{name} {side}"].cpu for side in sides_of(contest))
        lines.append(at_least_as_fast(name, ours, peer, share=LEAST_SHARE, unit=contest.unit))
    return lines


def sides_of(contest: Contest) -> dict[str, Callable[[], object]]:
    return {"ours": contest.ours, "peer": contest.directly}


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
