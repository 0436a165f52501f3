"""What pushed one prediction up and down, drawn when somebody asks."""

import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.explanations.bars import waterfall
from app.session import actor, portal
from app.ui import forms, links, numbers
from core.explanations.values import Contribution, Explanation
from core.foundation.text import N_, _
from core.registry.values import ModelVersion

DRAWN, SPOKEN = 9, 2
UNITS = {
    "log odds": N_("log odds"),
    "score": N_("score of {output}"),
    "probability": N_("probability"),
    "value": N_("value"),
}
METHODS = {
    "trees": N_("Exact: every tree of the model was followed"),
    "additive": N_("Exact: the model is a sum with a part for each input"),
    "sampled": N_("Estimated over random orders of the inputs, up to {error} off each"),
}


def why(version: ModelVersion, row: Mapping[str, Any]) -> None:
    """The button beside a prediction, and what it finds; of several classes the one that is chosen."""
    classes = version.signature.target.classes
    chosen = ""
    if classes:
        label, predicted = _("Explain the class"), _("the predicted one")
        chosen = st.selectbox(label, classes, index=None, placeholder=predicted, key="why_class") or ""
    if not st.button(_("Why?"), icon=":material/insights:", key="why_prediction"):
        return
    inputs = {name: row.get(name) for name in version.signature.filled}
    explanation: Explanation | None = None
    with forms.attempt(), st.spinner(_("Asking what pushed it")):
        explanation = portal().explanations.explain(actor(), version_id=version.id, row=inputs, output=chosen)
    if explanation is not None:
        show(explanation)


def show(explanation: Explanation) -> None:
    """In a sentence, as steps from the mean to the prediction, and how it is known."""
    st.markdown(sentence(explanation))
    waterfall(
        _drawn(explanation.contributions),
        base=explanation.base,
        prediction=explanation.prediction,
        key="contributions",
        x=_(UNITS[explanation.unit]).format(output=explanation.output),
        ends=(_("mean of others"), _("this row")),
    )
    errors = [entry.error or 0.0 for entry in explanation.contributions]
    method = _(METHODS[explanation.method]).format(error=numbers.number(2 * max(errors, default=0.0)))
    rest = _("against {n} other rows.").format(n=numbers.number(explanation.rows))
    st.caption(f"{method}, {rest}")


def sentence(explanation: Explanation) -> str:
    """ "age = 61 pushes it up, city = Rome pushes it down: 61 % instead of 24 %", as Markdown."""
    pushes = [
        (_("{input} pushes it up") if entry.contribution > 0 else _("{input} pushes it down")).format(
            input=links.code(entry.name)
        )
        for entry in explanation.contributions[:SPOKEN]
        if entry.contribution
    ]
    ends = _("**{prediction}** instead of {base} in the mean").format(
        prediction=_in_words(explanation.prediction, explanation.unit),
        base=_in_words(explanation.base, explanation.unit),
    )
    return f"{ends}: {', '.join(pushes)}." if pushes else f"{ends}."


def _in_words(value: float, unit: str) -> str:
    """Log odds as the probability that they are."""
    if unit == "log odds":
        return numbers.percent(1 / (1 + math.exp(-max(-700.0, min(700.0, value)))))
    return numbers.percent(value) if unit == "probability" else numbers.number(value)


def _drawn(contributions: tuple[Contribution, ...]) -> tuple[Contribution, ...]:
    """The largest ones, and all others as one step."""
    rest = contributions[DRAWN:]
    if not rest:
        return contributions
    name = _("{n} others").format(n=len(rest))
    total = sum(entry.contribution for entry in rest)
    return (*contributions[:DRAWN], Contribution(name=name, value="\u2026", contribution=total))
