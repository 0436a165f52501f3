"""How much each of several models counts in a blend."""

from typing import Any

import numpy as np

from core.training.automatic.scores import LOGITS, SHARES, loss_of

FOLDS = 5
# So many rows would have to speak against equal weights.
CAUTION = 10.0
# What counts less is left out.
LEAST_PART = 0.05


def weights_of(scores: Any, *, form: str, labels: Any, groups: Any = None) -> Any:
    """float64 [models] of scores [models, rows] or [models, rows, width]: none is negative, the loss is least, and few
    rows leave them nearly equal. Those of numbers and ranks add up to 1; of probabilities they say how sure the sum
    may be, too."""
    from scipy.optimize import minimize

    models, rows = len(scores), scores.shape[1]
    even = np.full(models, 1.0 / models)

    scale = abs(loss_of(np.tensordot(even, scores, axes=1), form=form, labels=labels, groups=groups))

    def loss(weights: Any) -> float:
        chosen = _scaled(weights, form=form)
        pull: float = scale * CAUTION / rows * float(((chosen - even) ** 2).sum())
        return pull + loss_of(np.tensordot(chosen, scores, axes=1), form=form, labels=labels, groups=groups)

    done = minimize(loss, even, method="L-BFGS-B", bounds=[(0.0, None)] * models, options={"maxiter": 100})
    chosen = _scaled(done.x, form=form)
    return np.where(chosen < LEAST_PART * chosen.sum(), 0.0, chosen)


def blended_unseen(scores: Any, *, form: str, labels: Any, groups: Any, seed: int) -> Any:
    """The weighted sum for every row, with weights that have not seen the row or its group."""
    folds = _folds(len(labels), groups=groups, seed=seed)
    blended = np.empty(scores.shape[1:])
    for fold in range(FOLDS):
        unseen = folds == fold
        if not unseen.any():
            continue
        of = None if groups is None else groups[~unseen]
        weights = weights_of(scores[:, ~unseen], form=form, labels=labels[~unseen], groups=of)
        blended[unseen] = np.tensordot(weights, scores[:, unseen], axes=1)
    return blended


def _scaled(weights: Any, *, form: str) -> Any:
    if form in (LOGITS, SHARES):
        return weights
    total = weights.sum()
    return weights / total if total > 0 else np.full(len(weights), 1.0 / len(weights))


def _folds(rows: int, *, groups: Any, seed: int) -> Any:
    """The number of each row's fold; a group is in one."""
    generator = np.random.default_rng(seed)
    if groups is None:
        return generator.permutation(rows) % FOLDS
    return (generator.permutation(int(groups.max()) + 1) % FOLDS)[groups]
