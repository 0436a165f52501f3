"""The table of identity providers."""

from collections.abc import Mapping
from functools import cache

from core.foundation.plugins import discover
from core.identity import providers as folder
from core.identity.providers.provider import IdentityProvider

ENTRY_POINTS = "causeway.identity_providers"


@cache
def providers() -> Mapping[str, type[IdentityProvider]]:
    """Every provider by its name: ours, and those of installed packages."""
    return discover(folder, IdentityProvider, group=ENTRY_POINTS)  # type: ignore[type-abstract]  # subclasses are made
