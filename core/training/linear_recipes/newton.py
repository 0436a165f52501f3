"""Newton's method on the loss of a linear model. A step comes from conjugate gradients, which need the second
derivatives only along a direction; how far to go costs no pass over the rows, since scores are linear in weights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.training.linear_recipes.problem import Problem

# A step is refined until a pass over the rows gains less than this share of what a pass gained on the average.
LEAST_SHARE = 0.2
MOST_PASSES, SHORTEST = 250, 1e-3


@dataclass(frozen=True)
class Point:
    """Weights, the scores of all rows with them, and their loss with its pull."""

    position: Any
    scores: Any
    loss: float


@dataclass
class Direction:
    """Where to go from a point, what that adds to the scores, what it promises to gain and the passes that it took."""

    change: Any
    scores: Any
    gain: float = 0.0
    passes: int = 0


def minimize(
    problem: Problem, position: Any, *, l2: float, gain: float, steps: int, should_end: Callable[[float], bool]
) -> tuple[Any, int]:
    """The position where no step gains more than `gain`, and the passes over the rows that it took. `should_end` gets
    the loss after each step, of which there are at most `steps`."""
    scores = problem.scores(position)
    point = Point(position, scores, loss=problem.loss(scores) + problem.pull(position, l2=l2))
    passes = 1
    for _step in range(steps):
        direction = _direction(problem, point, l2=l2, gain=gain)
        passes += direction.passes
        point = _moved(problem, point, direction=direction, l2=l2)
        if should_end(point.loss) or direction.gain <= gain:
            break
    return point.position, passes


def _direction(problem: Problem, point: Point, *, l2: float, gain: float) -> Direction:
    curvature, local = problem.curvature(l2), problem.at(point.scores)
    direction = Direction(np.zeros_like(point.position), np.zeros_like(point.scores), passes=1)
    rest = -local.slope() - problem.pulled(point.position, l2=l2)
    search = curvature.solved(rest)
    size = float(np.vdot(rest, search))
    for passes in range(1, MOST_PASSES + 1):
        along = problem.scores(search)
        bent = local.bent(along) + problem.pulled(search, l2=l2)
        steepness = float(np.vdot(search, bent))
        if not steepness > 0:
            break
        length = size / steepness
        direction.change += length * search
        direction.scores += length * along
        direction.gain += length * size / 2
        direction.passes += 1
        if length * size / 2 <= max(LEAST_SHARE * direction.gain / passes, gain / 100):
            break
        rest -= length * bent
        solved = curvature.solved(rest)
        before, size = size, float(np.vdot(rest, solved))
        search = solved + size / before * search
    return direction


def _moved(problem: Problem, point: Point, *, direction: Direction, l2: float) -> Point:
    """As far as the loss keeps its promise."""
    length = 1.0
    while length > SHORTEST:
        position, scores = point.position + length * direction.change, point.scores + length * direction.scores
        loss = problem.loss(scores) + problem.pull(position, l2=l2)
        if loss <= point.loss:
            return Point(position, scores, loss=loss)
        length /= 2
    return point
