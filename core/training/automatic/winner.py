"""From a contest to its winner, with the leaderboard that says why it won."""

from collections.abc import Sequence
from typing import Any

from core.features.values import FeatureContract
from core.tasks.measures.claims import outcome
from core.tasks.task import task_of
from core.tasks.values import Target
from core.training.automatic.blend import Blend, Member, blend_of, calibrated, of_rows
from core.training.automatic.candidates import entrants
from core.training.automatic.contest import Contest, ContestData
from core.training.automatic.fitted_best import FittedBest
from core.training.automatic.parts import PARTS
from core.training.automatic.scores import Unit
from core.training.automatic.values import Leaderboard
from core.training.preparation import learn
from core.training.recipe import BASELINE, FitContext, Tables
from core.training.splits import TRAIN


def contest_data(tables: Tables, *, contract: FeatureContract, target: Target, threads: int) -> ContestData:
    preparation = learn(tables[TRAIN], contract=contract)
    return ContestData(tables, contract, target, preparation, threads, entrants(contract, target))


def fit_best(context: FitContext) -> FittedBest:
    """JobFailed where no candidate came to an end."""
    data: ContestData = context.prepared
    contest = Contest(context)
    contest.run()
    if context.should_stop():
        return FittedBest([], preparation=data.preparation, stopped=True)
    blend = blend_of(contest.ranked, most=context.params.members, seed=context.seed)
    members = _better(contest, blend) or _better(contest, calibrated(contest.winner, seed=context.seed))
    members = members or (Member(contest.winner, Unit(), 1.0),)
    best = FittedBest(members, preparation=data.preparation)
    best.leaderboard = _leaderboard(contest, blend=blend, members=members)
    best.steps = len(contest.finishers)
    best.metrics = {"steps": best.steps, "members": len(members)}
    return best


def _better(contest: Contest, blend: Blend | None) -> tuple[Member, ...]:
    """Its members, if it is better by more than chance."""
    is_better = blend and outcome(blend.gains[contest.metric.name], better=contest.metric.better) == "better"
    return blend.members if blend and is_better else ()


def _leaderboard(contest: Contest, *, blend: Blend | None, members: Sequence[Member]) -> Leaderboard:
    ranked, name = contest.ranked, contest.metric.name
    is_blended = len(members) > 1
    weights = {id(member.finisher): member.weight for member in members} if is_blended else {}
    entries = [finisher.entry.model_copy(update={"weight": weights.get(id(finisher), 0.0)}) for finisher in ranked]
    return Leaderboard(
        metric=name,
        rows=len(ranked[0].predictions),
        entries=(*entries, *contest.unfinished),
        blend=blend.figures[name] if blend else None,
        gain=blend.gains[name] if blend else None,
        is_blended=is_blended,
        winner=ranked.index(contest.winner),
        parts=PARTS if contest.parts else 0,
        slope=1.0 if is_blended else members[0].weight,
        **_distance(contest, blend=blend if is_blended else None),
    )


def _distance(contest: Contest, *, blend: Blend | None) -> dict[str, Any]:
    """The winner minus the baseline, unless it is that itself."""
    baseline = next((finisher for finisher in contest.ranked if finisher.recipe.name == BASELINE), None)
    if baseline is None:
        return {}
    winner, before = contest.winner.predictions, baseline.predictions
    if blend is not None:
        winner, before = blend.predictions, of_rows(before, blend.rows)
    elif baseline is contest.winner:
        return {"baseline": BASELINE}
    task = task_of(baseline.fitted.target)
    return {"baseline": BASELINE, "distance": task.compare(before, after=winner)[contest.metric.name]}
