"""A corpus of reviews, generated: no package of ours ships texts. A review is about one of three things, by words of
its own among words that all share; it praises or blames, and "not" turns that round, so that pairs of words count."""

import random
from functools import cache

import pyarrow as pa

from core.features.values import FeatureContract, RequestField
from core.tasks.task import task_called
from core.tasks.values import Target
from core.training.recipe import FitContext, Fitted, check_params, recipe_called

ABOUT = {
    "food": "soup rice wine menu waiter",
    "law": "court judge appeal clause verdict",
    "sport": "goal team cup race",
}
GOOD, BAD = ("good", "fine", "lovely", "solid"), ("bad", "dull", "awful", "weak")
SHARED = [f"word{number}" for number in range(150)]
ROWS = 900
LABELS = {"binary": "praised", "multi_class": "about", "multi_label": "tags", "regression": "stars"}
FIELDS = (
    RequestField(name="shop", kind="category", is_model_input=True),
    RequestField(name="price", kind="number", is_model_input=True),
    RequestField(name="review", kind="text", is_model_input=True),
)
CONTRACT = FeatureContract(event_time="", row_id="row_id", request=FIELDS, views=())


@cache
def reviews(rows: int = ROWS) -> pa.Table:
    dice = random.Random(4)
    return pa.Table.from_pylist([_review(dice, f"r{number}") for number in range(rows)])


def corpus(task: str, *, rows: int = ROWS) -> tuple[dict[str, pa.Table], Target]:
    """The tables of the splits with the label of a task, and what is predicted."""
    table = reviews(rows)
    table = table.append_column("label", table[LABELS[task]])
    target = task_called(task).target_of(table["label"], label="label")
    ends = {"train": (0, 0.7), "validation": (0.7, 0.85), "test": (0.85, 1)}
    parts = {split: (round(start * rows), round(end * rows)) for split, (start, end) in ends.items()}
    return {split: table.slice(start, end - start) for split, (start, end) in parts.items()}, target


def fitted_text(task: str, *, contract: FeatureContract = CONTRACT, rows: int = ROWS, **params: object) -> Fitted:
    tables, target = corpus(task, rows=rows)
    recipe = recipe_called("text")
    chosen = check_params(recipe, params={"buckets": 4096, **params})
    prepared = recipe.prepare(tables, contract=contract, target=target, threads=1)
    return recipe.fit(
        FitContext(
            prepared=prepared, params=chosen, target=target, seed=1, threads=1, report=lambda _step, _figures: None
        )
    )


def _review(dice: random.Random, row_id: str) -> dict[str, object]:
    about, praised, shop = dice.choice(list(ABOUT)), dice.random() < 0.5, dice.choice("AB")
    words = [dice.choice(SHARED) for _ in range(dice.randint(6, 30))]
    for _ in range(3):
        is_turned = dice.random() < 0.5
        opinion = dice.choice(GOOD if praised is not is_turned else BAD)
        words.insert(dice.randrange(len(words)), f"not {opinion}" if is_turned else opinion)
    words.insert(dice.randrange(len(words)), dice.choice(ABOUT[about].split()))
    price = dice.randint(1, 9)
    return {
        "row_id": row_id,
        "review": " ".join(words).capitalize() + ".",
        "shop": shop,
        "price": float(price),
        "praised": int(praised),
        "about": about,
        "tags": [tag for tag, holds in {"praise": praised, about: True}.items() if holds],
        "stars": 2.0 * praised + price / 3 + (shop == "A") + dice.gauss(0, 0.1),
    }
