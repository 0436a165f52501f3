"""What anybody would write: raw ASGI on uvicorn, orjson, and the session; no check of anything. Forty lines:
`python -m tests.bench.inference.raw_server SOCKET MODEL`."""

import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import numpy as np
import onnxruntime
import orjson
import uvicorn

from core.serving.model_server.session import open_session

TYPES: dict[str, Any] = {"BYTES": object, "FP64": np.float64}
START = {"type": "http.response.start", "status": 200}
Receive, Send = Callable[[], Awaitable[Mapping[str, Any]]], Callable[[Mapping[str, Any]], Awaitable[None]]


class Raw:
    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message["body"]
            more = message["more_body"]
        tensors = orjson.loads(body)["inputs"]
        inputs = {tensor["name"]: np.array(tensor["data"], dtype=TYPES[tensor["datatype"]]) for tensor in tensors}
        (values,) = self._session.run(["probability"], inputs)
        output = {"name": "probability", "datatype": "FP64", "shape": values.shape, "data": values}
        answer = orjson.dumps({"outputs": [output]}, option=orjson.OPT_SERIALIZE_NUMPY)
        length = str(len(answer)).encode()
        await send({**START, "headers": [(b"content-type", b"application/json"), (b"content-length", length)]})
        await send({"type": "http.response.body", "body": answer})


if __name__ == "__main__":
    with open(sys.argv[2], "rb") as file:
        application = Raw(open_session(file.read()))
    config = uvicorn.Config(application, uds=sys.argv[1], log_level="critical", access_log=False, lifespan="off")
    uvicorn.Server(config).run()
