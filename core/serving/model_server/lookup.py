"""Where a model server looks features up: the live store of the installation, which materializations keep, and for the
requests of a parity check or a replay the endpoint's own store, which that measurement moves through time. So nobody
who measures touches what callers get, and nobody who calls is answered out of the past."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from core.features.online.opening import open_store
from core.features.online.store import Instants, Key, KeyAnswer, OnlineStore
from core.features.values import FeatureContract, ServedView
from core.foundation.errors import Unavailable
from core.foundation.ids import Kind
from core.serving.server_spec import ServerSpec

# The gateway writes the subject of the ticket there, and takes away what callers write themselves.
CALLER = b"x-causeway-caller"
# How long a store is left alone that did not answer.
REST_SECONDS = 2.0
# How long one is waited for. The server answers nobody meanwhile, since a look-up is made where all requests are.
WAIT_SECONDS = 0.2
MEASURING = f"{Kind.JOB.prefix}-".encode()


class OnlineLookup:
    """Reads a store in this process; what jobs write into it is seen at once. A store that did not answer is left alone
    for a moment: those who come meanwhile are refused at once, instead of waiting for it one after the other with the
    health checks behind them."""

    def __init__(self, store: OnlineStore, *, clock: Callable[[], float] = monotonic) -> None:
        self.store, self._clock = store, clock
        store.wait_at_most(WAIT_SECONDS)
        self._refusal, self._rests_until = Unavailable(""), -math.inf

    def find(self, view: ServedView, keys: Sequence[Key], *, at_us: Instants) -> list[KeyAnswer]:
        if self._clock() < self._rests_until:
            raise Unavailable(self._refusal.message, hint=self._refusal.hint)
        try:
            return self.store.get(view, keys, at_us=at_us)
        except Unavailable as refusal:
            self._refusal, self._rests_until = refusal, self._clock() + REST_SECONDS
            raise


class NoLookup:
    """For models of which callers send every input."""

    def find(self, view: ServedView, keys: Sequence[Key], *, at_us: Instants) -> list[KeyAnswer]:
        return [KeyAnswer("not_found", (None,) * len(view.outputs))] * len(keys)


@dataclass(frozen=True)
class Lookups:
    """The live store, and the one that measurements of this endpoint move."""

    live: OnlineLookup | NoLookup
    measured: OnlineLookup | NoLookup

    def of(self, caller: bytes) -> OnlineLookup | NoLookup:
        """By whom the ticket was given to: jobs of the portal get one only to measure."""
        return self.measured if is_measuring(caller) else self.live


def is_measuring(caller: bytes) -> bool:
    return caller.startswith(MEASURING)


def lookups_for(contract: FeatureContract, *, spec: ServerSpec) -> Lookups:
    if not contract.views:
        return Lookups(NoLookup(), NoLookup())
    measured = OnlineLookup(open_store(str(spec.online)))
    return Lookups(OnlineLookup(open_store(spec.live)) if spec.live else measured, measured)
