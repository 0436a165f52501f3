"""Opens online stores: the scheme of an address names the implementation."""

from collections.abc import Mapping
from functools import cached_property

from core.features.online import stores
from core.features.online.store import OnlineStore
from core.foundation.errors import Invalid
from core.foundation.plugins import discover
from core.foundation.settings import Settings
from core.foundation.text import _

ENTRY_POINTS = "causeway.online_stores"
LIVE_FILE = "online/live.sqlite"


def open_store(address: str, *, namespace: str = "") -> OnlineStore:
    """The store at a path, or at an address such as `redis://host:port/0`. Invalid for a scheme that no store has."""
    scheme, separator, _place = address.partition("://")
    known = _by_scheme()
    kind = known.get(scheme if separator else "")
    if kind is None:
        raise Invalid(
            _("There is no online store for {scheme}").format(scheme=f"{scheme[:30]}://"),
            hint=_("Write a path, or an address that begins with one of: {schemes}.").format(
                schemes=", ".join(f"{name}://" for name in sorted(known) if name)
            ),
        )
    return kind.open(address, namespace=namespace)


def live_address(settings: Settings) -> str:
    """Where the rows lie that materializations keep and model servers look up."""
    return settings.online_store or str(settings.home / LIVE_FILE)


class LiveStore:
    """The store that materializations keep, opened when it is first asked."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def store(self) -> OnlineStore:
        return open_store(live_address(self._settings))


def _by_scheme() -> Mapping[str, type[OnlineStore]]:
    kinds = discover(stores, OnlineStore, group=ENTRY_POINTS)  # type: ignore[type-abstract]
    return {scheme: kind for kind in kinds.values() for scheme in kind.schemes}
