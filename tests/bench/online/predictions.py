"""The look-ups behind a request for predictions: one for each view, beside one for each row and view as a server that
reads row by row would do it. Both take turns over the same rows."""

import random
import time
from collections.abc import Callable, Mapping
from statistics import median

from core.features.online.store import KeyAnswer, OnlineRow, OnlineStore, packed_rows
from core.features.values import ServedView
from tests.bench.measuring.lines import Line, at_least
from tests.bench.online.data import VIEW

VIEWS, DAY_US = 3, 86_400_000_000
# How many times less the look-ups of so many rows take, by store: what is saved is the way there and back.
GOALS = {"sqlite": {1: 0.8, 10: 1.5, 100: 2.0}, "redis": {1: 0.8, 10: 3.0, 100: 10.0}}
Rows = list[tuple[int, int]]
LookUp = Callable[[OnlineStore, list[ServedView], Rows], list[list[KeyAnswer]]]


def views_of() -> list[ServedView]:
    """The views of a request, each with a third of the features and a ttl, so that every row's instant matters."""
    outputs = [VIEW.outputs[number::VIEWS] for number in range(VIEWS)]
    return [
        VIEW.model_copy(update={"digest": f"view_{number}", "outputs": outputs[number], "ttl_us": DAY_US})
        for number in range(VIEWS)
    ]


def prediction_lines(stores: Mapping[str, OnlineStore], *, keys: int, batches: Mapping[int, int]) -> list[Line]:
    """For each store and number of rows, how often each was asked for."""
    for store in stores.values():
        for view in views_of():
            values = tuple(float(number) for number in range(len(view.outputs)))
            store.put(view, packed_rows(OnlineRow((key,), key, None, values) for key in range(keys)))
    return [
        _line(name, store, rows=rows, times=times, keys=keys)
        for rows, times in batches.items()
        for name, store in stores.items()
    ]


def _line(name: str, store: OnlineStore, *, rows: int, times: int, keys: int) -> Line:
    dice, views = random.Random(1), views_of()
    ways: dict[LookUp, list[float]] = {by_view: [], by_row: []}
    for _turn in range(times):
        wanted = [(dice.randrange(keys), DAY_US + at) for at in range(rows)]
        answers = []
        for look_up, samples in ways.items():
            begun = time.perf_counter()
            answers.append(look_up(store, views, wanted))
            samples.append(time.perf_counter() - begun)
        assert answers[0] == answers[1]
    ours, theirs = (median(samples) * 1e3 for samples in ways.values())
    goal = GOALS[name][min(rows, max(GOALS[name]))]
    title = f"{name}, {rows} rows of {VIEWS} views, by view to by row"
    return at_least(title, ours, theirs, times=goal, unit="ms")


def by_view(store: OnlineStore, views: list[ServedView], rows: Rows) -> list[list[KeyAnswer]]:
    keys, instants = [(key,) for key, _at_us in rows], [at_us for _key, at_us in rows]
    return [store.get(view, keys, at_us=instants) for view in views]


def by_row(store: OnlineStore, views: list[ServedView], rows: Rows) -> list[list[KeyAnswer]]:
    answers = [[store.get(view, [(key,)], at_us=at_us)[0] for view in views] for key, at_us in rows]
    return [list(of_view) for of_view in zip(*answers, strict=True)]
