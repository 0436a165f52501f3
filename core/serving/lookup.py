"""An endpoint's online features, as its model server looks them up."""

from core.features.online import Found, OnlineStore
from core.features.values import FeatureContract, ServedView
from core.serving.server_spec import ServerSpec


class OnlineLookup:
    """Reads the store in this process; what jobs write into it is seen at once."""

    def __init__(self, store: OnlineStore) -> None:
        self._store = store

    def find(self, view: ServedView, *, key: tuple[object, ...], at_us: int) -> Found:
        return self._store.get(view, [key], at_us=at_us)[0]


class NoLookup:
    """For models of which callers send every input."""

    def find(self, view: ServedView, *, key: tuple[object, ...], at_us: int) -> Found:
        return Found("not_found", (None,) * len(view.outputs))


def lookup_for(contract: FeatureContract, *, spec: ServerSpec) -> OnlineLookup | NoLookup:
    return OnlineLookup(OnlineStore(spec.online)) if contract.views else NoLookup()
