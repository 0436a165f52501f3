"""What a model server answers: the Open Inference Protocol v2 over REST, `predict` by entity, and the features by key.
Paths are compared as they came, with the few there are; nothing in a request ever names a file."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter_ns
from typing import Any

import orjson

from core.foundation.errors import PortalError
from core.foundation.text import _
from core.serving.input_gaps import GapNames, InputGaps
from core.serving.model_server.decode import decode_inference
from core.serving.model_server.feature_reader import FeatureReader
from core.serving.model_server.gap_finder import GapFinder
from core.serving.model_server.lookup import Lookups, is_measuring
from core.serving.model_server.predict import EntityReader
from core.serving.model_server.session import InputArrays, ServedModel
from core.serving.server_spec import ServerSpec

SERVER, PROTOCOL_VERSION = "causeway", "2"
OK, NOT_FOUND, WRONG_METHOD, NOT_READY, BROKEN = 200, 404, 405, 503, 503
NANOSECONDS = 1_000
# An answer proves for so long that the model answers.
PROOF_NS = 5_000_000_000
logger = logging.getLogger(__name__)


@dataclass
class Readiness:
    """Whether callers should send anything: false while the server is told to stop."""

    ready: bool = True


@dataclass(frozen=True)
class Request:
    """`waited_ns` is how long it lay here before its turn came, `caller` the subject of the ticket it came with, `id`
    what the gateway calls it."""

    method: bytes
    path: bytes
    body: bytes
    waited_ns: int
    caller: bytes = b""
    id: bytes = b""


@dataclass(frozen=True)
class Answer:
    """`compute_ns` is the time the model took; None when it was not asked, and so are the `gaps` of what it was given.
    The answers that tell how the server is are no traffic and not `counted`; nor are gaps in what measures it."""

    status: int
    body: bytes
    compute_ns: int | None = None
    counted: bool = True
    gaps: InputGaps | None = None
    is_measured: bool = False


Handler = Callable[[Request], Answer]


class Application:
    """Routes requests to the one model of this process."""

    def __init__(
        self, spec: ServerSpec, *, model: ServedModel, reader: EntityReader, lookups: Lookups, readiness: Readiness
    ) -> None:
        self._spec, self._model, self._reader, self._readiness = spec, model, reader, readiness
        self._lookups = lookups
        self._gaps = GapFinder(model.contract, known=model.known)
        self._features = FeatureReader(model.contract, limits=spec.limits)
        self._named = {"model_name": spec.model, "model_version": str(spec.version)}
        self._routes = self._table()
        # Loading has tried the model.
        self._proved_ns = perf_counter_ns()

    @property
    def gap_names(self) -> GapNames:
        """What gaps are counted by."""
        return self._gaps.names

    def answer(self, request: Request) -> Answer:
        """The answer to any request; a refusal is an answer too, and so is a failure of ours."""
        try:
            return self._handler(request)(request)
        except PortalError as refusal:
            return refused(refusal.status, refusal.message, hint=refusal.hint)
        except Exception:
            logger.exception("a request failed", extra={"request": request.id.decode("latin-1")})
            return refused(BROKEN, _("This request could not be answered"))

    def _handler(self, request: Request) -> Handler:
        methods = self._routes.get(request.path.partition(b"?")[0])
        if methods is None:
            return lambda _request: refused(NOT_FOUND, _("There is nothing at this path"), hint=self._hint())
        return methods.get(request.method) or (
            lambda _request: refused(WRONG_METHOD, _("This path takes {methods}").format(methods=_joined(methods)))
        )

    def _table(self) -> dict[bytes, dict[bytes, Handler]]:
        model = f"/v2/models/{self._spec.model}"
        routes: dict[str, dict[bytes, Handler]] = {
            "/v2": {b"GET": self._server},
            "/v2/health/live": {b"GET": lambda _request: Answer(OK, b'{"live":true}', counted=False)},
            "/v2/health/ready": {b"GET": self._health},
            "/predict": {b"POST": self._predict},
            "/features": {b"POST": self._look_up},
        }
        for prefix in (model, f"{model}/versions/{self._spec.version}"):
            routes[prefix] = {b"GET": self._metadata}
            routes[f"{prefix}/ready"] = {b"GET": self._health}
            routes[f"{prefix}/infer"] = {b"POST": self._infer}
        return {path.encode(): methods for path, methods in routes.items()}

    def _infer(self, request: Request) -> Answer:
        inference = decode_inference(request.body, signature=self._model.signature, limits=self._spec.limits)
        probabilities, spent = self._computed(inference.inputs, rows=inference.rows)
        output = {
            "name": self._model.signature.output,
            "datatype": "FP64",
            "shape": [inference.rows],
            "data": probabilities,
        }
        named = {**self._named, **({"id": inference.id} if inference.id else {})}
        gaps = self._gaps.in_tensors(inference.inputs, rows=inference.rows)
        # The protocol has texts, numbers and truth values in there, and no objects.
        parameters = {f"unknown.{name}": count for name, count in gaps.unknown.items()}
        document = {**named, "outputs": [output], **({"parameters": parameters} if parameters else {})}
        return Answer(OK, orjson.dumps(document), spent, gaps=gaps, is_measured=is_measuring(request.caller))

    def _predict(self, request: Request) -> Answer:
        entities = self._reader.read(request.body, lookup=self._lookups.of(request.caller))
        probabilities, spent = self._computed(entities.inputs, rows=len(entities.ids))
        predictions: list[dict[str, Any]] = [
            {"row_id": row_id, "probability": probability}
            for row_id, probability in zip(entities.ids, probabilities, strict=True)
        ]
        if entities.explain:
            for at, prediction in enumerate(predictions):
                unknown = self._gaps.unknown_inputs(entities.inputs, at)
                prediction.update({**entities.explained(at), "unknown": unknown})
        is_measured = is_measuring(request.caller)
        gaps = self._gaps.in_entities(entities, is_measured=is_measured)
        counted = {"unknown": gaps.unknown, "missing": gaps.missing}
        body = orjson.dumps({**self._named, "predictions": predictions, **counted})
        return Answer(OK, body, spent, gaps=gaps, is_measured=is_measured)

    def _look_up(self, request: Request) -> Answer:
        return Answer(OK, orjson.dumps(self._features.read(request.body, lookup=self._lookups.of(request.caller))))

    def _computed(self, inputs: InputArrays, *, rows: int) -> tuple[list[float], int]:
        """The model's answers, and how many nanoseconds it took."""
        begun = perf_counter_ns()
        probabilities = self._model.run(inputs, rows=rows)
        self._proved_ns = perf_counter_ns()
        return probabilities, self._proved_ns - begun

    def _health(self, _request: Request) -> Answer:
        """Ready is what answers: where nobody has called for a while, the model is tried on a row."""
        if not self._readiness.ready:
            return replace(refused(NOT_READY, _("This server is stopping")), counted=False)
        if perf_counter_ns() - self._proved_ns > PROOF_NS:
            try:
                self._model.prove()
            except PortalError as failure:
                return replace(refused(NOT_READY, failure.message, hint=failure.hint), counted=False)
            self._proved_ns = perf_counter_ns()
        return Answer(OK, orjson.dumps({"name": self._spec.model, "ready": True}), counted=False)

    def _server(self, _request: Request) -> Answer:
        return Answer(OK, orjson.dumps({"name": SERVER, "version": PROTOCOL_VERSION, "extensions": []}))

    def _metadata(self, _request: Request) -> Answer:
        signature = self._model.signature
        inputs = [{"name": spec.name, "datatype": spec.datatype, "shape": [-1]} for spec in signature.inputs]
        output = {"name": signature.output, "datatype": "FP64", "shape": [-1]}
        document = {"name": self._spec.model, "versions": [str(self._spec.version)], "platform": "onnxruntime_onnx"}
        return Answer(OK, orjson.dumps({**document, "inputs": inputs, "outputs": [output]}))

    def _hint(self) -> str:
        return _("This endpoint has /predict and /v2/models/{model}/infer.").format(model=self._spec.model)


def refused(status: int, message: str, *, hint: str = "") -> Answer:
    """A refusal as callers read it."""
    return Answer(status, orjson.dumps({"error": message, "hint": hint}))


def _joined(methods: dict[bytes, Handler]) -> str:
    return ", ".join(method.decode() for method in methods)
