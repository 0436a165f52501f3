"""Recipes are found by name, and their parameters are bounded."""

import pytest

from core.foundation.errors import Invalid, NotFound
from core.training.recipe import all_recipes, card_of, check_params, recipe_called
from core.training.recipes.tabular import Tabular


@pytest.mark.parametrize(
    "name", ["os.system", "../recipe", "core.training.recipes.tabular", "", "Tabular", "tabular\n"]
)
def test_a_name_that_is_no_recipe_is_not_found_and_the_list_is_told(name: str) -> None:
    with pytest.raises(NotFound) as refusal:
        recipe_called(name)
    assert "tabular" in refusal.value.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", float("nan")),
        ("learning_rate", "nan"),
        ("learning_rate", -1),
        ("learning_rate", float("inf")),
        ("learning_rate", "1e999"),
        ("learning_rate", 0),
        ("epochs", 10**9),
        ("epochs", -1),
        ("epochs", 1.5),
        ("batch_size", 0),
        ("dropout", 1),
        ("row_share", 0),
        ("unknown_share", -0.1),
        ("weight_decay", -1),
        ("embedding_width", 0),
        ("hidden_width", 10**6),
        ("hidden_layers", -1),
        ("patience", 0),
        ("minimum_count", -1),
        ("precision", "; rm -rf ~"),
        ("precision", "$(id)"),
        ("schedule", "one_cycle\n"),
        ("calibration", None),
        ("LD_PRELOAD", "/tmp/evil.so"),
        ("PYTHONPATH", "/tmp"),
        ("env", {"AWS_SECRET_ACCESS_KEY": "x"}),
    ],
)
def test_a_wrong_parameter_is_refused_by_its_name(name: str, value: object) -> None:
    with pytest.raises(Invalid) as refusal:
        check_params(Tabular, params={name: value})
    assert refusal.value.field == f"params.{name}"
    assert name in refusal.value.field


def test_every_parameter_draws_a_field_with_title_help_and_bounds() -> None:
    for recipe in all_recipes().values():
        card = card_of(recipe)
        assert card.title
        assert card.help
        assert card.parameters["additionalProperties"] is False
        for field in card.parameters["properties"].values():
            assert field["title"]
            assert field["description"]
            assert "default" in field
            bounded = (
                "enum" in field
                or field.get("type") == "boolean"
                or {"maxItems", "maxLength"} & set(field)
                or ({"minimum", "exclusiveMinimum"} & set(field) and "maximum" in field)
            )
            assert bounded, field
