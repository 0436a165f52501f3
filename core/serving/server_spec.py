"""What the gateway tells a model server, as one file: which bytes it may serve, for which endpoint, and its limits. A
model server knows no database; this file, the store and the endpoint's online features are all it reads."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from core.foundation.values import Value
from core.serving.admissions import Admission
from core.serving.values import Environment

SPEC_FILE, SOCKET_FILE, READY_FILE, REFUSED_FILE, LOG_FILE = "server.json", "socket", "ready", "refused", "log"
REFUSED_EXIT = 3


class Limits(Value):
    """How much one request may ask for: bytes of its body, rows, rows times inputs, characters of one text, and of one
    that a model reads by its words; and how much memory the server may use, the model's included. One that is told to
    stop goes on answering for `grace_seconds`, then has `drain_seconds` to finish what it has begun."""

    body_bytes: Annotated[int, Field(ge=1_024)] = 4_194_304
    rows: Annotated[int, Field(ge=1)] = 4_096
    cells: Annotated[int, Field(ge=1)] = 200_000
    text: Annotated[int, Field(ge=1)] = 1_000
    long_text: Annotated[int, Field(ge=1)] = 100_000
    memory_mb: Annotated[int, Field(ge=256)] = 4_096
    grace_seconds: Annotated[float, Field(ge=0)] = 0.3
    drain_seconds: Annotated[float, Field(ge=0)] = 20.0

    def of_texts(self) -> "Limits":
        """Those of a model that reads texts by their words."""
        return self.model_copy(update={"text": self.long_text})


class ServerSpec(Value):
    """`digest` names the manifest of the version's folder in `store`, `model_digest` the ONNX file in it. `live` is the
    address of the online store, `online` the file that measurements of this endpoint fill. `public_key` (hexadecimal)
    is the one that admissions are signed with."""

    endpoint_id: str
    endpoint: str
    environment: Environment
    version_id: str
    model: str
    version: int
    digest: str
    model_digest: str
    store: Path
    online: Path
    live: str = ""
    admission: Admission | None = None
    public_key: str = ""
    limits: Limits = Limits()
