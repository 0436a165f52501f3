"""Finds engines by their names."""

from core.features import engines as folder
from core.features.engines.port import Engine
from core.foundation.plugins import choose, discover

ENTRY_POINTS = "causeway.feature_engines"


def engine_called(name: str) -> type[Engine]:
    """The engine of that name. NotFound lists the names there are."""
    return choose(discover(folder, Engine, group=ENTRY_POINTS), name)  # type: ignore[type-abstract]
