"""What runs, parameters and metrics are called where many of them stand together."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.ui import numbers
from app.ui.parameters import title_of
from core.foundation.text import N_, _
from core.tasks.task import all_metrics
from core.training.values import RecipeCard
from core.training.workspace.titles import phrase
from core.training.workspace.values import METRICS, PARAMS, RunLine

MOST_WORDS = 3
VALIDATION = "validation"
EXTRAS = {
    "took": N_("Took"),
    "created": N_("When"),
    "version": N_("Version"),
    "recipe": N_("Recipe"),
    "training_set": N_("Training set"),
    "tags": N_("Tags"),
}


def split_and_metric(field: str) -> tuple[str, str]:
    """What a reported figure is of: validation_x is x on the validation rows; ("", name) where it is of no split."""
    name = field.removeprefix(METRICS)
    split, _mark, metric = name.partition("_")
    return (split, metric) if metric in all_metrics() else ("", name)


def field_title(field: str, cards: Mapping[str, RecipeCard]) -> str:
    """ "AUC", "AUC, test", "Learning rate", "Rows per s"; figures on the validation rows say no more."""
    if field in EXTRAS:
        return _(EXTRAS[field])
    if field.startswith(PARAMS):
        name = field.removeprefix(PARAMS)
        known = [card for card in cards.values() if name in card.parameters.get("properties", {})]
        return title_of(name, known[0] if known else None)
    split, metric = split_and_metric(field)
    if split:
        short = numbers.metric_short(metric)
        return short if split == VALIDATION else f"{short}, {split}"
    return numbers.metric_name(metric)


def menu_title(field: str, cards: Mapping[str, RecipeCard]) -> str:
    """The same in a menu, where parameters and metrics stand together."""
    if field in EXTRAS:
        return _(EXTRAS[field])
    kind = _("parameter") if field.startswith(PARAMS) else _("metric")
    split, _metric = split_and_metric(field)
    return f"{field_title(field, cards)} · {split or kind}"


def is_less_better(field: str) -> bool:
    _split, metric = split_and_metric(field)
    return numbers.is_less_better(metric) or metric.endswith("loss")


def names_of(lines: Sequence[RunLine], cards: Mapping[str, RecipeCard]) -> dict[str, str]:
    """By run its title; where several have the same, what differs between them, too."""
    by_title: dict[str, list[RunLine]] = {}
    for line in lines:
        by_title.setdefault(line.title, []).append(line)
    return {
        line.id: line.title if len(same) == 1 else f"{line.title} · {_difference(line, same, cards)}"
        for same in by_title.values()
        for line in same
    }


def _difference(line: RunLine, same: Sequence[RunLine], cards: Mapping[str, RecipeCard]) -> str:
    names = differing([other.params for other in same])
    card = cards.get(line.recipe)
    schema = card.parameters.get("properties", {}) if card else {}
    known = [name for name in names if name in line.params]
    words = [phrase(name, value=line.params[name], schema=schema.get(name, {})) for name in known]
    if len({other.seed for other in same}) > 1:
        words.append(_("seed {n}").format(n=line.seed))
    return ", ".join(words[:MOST_WORDS]) or line.id


def differing(params: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of parameters that are not the same everywhere."""
    names = dict.fromkeys(name for known in params for name in known)
    return [name for name in names if len({repr(known.get(name)) for known in params}) > 1]
