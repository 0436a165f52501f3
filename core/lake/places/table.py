"""The table of places: which one a name belongs to."""

from collections.abc import Mapping
from functools import cache

from core.foundation.errors import Invalid
from core.foundation.plugins import discover
from core.foundation.text import _
from core.lake import places as folder
from core.lake.import_values import ImportSource
from core.lake.places.place import Place

ENTRY_POINTS = "causeway.places"


@cache
def places() -> Mapping[str, type[Place]]:
    """Every place by its name: ours, and those of installed packages."""
    return discover(folder, Place, group=ENTRY_POINTS)  # type: ignore[type-abstract]  # only its subclasses are made


def packages() -> tuple[str, ...]:
    """The names of the packages whose tables can be imported."""
    return tuple(name for name, place in places().items() if place.kind == "package")


def place_of(source: ImportSource) -> Place:
    """The place that a source names. Invalid where there is none."""
    for place in places().values():
        if place.kind == source.kind and source.name.startswith(place.prefix):
            return place()
    prefixes = ", ".join(place.prefix for place in places().values() if place.kind == source.kind)
    raise Invalid(
        _("This is no address that can be read"),
        hint=_("It begins with one of: {prefixes}.").format(prefixes=prefixes),
        field="address",
    )
