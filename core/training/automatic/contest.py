"""One candidate after the other, each fitted and judged as it would be alone, until all have been tried or the time is
over. The list is always the same, so a seed gives the same winner as long as the clock does not cut it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core.compute.process import JobFailed
from core.features.values import FeatureContract
from core.foundation.errors import PortalError
from core.foundation.text import _
from core.tasks.measures.claims import outcome
from core.tasks.prediction_files import predictions_of
from core.tasks.predictions import Predictions
from core.tasks.task import quality_metrics, task_of
from core.tasks.values import Interval, Target
from core.training.automatic.candidates import LAST_CERTAIN_TURN, Entrant, params_of
from core.training.automatic.parts import PARTS, parts_of
from core.training.automatic.values import Entry
from core.training.preparation import Preparation
from core.training.recipe import DRAWN_BY, FitContext, Fitted, Recipe
from core.training.splits import VALIDATION

if TYPE_CHECKING:
    import pyarrow as pa

SECONDS_OF_A_MINUTE = 60.0
# The fit on all rows of training, beside those that leave a part out.
WHOLE = -1


@dataclass(frozen=True)
class ContestData:
    """What all candidates are given."""

    tables: "Mapping[str, pa.Table]"
    contract: FeatureContract
    target: Target
    preparation: Preparation
    threads: int
    entrants: Sequence[Entrant]


@dataclass(frozen=True)
class Finisher:
    """A candidate that was fitted, with what it says of the rows that judge; of earlier turns are the simpler ones."""

    recipe: type[Recipe]
    fitted: Fitted
    predictions: Predictions
    figures: Mapping[str, Interval]
    entry: Entry
    turn: int = 0

    @property
    def value(self) -> Any:
        """The output that all else follows from, float64 [rows] or [rows, width]."""
        return self.predictions.outputs[main_output(self.fitted.target)]


def _turn(finisher: Finisher) -> int:
    return finisher.turn


def main_output(target: Target) -> str:
    return task_of(target).outputs(target)[0].name


class Contest:
    """`finishers` are those that came to an end, in the order of their turns; `unfinished` the others."""

    def __init__(self, context: FitContext) -> None:
        self._context, self._data = context, context.prepared
        self._prepared: dict[tuple[str, int], Any] = {}
        drawn_by = str(context.supplies.get(DRAWN_BY, ""))
        self.parts = parts_of(self._data.tables, target=self._data.target, seed=context.seed, drawn_by=drawn_by)
        self._seconds: dict[str, float] = {}
        self._ends_at = time.monotonic() + SECONDS_OF_A_MINUTE * context.params.minutes
        self.metric = quality_metrics()[task_of(self._data.target).leading[0]]
        self.finishers: list[Finisher] = []
        self.unfinished: list[Entry] = []

    def run(self) -> None:
        """JobFailed when none came to an end."""
        for place, entrant in enumerate(self._data.entrants):
            if self._context.should_stop():
                return
            self._try(place, entrant)
        if not self.finishers and not self._context.should_stop():
            reasons = "; ".join(f"{entry.recipe}: {entry.cause}" for entry in self.unfinished)
            raise JobFailed(_("No candidate came to an end: {reasons}").format(reasons=reasons))

    def loss_of(self, figures: Mapping[str, Interval]) -> float:
        """The figure that judges, the lower the better."""
        value = figures[self.metric.name].value
        return value if self.metric.better == "down" else -value

    @property
    def ranked(self) -> list[Finisher]:
        """The best first; of equals the one that was tried first."""
        return sorted(self.finishers, key=lambda finisher: self.loss_of(finisher.figures))

    @property
    def winner(self) -> Finisher:
        """The simplest that cannot be told from the best."""
        best = self.ranked[0]
        return next(finisher for finisher in sorted(self.finishers, key=_turn) if self._is_as_good(finisher, best))

    def _is_as_good(self, finisher: Finisher, best: Finisher) -> bool:
        if finisher is best:
            return True
        deltas = task_of(best.fitted.target).compare(best.predictions, after=finisher.predictions)
        return outcome(deltas[self.metric.name], better=self.metric.better) != "worse"

    def _try(self, place: int, entrant: Entrant) -> None:
        recipe, candidate = entrant
        entry = Entry(recipe=recipe.name, params=candidate.params)
        is_certain = candidate.turn <= LAST_CERTAIN_TURN
        # One that took longer than what is left the last time would only be cut.
        if not is_certain and time.monotonic() + self._seconds.get(recipe.name, 0.0) >= self._ends_at:
            self._leave_out(entry, _("the time was over"))
            return
        started = time.monotonic()
        try:
            fitted = self._fit(place, entrant, is_certain=is_certain)
            predictions = None if fitted.stopped else self._judged(place, entrant, fitted, is_certain=is_certain)
        except (JobFailed, PortalError) as error:
            self._leave_out(entry, str(error))
            return
        seconds = round(time.monotonic() - started, 3)
        self._seconds[recipe.name] = max(seconds, self._seconds.get(recipe.name, 0.0))
        if predictions is None:
            self._leave_out(entry.model_copy(update={"seconds": seconds}), _("the time was over"))
            return
        self._enter(place, entrant, fitted, predictions, entry.model_copy(update={"seconds": seconds}))

    def _fit(self, place: int, entrant: Entrant, *, is_certain: bool, part: int = WHOLE) -> Fitted:
        recipe, data = entrant[0], self._data
        if (recipe.name, part) not in self._prepared:
            tables = data.tables if self.parts is None or part == WHOLE else self.parts.tables(part)
            self._prepared[recipe.name, part] = recipe.prepare(
                tables, contract=data.contract, target=data.target, threads=data.threads
            )
        fits = 1 if self.parts is None else 1 + PARTS

        def should_stop() -> bool:
            return self._context.should_stop() or (not is_certain and time.monotonic() >= self._ends_at)

        inner = replace(
            self._context,
            prepared=self._prepared[recipe.name, part],
            params=params_of(entrant),
            report=lambda _step, _figures: None,
            should_stop=should_stop,
            progress=lambda share, _seconds: self._progress(place + (part - WHOLE + share) / fits),
            checkpoints=None,
        )
        return recipe.fit(inner)

    def _judged(self, place: int, entrant: Entrant, fitted: Fitted, *, is_certain: bool) -> Predictions | None:
        """What is said of the rows of validation, or of each part by a fit that has not seen it; None after a stop."""
        if self.parts is None:
            table = self._data.tables[VALIDATION]
            return predictions_of(table, outputs=fitted.predict(table), target=fitted.target)
        answers = []
        for part in range(PARTS):
            of_part = self._fit(place, entrant, is_certain=is_certain, part=part)
            if of_part.stopped:
                return None
            answers.append(of_part.predict(self.parts.judged(part)))
        outputs = {name: self.parts.in_order([answer[name] for answer in answers]) for name in answers[0]}
        return predictions_of(self.parts.rows, outputs=outputs, target=fitted.target)

    def _enter(self, place: int, entrant: Entrant, fitted: Fitted, predictions: Predictions, entry: Entry) -> None:
        figures = task_of(fitted.target).evaluate(predictions)
        entry = entry.model_copy(update={"figure": figures[self.metric.name]})
        self.finishers.append(Finisher(entrant[0], fitted, predictions, figures, entry, turn=entrant[1].turn))
        best = self.ranked[0].figures
        self._context.report(place + 1, {f"validation_{name}": figure.value for name, figure in best.items()})
        self._progress(place + 1)

    def _progress(self, done: float) -> None:
        self._context.progress(done / len(self._data.entrants), None)

    def _leave_out(self, entry: Entry, cause: str) -> None:
        self.unfinished.append(entry.model_copy(update={"cause": cause[:300]}))
