"""Looks at what goes into a model for what it never learned: categories that its graph does not know, views that had no
row for a key or only one that has expired, and event times decades away. The model answers all the same; whoever reads
the answer and whoever watches the endpoint should know."""

import time
from collections import Counter
from collections.abc import Sequence

from core.features.values import FeatureContract
from core.serving.input_gaps import GapNames, InputGaps
from core.serving.model_server.known_categories import KnownCategories
from core.serving.model_server.layout import Arrays, Layout
from core.serving.model_server.predict import Entities

YEAR_US = 31_557_600_000_000
# An event time further from now was meant otherwise: seconds were read as milliseconds, or a century is missing.
FAR_US = 20 * YEAR_US
NANOSECONDS = 1_000
MISSED = frozenset({"not_found", "expired"})


class GapFinder:
    """Texts are unknown where the graph lists those that it knows; a missing one, which is empty, never is."""

    def __init__(self, contract: FeatureContract, *, known: KnownCategories, layout: Layout) -> None:
        self._layout = layout
        self._known = {name: texts | {""} for name, texts in known.items()}
        self._event_time, self._views = contract.event_time, _view_names(contract)
        self.names = GapNames.of((*self._known, *filter(None, [self._event_time])), self._views)

    def is_known(self, arrays: Arrays) -> bool:
        """Whether every text is known."""
        columns = self._layout.texts(arrays)
        return all(known.issuperset(columns[name]) for name, known in self._known.items())

    def in_entities(self, entities: Entities, *, is_measured: bool, is_known: bool) -> InputGaps:
        """Those that measure an endpoint set its time, so no event time of theirs is far from it. Unknown texts are
        looked for where it is not known that there are none."""
        unknown = {} if is_known else self._unknown(entities.arrays)
        if self._event_time and not is_measured and (far := _far(entities.instants)):
            unknown[self._event_time] = far
        missing = {}
        for name, answers in zip(self._views, entities.answers, strict=True):
            if missed := sum(answer[0] in MISSED for answer in answers):
                missing[name] = missed
        return InputGaps(len(entities.ids), unknown, missing)

    def in_tensors(self, arrays: Arrays, *, rows: int, is_known: bool) -> InputGaps:
        return InputGaps(rows, {} if is_known else self._unknown(arrays))

    def unknown_inputs(self, arrays: Arrays, at: int) -> list[str]:
        """The inputs of a row that the model does not know."""
        return [name for name, known in self._known.items() if self._layout.column(arrays, name)[at] not in known]

    def _unknown(self, arrays: Arrays) -> dict[str, int]:
        unknown = {}
        for name, known in self._known.items():
            texts = self._texts(arrays, name)
            if not known.issuperset(texts):
                unknown[name] = sum(text not in known for text in texts)
        return unknown

    def _texts(self, arrays: Arrays, name: str) -> list[str]:
        return list(self._layout.column(arrays, name).tolist())


def _far(instants: Sequence[int]) -> int:
    now_us = time.time_ns() // NANOSECONDS
    first, last = now_us - FAR_US, now_us + FAR_US
    return sum(not first <= instant <= last for instant in instants)


def _view_names(contract: FeatureContract) -> tuple[str, ...]:
    """The views by name; one that is used twice is told apart by the columns that its keys are taken from."""
    uses = Counter(view.view for view in contract.views)
    return tuple(
        view.view if uses[view.view] == 1 else f"{view.view} ({', '.join(column for _key, column in view.keys)})"
        for view in contract.views
    )
