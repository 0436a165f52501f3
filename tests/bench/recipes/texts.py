"""The recipe of texts beside scikit-learn's hashed words, weighed by their rarity, and its logistic regression."""

import random
from functools import cache

import pyarrow as pa
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from core.features.values import FeatureContract, RequestField
from core.tasks.values import Target
from core.training.recipe import FitContext, Fitted
from core.training.recipes.text import Text
from core.training.text_recipes.text_params import TextParams

ROWS, CLASSES, WORDS, L2 = 4_000, 4, 30_000, 0.1
PARAMS = TextParams(l2=L2)


@cache
def tables() -> dict[str, pa.Table]:
    """Texts of many lengths, of words as frequent as those of a language: the second is half as frequent as the first.
    Each class prefers some of them."""
    dice = random.Random(1)
    spread = [1 / place for place in range(1, WORDS + 1)]
    words = [f"w{dice.randrange(10**6)}" for _ in range(WORDS)]
    own = [dice.sample(words, 400) for _ in range(CLASSES)]
    rows = []
    for at in range(ROWS):
        length = int(dice.lognormvariate(4, 0.8)) + 3
        text = dice.choices(words, spread, k=length) + dice.choices(own[at % CLASSES], k=max(1, length // 15))
        dice.shuffle(text)
        rows.append({"row_id": str(at), "label": f"c{at % CLASSES}", "review": " ".join(text)})
    whole = pa.Table.from_pylist(rows)
    return {"train": whole, "validation": whole[:100]}


def learned() -> Fitted:
    review = RequestField(name="review", kind="text", is_model_input=True)
    contract = FeatureContract(event_time="", row_id="row_id", request=(review,), views=())
    target = Target(task="multi_class", label="label", classes=tuple(f"c{at}" for at in range(CLASSES)))
    prepared = Text.prepare(tables(), contract=contract, target=target, threads=1)
    return Text.fit(FitContext(prepared, PARAMS, target, seed=1, threads=1, report=lambda _step, _figures: None))


def learned_directly() -> object:
    words = HashingVectorizer(n_features=PARAMS.buckets, ngram_range=(1, PARAMS.ngram), norm=None, alternate_sign=False)
    pipeline = make_pipeline(words, TfidfTransformer(), LogisticRegression(C=1 / L2, max_iter=1000))
    return pipeline.fit(tables()["train"]["review"].to_pylist(), tables()["train"]["label"].to_pylist())
