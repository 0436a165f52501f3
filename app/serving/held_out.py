"""Held-out rows, which pages know as previews, as callers of an endpoint send them."""

from math import isfinite
from typing import Any

from core.features.values import Kind


def sendable(value: Any, *, kind: Kind) -> Any:
    """A cell of a preview as JSON for an endpoint: decimals and what is no number are texts in a preview, and a missing
    number is null."""
    if kind == "vector" and not isinstance(value, str | None):
        return list(value)
    if kind != "number" or not isinstance(value, str):
        return value
    number = float(value)
    return number if isfinite(number) else None
