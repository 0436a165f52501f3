"""What arrived in one turn of the loop runs as one batch; nobody ever waits for others to come. A request of many rows
runs by itself, since joining it would cost more than it saves, and one that makes the model fail fails alone."""

import logging
from collections.abc import Callable, Sequence
from time import perf_counter_ns
from typing import NamedTuple

from core.foundation.errors import PortalError
from core.serving.model_server.answers import Answer, broken, refused
from core.serving.model_server.layout import Arrays
from core.serving.model_server.session import ServedModel

# With so many rows a batch is full; a request of so many runs by itself.
MOST_ROWS, MANY_ROWS = 64, 32
logger = logging.getLogger(__name__)


class Computed(NamedTuple):
    """The rows of a request in each output. `waited_ns` is how long it waited for its turn, `spent_ns` how long the
    model took for the whole batch, and `is_known` whether nothing in that batch was unknown to it."""

    outputs: Arrays
    waited_ns: int
    spent_ns: int
    is_known: bool


class Work(NamedTuple):
    """A request that was read, since when it waits, what makes its answer, and what takes it."""

    rows: int
    arrays: Arrays
    began_ns: int
    finish: Callable[[Computed], Answer]
    deliver: Callable[[Answer], None]


class Batches:
    """Runs a model for whoever waits. `call_soon` puts a call behind what the loop has to do in this turn."""

    def __init__(
        self,
        model: ServedModel,
        *,
        is_known: Callable[[Arrays], bool],
        call_soon: Callable[[Callable[[], None]], object],
    ) -> None:
        self._model, self._is_known, self._call_soon = model, is_known, call_soon
        self._waiting: list[Work] = []
        self._rows = 0

    def add(self, work: Work) -> None:
        if work.rows >= MANY_ROWS or not self._model.joins_requests:
            self._answer([work])
            return
        if not self._waiting:
            self._call_soon(self.run)
        self._waiting.append(work)
        self._rows += work.rows
        if self._rows >= MOST_ROWS:
            self.run()

    def run(self) -> None:
        """Answers all that wait."""
        waiting, self._waiting, self._rows = self._waiting, [], 0
        if waiting:
            self._answer(waiting)

    def _answer(self, batch: Sequence[Work]) -> None:
        arrays = self._model.layout.joined([work.arrays for work in batch])
        begun_ns = perf_counter_ns()
        try:
            outputs = self._model.run(arrays, rows=sum(work.rows for work in batch))
        except PortalError as refusal:
            self._fail(batch, refusal)
            return
        spent_ns, is_known, start = perf_counter_ns() - begun_ns, self._is_known(arrays), 0
        for work in batch:
            rows = slice(start, start + work.rows)
            computed = Computed(
                tuple([values[rows] for values in outputs]), begun_ns - work.began_ns, spent_ns, is_known
            )
            work.deliver(_finished(work, computed))
            start += work.rows

    def _fail(self, batch: Sequence[Work], refusal: PortalError) -> None:
        if len(batch) == 1:
            batch[0].deliver(refused(refusal.status, refusal.message, hint=refusal.hint))
            return
        for work in batch:
            self._answer([work])


def _finished(work: Work, computed: Computed) -> Answer:
    try:
        return work.finish(computed)
    except Exception:
        logger.exception("an answer could not be written")
        return broken()
