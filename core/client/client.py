"""A portal, as one person or service account.

    from causeway_client import connect
    portal = connect("https://portal.example", token)
    rows = portal.features.get_training_set("churn_2026", split="train")

Refusals are the errors of `causeway_client.errors`, each with what to do."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import NotSignedIn
from .features import Features
from .lake import Lake
from .registry import Registry
from .serving import Endpoint
from .transport import Transport, http_client, new_client


def connect(address: str = "", token: str = "", **options: Any) -> "Client":
    """A client of the portal at `address` for whom `token` stands; without them, CAUSEWAY_ADDRESS and CAUSEWAY_TOKEN.
    `options` are those of `httpx.Client`: `proxy`, `verify`, `timeout` and the like."""
    address, token = address or os.environ.get("CAUSEWAY_ADDRESS", ""), token or os.environ.get("CAUSEWAY_TOKEN", "")
    if not address or not token:
        missing = "address" if not address else "token"
        raise NotSignedIn(f"There is no {missing} of a portal", hint=f"Give one, or set CAUSEWAY_{missing.upper()}.")
    http = new_client(**options) if options else http_client()
    return Client(Transport(address.rstrip("/"), token=token, http=http))


class Client:
    """What a portal can be asked for."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.lake = Lake(transport)
        self.features = Features(transport, self.lake)
        self.registry = Registry(transport)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends its connections, where `connect` was given options; otherwise they belong to the whole process."""
        if self._transport.http is not http_client():
            self._transport.http.close()

    def run(self, action: str, /, *, idempotency_key: str = "", **arguments: Any) -> Any:
        """Any action of the catalog by its name ("training.start_run"); its answer as JSON gives it. Arguments are JSON
        values, and a file is its bytes, its `pathlib.Path`, or one that is open for reading bytes. Every call has a
        key, its own where none is given: what was lost on the way is sent again and done once. Raises the error that
        the portal answers with."""
        return self._transport.call(action, arguments, key=idempotency_key)

    def every(self, action: str, /, **arguments: Any) -> Iterator[dict[str, Any]]:
        """The items of an action that lists, page after page."""
        return self._transport.every(action, arguments)

    def download(self, path: str, into: str | Path = ".") -> Path:
        """A file below /api/v1/files by its path ("model/MV-3", "load_test_series/LT-2"), written to `into` or, where
        that is a folder, under its own name there. Returns where it lies."""
        return self._transport.fetch(path, into=Path(into))

    def endpoint(self, name: str) -> Endpoint:
        """An endpoint by its id, name or title, to get predictions from."""
        return Endpoint.called(name, self._transport)
