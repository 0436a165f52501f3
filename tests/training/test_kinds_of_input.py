"""Inputs of other kinds than categories and numbers: what a file takes of them, and which recipes learn from them."""

import pytest

from core.features.training_sets.values import TrainingSet
from core.features.values import FeatureContract, ImageInput, RequestField
from core.foundation.errors import Invalid
from core.training.recipe import card_of, inputs_of, recipe_called, refuse_other_inputs


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
    assert card_of(recipe_called("linear")).kinds == ("category", "number")
