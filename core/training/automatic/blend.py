"""Several of the best answering together, where that is better by more than chance."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.tasks.predictions import Predictions
from core.tasks.task import task_of
from core.tasks.values import Interval
from core.training.automatic.contest import Finisher
from core.training.automatic.scores import LOGITS, RANKS, SHARES, Unit, form_of, scores_of, unit_of, value_of
from core.training.automatic.weights import blended_unseen, weights_of
from core.training.task_outputs import outputs_of

# More numbers of scores are too many to weigh; a part of the rows says as much.
MOST_SCORES = 30_000_000


@dataclass(frozen=True)
class Member:
    finisher: Finisher
    unit: Unit
    weight: float


@dataclass(frozen=True)
class Blend:
    """`predictions` are of the rows that weighed, at these places, each by weights that had not seen it; `gains` those
    minus the best single one's."""

    members: tuple[Member, ...]
    rows: Any
    predictions: Predictions
    gains: dict[str, Interval]

    @property
    def figures(self) -> dict[str, Interval]:
        return task_of(self.predictions.target).evaluate(self.predictions)


def blend_of(ranked: Sequence[Finisher], *, most: int, seed: int) -> Blend | None:
    """None where there are no two to blend, or where one of them is all that the blend would be."""
    chosen = _few(ranked, most=most)
    blend = _weighed(chosen, seed=seed) if len(chosen) > 1 else None
    return blend if blend and len(blend.members) > 1 else None


def calibrated(finisher: Finisher, *, seed: int) -> Blend | None:
    """One alone, as sure as the rows bear out; None where its answers are no probabilities."""
    is_sure = form_of(finisher.fitted.target) in (LOGITS, SHARES)
    return _weighed([finisher], seed=seed) if is_sure else None


def _weighed(chosen: Sequence[Finisher], *, seed: int) -> Blend | None:
    """None where no weight is left."""
    first, target = chosen[0].predictions, chosen[0].fitted.target
    form, rows = form_of(target), _rows(chosen, seed=seed)
    units = [unit_of(finisher.value, form=form) for finisher in chosen]
    pairs = zip(chosen, units, strict=True)
    scores = np.stack([scores_of(finisher.value[rows], form=form, unit=unit) for finisher, unit in pairs])
    labels, groups = first.labels[rows], None if first.groups is None else first.groups[rows]
    weights = weights_of(scores, form=form, labels=labels, groups=groups)
    if not (weights > 0).any():
        return None
    unseen = value_of(blended_unseen(scores, form=form, labels=labels, groups=groups, seed=seed), form=form)
    single = of_rows(first, rows)
    blended = replace(single, outputs=outputs_of(unseen, target=target))
    triples = zip(chosen, units, weights.tolist(), strict=True)
    members = tuple(Member(finisher, unit, weight) for finisher, unit, weight in triples if weight > 0)
    return Blend(members, rows, blended, task_of(target).compare(single, after=blended))


def _few(ranked: Sequence[Finisher], *, most: int) -> list[Finisher]:
    """The best of each recipe, then the second ones: two of the same recipe say nearly the same."""
    count: Counter[str] = Counter()
    turns = []
    for place, finisher in enumerate(ranked):
        turns.append((count[finisher.recipe.name], place))
        count[finisher.recipe.name] += 1
    return [ranked[place] for place in sorted(place for _turn, place in sorted(turns)[:most])]


def _rows(chosen: Sequence[Finisher], *, seed: int) -> Any:
    """The places of the rows that weigh: all, or as many of them as one can hold. Those of a ranking stay together."""
    value, form = chosen[0].value, form_of(chosen[0].fitted.target)
    most = max(1, MOST_SCORES * len(value) // (value.size * len(chosen)))
    if most >= len(value) or form == RANKS:
        return np.arange(len(value))
    return np.sort(np.random.default_rng(seed).permutation(len(value))[:most])


def of_rows(predictions: Predictions, rows: Any) -> Predictions:
    return replace(
        predictions,
        labels=predictions.labels[rows],
        outputs={name: values[rows] for name, values in predictions.outputs.items()},
        groups=None if predictions.groups is None else predictions.groups[rows],
    )
