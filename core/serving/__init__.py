"""Endpoints, their gateway and model servers, and what is measured through them."""

from typing import TYPE_CHECKING

from core.foundation.exports import lazily

if TYPE_CHECKING:
    from core.serving.kinds import ParityKind, ReplayKind
    from core.serving.service import ServingService
    from core.serving.values import Endpoint, ParityReport, Replay, Route, Served, Server, ServiceLevel, Ticket

__all__ = [
    "Endpoint",
    "ParityKind",
    "ParityReport",
    "Replay",
    "ReplayKind",
    "Route",
    "Served",
    "Server",
    "ServiceLevel",
    "ServingService",
    "Ticket",
]

VALUES = ("Endpoint", "ParityReport", "Replay", "Route", "Served", "Server", "ServiceLevel", "Ticket")
__getattr__ = lazily(
    __name__,
    {
        **dict.fromkeys(VALUES, "values"),
        **dict.fromkeys(("ParityKind", "ReplayKind"), "kinds"),
        "ServingService": "service",
    },
)
