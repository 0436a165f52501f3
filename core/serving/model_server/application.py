"""What a model server answers: the Open Inference Protocol v2 over REST, `predict` by entity, the features by key, and
what it is and takes. Paths are compared as they came, with the few there are; nothing in a request ever names a
file."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from time import perf_counter_ns
from typing import Any, NamedTuple

import orjson

from core.foundation.errors import PortalError
from core.foundation.text import _
from core.serving.input_gaps import GapNames
from core.serving.model_server.answers import OK, Answer, broken, refused
from core.serving.model_server.batches import Computed
from core.serving.model_server.description import described, tensor_of
from core.serving.model_server.feature_reader import FeatureReader
from core.serving.model_server.gap_finder import GapFinder
from core.serving.model_server.inference import InferenceReader, InferenceRequest, InferenceWriter
from core.serving.model_server.layout import Arrays
from core.serving.model_server.lookup import Lookups, is_measuring
from core.serving.model_server.pictures import Picture
from core.serving.model_server.predict import Entities, EntityReader
from core.serving.model_server.session import ServedModel
from core.serving.server_spec import ServerSpec
from core.tasks.predictions import Outputs
from core.tasks.task import task_of

SERVER, PROTOCOL_VERSION, EXTENSIONS = "causeway", "2", ["binary_tensor_data"]
NOT_FOUND, WRONG_METHOD, NOT_READY = 404, 405, 503
NANOSECONDS = 1_000
# An answer proves for so long that the model answers.
PROOF_NS = 5_000_000_000
logger = logging.getLogger(__name__)


@dataclass
class Readiness:
    """Whether callers should send anything: false while the server is told to stop."""

    ready: bool = True


class Request(NamedTuple):
    """`began_ns` is when the loop came to it, `caller` the subject of the ticket it came with, `id` what the gateway
    calls it. Where binary tensors follow the JSON of the body, that has `head_bytes`."""

    method: bytes
    path: bytes
    body: bytes
    began_ns: int = 0
    caller: bytes = b""
    id: bytes = b""
    head_bytes: int = 0


class Question(NamedTuple):
    """Rows for the model, and what makes the answer of what it says. `pictures` are to be decoded first."""

    rows: int
    arrays: Arrays
    finish: Callable[[Computed], Answer]
    pictures: Sequence[Picture] = ()


Handler = Callable[[Request], Answer | Question]


class Application:
    """Routes requests to the one model of this process."""

    def __init__(
        self, spec: ServerSpec, *, model: ServedModel, reader: EntityReader, lookups: Lookups, readiness: Readiness
    ) -> None:
        self._spec, self._model, self._reader, self._readiness = spec, model, reader, readiness
        self._lookups = lookups
        self._gaps = GapFinder(model.contract, known=model.known, layout=model.layout)
        self._features = FeatureReader(model.contract, limits=spec.limits)
        self._named = {"model_name": spec.model, "model_version": str(spec.version)}
        self._outputs = [output.name for output in model.signature.gives]
        self._task, target = task_of(model.signature.target), model.signature.target
        self._speaks_task = {spec.name for spec in self._task.outputs(target)} <= set(self._outputs)
        self._inferences = InferenceReader(model.signature, layout=model.layout, limits=spec.limits)
        self._writer = InferenceWriter(model.signature, named=self._named)
        self._routes = self._table()

    @property
    def gap_names(self) -> GapNames:
        """What gaps are counted by."""
        return self._gaps.names

    def is_known(self, arrays: Arrays) -> bool:
        """Whether the model knows every text of a batch."""
        return self._gaps.is_known(arrays)

    def take(self, request: Request) -> Answer | Question:
        """The answer to any request, or what is to be asked of the model for it; a refusal is an answer too, and so is
        a failure of ours."""
        try:
            return self._handler(request)(request)
        except PortalError as refusal:
            return refused(refusal.status, refusal.message, hint=refusal.hint)
        except Exception:
            logger.exception("a request failed", extra={"request": request.id.decode("latin-1")})
            return broken()

    def _handler(self, request: Request) -> Handler:
        methods = self._routes.get(request.path.partition(b"?")[0])
        if methods is None:
            return lambda _request: refused(NOT_FOUND, _("There is nothing at this path"), hint=self._hint())
        return methods.get(request.method) or (
            lambda _request: refused(WRONG_METHOD, _("This path takes {methods}").format(methods=_joined(methods)))
        )

    @cached_property
    def _description(self) -> bytes:
        """Made when somebody first asks for it: a start waits for nothing that no prediction needs."""
        return orjson.dumps(described(self._spec, model=self._model, answers=self._answers))

    def _table(self) -> dict[bytes, dict[bytes, Handler]]:
        model = f"/v2/models/{self._spec.model}"
        routes: dict[str, dict[bytes, Handler]] = {
            "/": {b"GET": lambda _request: Answer(OK, self._description)},
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

    def _infer(self, request: Request) -> Question:
        inference = self._inferences.read(request.body, head_bytes=request.head_bytes)
        return Question(
            inference.rows, inference.arrays, partial(self._inferred, request, inference), inference.pictures
        )

    def _inferred(self, request: Request, inference: InferenceRequest, computed: Computed) -> Answer:
        gaps = self._gaps.in_tensors(inference.arrays, rows=inference.rows, is_known=computed.is_known)
        # The protocol has texts, numbers and truth values in there, and no objects.
        parameters = {f"unknown.{name}": count for name, count in gaps.unknown.items()}
        body, head_bytes = self._writer.write(computed.outputs, inference, parameters=parameters)
        return Answer(
            OK,
            body,
            computed.spent_ns,
            computed.waited_ns,
            gaps=gaps,
            is_measured=is_measuring(request.caller),
            head_bytes=head_bytes,
        )

    def _predict(self, request: Request) -> Question:
        entities = self._reader.read(request.body, lookup=self._lookups.of(request.caller))
        finish = partial(self._predicted, request, entities)
        return Question(len(entities.ids), entities.arrays, finish, entities.pictures)

    def _predicted(self, request: Request, entities: Entities, computed: Computed) -> Answer:
        answers = self._answers(dict(zip(self._outputs, computed.outputs, strict=True)))
        predictions: list[dict[str, Any]] = [
            {"row_id": row_id, **answer} for row_id, answer in zip(entities.ids, answers, strict=True)
        ]
        if entities.explain:
            for at, prediction in enumerate(predictions):
                unknown = self._gaps.unknown_inputs(entities.arrays, at)
                prediction.update({**entities.explained(at), "unknown": unknown})
        is_measured = is_measuring(request.caller)
        gaps = self._gaps.in_entities(entities, is_measured=is_measured, is_known=computed.is_known)
        counted = {"unknown": gaps.unknown, "missing": gaps.missing}
        body = orjson.dumps({**self._named, "predictions": predictions, **counted})
        return Answer(OK, body, computed.spent_ns, computed.waited_ns, gaps=gaps, is_measured=is_measured)

    def _answers(self, outputs: Outputs) -> list[dict[str, Any]]:
        """In the words of the task; a file whose outputs are others answers them as they are."""
        target = self._model.signature.target
        if self._speaks_task:
            return self._task.answers(outputs, target=target)
        rows = zip(*(values.tolist() for values in outputs.values()), strict=True)
        return [dict(zip(outputs, row, strict=True)) for row in rows]

    def _look_up(self, request: Request) -> Answer:
        return Answer(OK, orjson.dumps(self._features.read(request.body, lookup=self._lookups.of(request.caller))))

    def _health(self, _request: Request) -> Answer:
        """Ready is what answers: where nobody has called for a while, the model is tried on a row."""
        if not self._readiness.ready:
            return refused(NOT_READY, _("This server is stopping"))._replace(counted=False)
        if perf_counter_ns() - self._model.proved_ns > PROOF_NS:
            try:
                self._model.prove()
            except PortalError as failure:
                return refused(NOT_READY, failure.message, hint=failure.hint)._replace(counted=False)
        return Answer(OK, orjson.dumps({"name": self._spec.model, "ready": True}), counted=False)

    def _server(self, _request: Request) -> Answer:
        return Answer(OK, orjson.dumps({"name": SERVER, "version": PROTOCOL_VERSION, "extensions": EXTENSIONS}))

    def _metadata(self, _request: Request) -> Answer:
        signature = self._model.signature
        document = {"name": self._spec.model, "versions": [str(self._spec.version)], "platform": "onnxruntime_onnx"}
        inputs, outputs = ([tensor_of(spec) for spec in specs] for specs in (signature.inputs, signature.gives))
        return Answer(OK, orjson.dumps({**document, "inputs": inputs, "outputs": outputs}))

    def _hint(self) -> str:
        return _("This endpoint has /predict and /v2/models/{model}/infer.").format(model=self._spec.model)


def _joined(methods: dict[bytes, Handler]) -> str:
    return ", ".join(method.decode() for method in methods)
