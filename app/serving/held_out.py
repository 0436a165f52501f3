"""Held-out rows, which pages know as previews, as callers of an endpoint send them."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from core.features.values import FeatureContract, Kind


def sendable(value: Any, *, kind: Kind) -> Any:
    """A cell of a preview as JSON for an endpoint: decimals and what is no number are texts in a preview, and a missing
    number is null."""
    if kind == "vector" and not isinstance(value, str | None):
        return list(value)
    if kind != "number" or not isinstance(value, str):
        return value
    number = float(value)
    return number if isfinite(number) else None


def sent_row(row: Mapping[str, Any], *, contract: FeatureContract) -> dict[str, Any]:
    """What callers send of a row of a preview, its own id first."""
    moment = {contract.event_time: row.get("event_time")} if contract.event_time else {}
    fields = {field.name: sendable(row.get(field.name), kind=field.kind) for field in contract.request}
    return {contract.row_id: str(row.get("row_id", "")), **fields, **moment}
