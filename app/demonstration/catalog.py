"""What there is to be shown."""

from app.demonstration.digits import DIGITS
from app.demonstration.docstrings import DOCSTRINGS
from app.demonstration.flights.steps import FLIGHTS
from app.demonstration.prices import PRICES
from app.demonstration.walk import Demonstration
from core.foundation.errors import NotFound
from core.foundation.text import _

# The first is the one of a new installation.
DEMONSTRATIONS = (FLIGHTS, DIGITS, PRICES, DOCSTRINGS)


def demonstration_called(name: str) -> Demonstration:
    """The first where no name is given; NotFound names those that there are."""
    for demonstration in DEMONSTRATIONS:
        if name in ("", demonstration.name):
            return demonstration
    names = ", ".join(demonstration.name for demonstration in DEMONSTRATIONS)
    raise NotFound(
        _("There is no demonstration {name}").format(name=repr(name[:40])),
        hint=_("There are: {names}.").format(names=names),
    )
