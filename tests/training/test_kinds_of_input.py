"""Inputs of other kinds than categories and numbers: what a file takes of them, and which recipes learn from them."""

import pyarrow as pa
import pytest

from core.features.training_sets.values import TrainingSet
from core.features.values import FeatureContract, ImageInput, RequestField
from core.foundation.errors import Invalid
from core.training.evaluation import OnnxModel, largest_difference
from core.training.recipe import (
    FitContext,
    Fitted,
    Origins,
    card_of,
    check_params,
    inputs_of,
    recipe_called,
    refuse_other_inputs,
)
from tests.training.known_sets import QUICK, known_set


def test_the_file_of_a_model_takes_what_its_contract_says() -> None:
    fields = (
        RequestField(name="size", kind="number", is_model_input=True),
        RequestField(name="words", kind="text", is_model_input=True),
        RequestField(name="shop", kind="category", is_model_input=True),
        RequestField(name="place", kind="vector", is_model_input=True, size=3),
        RequestField(name="photo", kind="image", is_model_input=True, image=ImageInput(width=4, height=2)),
    )
    contract = FeatureContract(event_time="", row_id="id", request=fields, views=())
    takes = [(spec.name, spec.datatype, spec.shape) for spec in inputs_of(contract).inputs]
    assert takes == [
        ("shop", "BYTES", (-1,)),
        ("words", "BYTES", (-1,)),
        ("size", "FP64", (-1,)),
        ("photo", "UINT8", (-1, 2, 4, 3)),
        ("place", "FP64", (-1, 3)),
    ]
    assert contract.inputs() == ("shop", "size", "words", "photo", "place")


def test_a_recipe_refuses_kinds_that_it_does_not_learn_from() -> None:
    fields = (RequestField(name="review", kind="text", is_model_input=True),)
    contract = FeatureContract(event_time="", row_id="id", request=fields, views=())
    with pytest.raises(Invalid, match="linear does not learn from the input review, which is of the kind text") as no:
        refuse_other_inputs(
            recipe_called("linear"), TrainingSet.model_construct(contract=contract, manifest=None), params={}
        )
    assert no.value.field == "recipe"
    assert card_of(recipe_called("linear")).kinds == ("category", "number", "vector")


@pytest.mark.parametrize("recipe", ["linear", "gradient_boosting", "tabular"])
def test_vectors_are_learned_from_like_the_numbers_that_they_hold(recipe: str) -> None:
    tables, contract, _target = known_set("wine")
    in_vector = contract.numbers()[1:]
    vector = RequestField(name="place", kind="vector", is_model_input=True, size=len(in_vector))
    alike = {"wine": tables, "vectors": {split: _with_vector(table, in_vector) for split, table in tables.items()}}
    of_vector = contract.model_copy(update={"request": (contract.request[0], vector)})
    fits = {name: fitted_to(alike[name], own, recipe) for name, own in (("wine", contract), ("vectors", of_vector))}
    content, signature = fits["vectors"].export(Origins(contract=of_vector))
    assert [spec.shape for spec in signature.inputs] == [(-1,), (-1, len(in_vector))]
    answers = OnnxModel(content, signature=signature, threads=1).outputs(alike["vectors"]["test"])
    for outputs in (fits["wine"].predict(tables["test"]), fits["vectors"].predict(alike["vectors"]["test"])):
        assert largest_difference(answers, outputs, target=fits["wine"].target) <= 1e-6


def fitted_to(tables: dict[str, pa.Table], contract: FeatureContract, recipe_name: str) -> Fitted:
    recipe, target = recipe_called(recipe_name), known_set("wine")[2]
    prepared = recipe.prepare(tables, contract=contract, target=target, threads=1)
    params = check_params(recipe, params=QUICK[recipe_name])
    report = lambda _step, _figures: None  # noqa: E731
    return recipe.fit(FitContext(prepared=prepared, params=params, target=target, seed=1, threads=1, report=report))


def _with_vector(table: pa.Table, names: tuple[str, ...]) -> pa.Table:
    vectors = table.select(list(names)).to_pandas().to_numpy().tolist()
    return table.drop_columns(list(names)).append_column("place", pa.array(vectors))
