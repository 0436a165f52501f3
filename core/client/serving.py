"""Predictions of an endpoint. Each is sent with a ticket, a permission of half an hour, which is renewed when half of
it is gone; the endpoint itself is called, so a portal that is away, or whose disk is full, stops no predictions for a
quarter of an hour at least."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict

from .errors import Invalid, NotSignedIn, Unavailable, refusal_of
from .frames import rows_of
from .transport import Transport

MINUTES = 30
# Renewing is tried once at a time, for so long, and so much later again.
RENEWING_SECONDS, PAUSE_SECONDS = 5.0, 20.0


class Ticket(BaseModel):
    """A permission to call one endpoint at `url`."""

    model_config = ConfigDict(frozen=True)

    url: str
    token: str


class Predictions(BaseModel):
    """What a version answered: for each row its id and what its task predicts (`probability`, or `predicted` with
    `probabilities`, or `value`), and what is explained where that was wanted. `unknown` counts, by input, values that
    the model does not know, and `missing`, by view, look-ups without a row."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    model_name: str
    model_version: str
    predictions: tuple[dict[str, Any], ...]
    unknown: dict[str, int] = {}
    missing: dict[str, int] = {}

    @property
    def probabilities(self) -> list[Any]:
        """By row, in the order in which they were sent: that of 1, or those of the classes by their names."""
        has_classes = bool(self.predictions) and "probabilities" in self.predictions[0]
        return self.part("probabilities" if has_classes else "probability")

    def part(self, name: str) -> list[Any]:
        """A part of each answer, by row: "predicted", "value". Invalid names those that there are."""
        if any(name not in row for row in self.predictions):
            parts = ", ".join(self.predictions[0])
            raise Invalid(f"The answers have no {name!r}", hint=f"They have: {parts}.", field="name")
        return [row[name] for row in self.predictions]


@dataclass
class Tickets:
    """The ticket of one endpoint, for every thread that predicts."""

    transport: Transport
    endpoint_id: str
    action: str
    clock: Callable[[], float] = time.monotonic
    _ticket: Ticket | None = None
    _ends: float = 0.0
    _renewed_at: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def current(self) -> Ticket:
        """A ticket that lasts. One of which half the life is gone is renewed by whoever comes first, and serves on to
        its end where the portal cannot issue another now. Its age counts from before it was asked for, by a clock that
        nobody sets."""
        with self._lock:
            if self._ticket is None or self.clock() >= self._ends:
                return self._renew()
            ticket, is_due = self._ticket, self.clock() >= self._renewed_at
            if is_due:
                self._renewed_at = self.clock() + PAUSE_SECONDS
        return self._renewed(ticket) if is_due else ticket

    def _renewed(self, ticket: Ticket) -> Ticket:
        try:
            return self._renew(tries=1, timeout=RENEWING_SECONDS)
        except Unavailable:
            return ticket

    def _renew(self, **patience: Any) -> Ticket:
        begun, wanted = self.clock(), {"endpoint_id": self.endpoint_id, "minutes": MINUTES}
        ticket = Ticket.model_validate(self.transport.call(self.action, wanted, **patience))
        self._ticket, self._ends = ticket, begun + MINUTES * 60
        self._renewed_at = begun + MINUTES * 30
        return ticket

    def drop(self, ticket: Ticket) -> None:
        """The endpoint did not take it; whoever comes next gets another."""
        with self._lock:
            if self._ticket is ticket:
                self._ticket = None


class Endpoint:
    """An endpoint of the portal."""

    def __init__(self, endpoint_id: str, *, transport: Transport, tickets: Tickets) -> None:
        self.id, self._transport, self._tickets = endpoint_id, transport, tickets

    @classmethod
    def called(cls, name: str, transport: Transport) -> "Endpoint":
        """By its id, name or title."""
        endpoint = transport.call("serving.get_endpoint", {"endpoint_id": name})
        action = "serving.issue_test_ticket" if endpoint["environment"] == "staging" else "serving.issue_ticket"
        return cls(endpoint["id"], transport=transport, tickets=Tickets(transport, endpoint["id"], action))

    def predict(self, rows: Sequence[Mapping[str, Any]] | Any, *, explain: bool = False) -> Predictions:
        """What the endpoint answers for rows: mappings, or a frame of pandas, polars or Arrow. Raises what the endpoint
        refuses with; what it did not answer is not sent again."""
        body = {"rows": rows_of(rows), "explain": explain}
        answer = self._sent(body)
        if answer.is_error:
            raise refusal_of(answer)
        return Predictions.model_validate(answer.json())

    def describe(self) -> dict[str, Any]:
        """What the endpoint takes and answers: its fields, an example, the task, and the limits."""
        answer = self._sent(None)
        if answer.is_error:
            raise refusal_of(answer)
        return dict(answer.json())

    def _sent(self, body: dict[str, Any] | None) -> httpx.Response:
        """The answer to rows, or to who sends none; with a new ticket where the endpoint did not take the one there
        was."""
        ticket = self._tickets.current()
        answer = self._answer(ticket, body)
        if answer.status_code != NotSignedIn.status:
            return answer
        self._tickets.drop(ticket)
        return self._answer(self._tickets.current(), body)

    def _answer(self, ticket: Ticket, body: dict[str, Any] | None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {ticket.token}"}
        method, url = ("GET", ticket.url) if body is None else ("POST", f"{ticket.url}/predict")
        try:
            return self._transport.http.request(method, url, json=body, headers=headers)
        except httpx.TransportError as error:
            raise Unavailable(f"{self.id} does not answer at {ticket.url}") from error
