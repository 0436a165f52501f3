"""Which model a new version is of: one that the project has, or a new one, which is named as everything is."""

from dataclasses import dataclass
from typing import TypedDict

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.session import actor, portal
from app.ui.fields.naming import name_fields
from core.foundation.errors import Invalid
from core.foundation.ids import Kind
from core.foundation.text import _
from core.registry.values import Model
from core.tasks.values import Target

MOST = 200
NEW = ""


class ModelArguments(TypedDict):
    """What an action takes that registers a version."""

    model: str | None
    title: str | None


@dataclass(frozen=True)
class ModelChoice:
    """A model that there is, or what a new one is called; `existing` are the names that it cannot have."""

    model: str | None
    title: str | None
    existing: frozenset[str] = frozenset()

    def arguments(self) -> ModelArguments:
        """Invalid where a new one has the name of another, for the version would become one of that."""
        if self.model in self.existing:
            message = _("There is already a model called {name}").format(name=self.model)
            raise Invalid(message, hint=_("Choose it above, or another identifier."), field="name")
        return ModelArguments(model=self.model, title=self.title)


def choose_model(
    project: str, *, key: str, places: dict[str, DeltaGenerator], target: Target | None = None
) -> ModelChoice:
    """The field, and those of a new model. `places` is told where an error may be shown. Proposed is a model that
    predicts the same `target`, and where no such is, a new one: a version stays what it is one of."""
    models = {model.id: model for model in portal().registry.list_models(actor(), project=project, limit=MOST).items}
    options = [*models, NEW]
    same = (model.id for model in models.values() if target is None or _predicts(model, target))
    chosen = st.selectbox(
        _("Model"),
        options,
        index=options.index(next(same, NEW)),
        format_func=lambda model_id: _label(models[model_id]) if model_id else _("A new model"),
        key=f"{key}_model",
    )
    if chosen:
        return ModelChoice(chosen, None)
    names = name_fields(Kind.MODEL, project=project, key=key, example=_("Churn risk"), places=places)
    places["model"] = places["name"]
    return ModelChoice(names["name"], names["title"], frozenset(model.name for model in models.values()))


def _predicts(model: Model, target: Target) -> bool:
    """Whether its newest version predicts the label of the same name, in the same way."""
    newest = model.latest.signature.target if model.latest else None
    return newest is not None and (newest.task, newest.label) == (target.task, target.label)


def _label(model: Model) -> str:
    return model.title if model.title == model.name else f"{model.title} · {model.name}"
