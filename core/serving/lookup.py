"""An endpoint's online features, as the model server looks them up."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.features.values import ServedView
from core.serving.predict import Cell, Lookup


class _Nothing:
    def values(self, view: ServedView, *, key: tuple[Any, ...], at_us: int) -> Sequence[Cell]:
        return [None] * len(view.outputs)


def lookup_in(path: Path) -> Lookup:
    return _Nothing()
