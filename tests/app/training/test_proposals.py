"""What forms propose before anybody chooses: a recipe that learns by itself, and the model that predicts the same."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from core.registry.values import Model
from core.tasks.values import Target
from tests.promotion.values_to_judge import NOW, version


def recipe_form() -> None:
    from types import SimpleNamespace

    from app.training.form import choose_recipe
    from core.tasks.values import Target

    learned = SimpleNamespace(contract=SimpleNamespace(kinds=lambda: {"message": "text"}), target=Target())
    choose_recipe(learned, key="recipe")


def model_form() -> None:
    from app.registry.model_choice import choose_model
    from core.tasks.values import Target

    choose_model("PROJ-1", key="register", places={}, target=Target(task="regression", label="rent"))


def recipe(name: str, *, takes_source: bool) -> SimpleNamespace:
    is_able = {"tasks": ("binary",), "kinds": ("text",), "is_searchable": True}
    return SimpleNamespace(name=name, title=name, help="", takes_source=takes_source, **is_able)


def test_code_of_ones_own_is_not_what_is_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    cards = {name: recipe(name, takes_source=name == "script") for name in ("script", "text")}
    monkeypatch.setattr("app.training.form.recipes", lambda: cards)
    [field] = AppTest.from_function(recipe_form).run().selectbox
    assert (field.value, field.options) == ("text", ["text", "script"])


@pytest.mark.parametrize(
    ("target", "proposed"),
    [
        (Target(task="regression", label="rent"), "M-1"),
        (Target(task="regression", label="price"), ""),
        (Target(task="multi_class", label="rent", classes=("low", "high")), ""),
    ],
)
def test_a_version_is_proposed_for_the_model_that_predicts_the_same_and_else_for_a_new_one(
    monkeypatch: pytest.MonkeyPatch, target: Target, proposed: str
) -> None:
    newest = version(signature=version().signature.model_copy(update={"target": target}))
    names = {"project": "PROJ-1", "name": "rent", "title": "Rent", "description": "", "owner": "P-2"}
    model = Model(id="M-1", created_at=NOW, latest=newest, versions=1, **names)
    registry = SimpleNamespace(list_models=lambda *_, **__: SimpleNamespace(items=(model,)))
    monkeypatch.setattr("app.registry.model_choice.portal", lambda: SimpleNamespace(registry=registry))
    monkeypatch.setattr("app.registry.model_choice.actor", lambda: None)
    monkeypatch.setattr(
        "app.registry.model_choice.name_fields",
        lambda *_, places, **__: places.setdefault("name", None) or {"name": "", "title": ""},
    )
    [field] = AppTest.from_function(model_form).run().selectbox
    assert field.value == proposed
