"""A model as one process serves it. The bytes are hashed as they are read and the very buffer that was hashed becomes
the session; in production the admission is checked first. Whatever does not match is refused, with a cause in words."""

import json
import logging
from collections.abc import Mapping
from time import perf_counter_ns

import numpy as np
import onnxruntime
from pydantic import ValidationError

from core.features.values import FeatureContract
from core.foundation.errors import Invalid, Unavailable, new_error_id
from core.foundation.storage import Store
from core.foundation.text import _
from core.registry.signature import ANY, Signature, TensorSpec
from core.serving.admissions import check_admission
from core.serving.model_server.known_categories import KnownCategories, known_categories
from core.serving.model_server.layout import Array, Arrays, Layout
from core.serving.server_spec import ServerSpec

MODEL, SIGNATURE, CONTRACT = "model.onnx", "signature.json", "features.json"
ERRORS_ONLY = 3
# What onnxruntime calls them where it is not the same word in small letters.
ONNX_TYPES = {"BYTES": "string", "FP16": "float16", "FP32": "float", "FP64": "double"}
# A text is sent as a category is.
SENT_AS = {"text": "category"}
# How onnxruntime says that it was given no memory.
NO_MEMORY = ("bad_alloc", "Failed to allocate memory")
logger = logging.getLogger(__name__)
# How far the answers to a row may differ that is asked alone or with others.
ALIKE = 1e-3


class ServedModel:
    """The session with what it takes, what callers send, and by input the texts that the graph knows. `proved_ns` is
    when it last gave a usable answer, `joins_requests` whether several requests may be one call of it."""

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        *,
        signature: Signature,
        contract: FeatureContract,
        known: KnownCategories,
    ) -> None:
        """Tries the model. Unavailable when it answers neither a row of which everything is missing nor one of
        zeros, nor one of ones."""
        self._session, self.signature, self.contract, self.known = session, signature, contract, known
        self.layout = Layout(signature.inputs)
        # What the file says of itself. Nothing in it is believed.
        self.metadata: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
        self._gives = signature.gives
        self._names = [spec.name for spec in self._gives]
        # The first call plans memory and is slow; no caller should be the one to wait for it.
        self._proof = self._first_answered(self.layout.missing(), self.layout.filled(0), self.layout.filled(1))
        self.joins_requests = self._has_rows_of_their_own()

    def run(self, arrays: Arrays, *, rows: int) -> Arrays:
        """The outputs, each with so many rows. Unavailable when the model fails or gives anything but finite numbers in
        the shape it should."""
        try:
            outputs = self._session.run(self._names, self.layout.by_name(arrays))
        except (
            Exception
        ) as error:  # onnxruntime has no common class of its own; whatever it raises is the model's failure.
            if _lacks_memory(error):
                raise too_much_memory() from error
            error_id = new_error_id()
            logger.error("error %s: the model failed: %s", error_id, error, extra={"error": error_id})
            hint = _("Operators find the cause in the log of the model server as error {id}.").format(id=error_id)
            raise Unavailable(_("The model failed on this request"), hint=hint) from error
        if not all(map(_is_usable, outputs, self._gives, [rows] * len(outputs))):
            raise Unavailable(_("The model gave no usable answer"), hint=_("Nothing was answered in its place."))
        self.proved_ns = perf_counter_ns()
        return tuple(outputs)

    def prove(self) -> None:
        """Answers a request that it has answered before. Unavailable when it cannot."""
        self.run(self._proof, rows=1)

    def _first_answered(self, *questions: Arrays) -> Arrays:
        for question in questions[:-1]:
            try:
                self.run(question, rows=1)
            except Unavailable:
                continue
            return question
        self.run(questions[-1], rows=1)
        return questions[-1]

    def _has_rows_of_their_own(self) -> bool:
        """Whether a row gets the same answer alone and beside another: a model that compares the rows of a call would
        mix those of different callers."""
        if not self.layout.is_fixed:
            return False
        other = self.layout.filled(1)
        try:
            alone = [self.run(arrays, rows=1) for arrays in (self._proof, other)]
            together = self.run(self.layout.joined((self._proof, other)), rows=2)
        except Unavailable:
            return False
        return all(map(_are_alike, map(np.concatenate, zip(*alone, strict=True)), together))


def _is_usable(values: Array, spec: TensorSpec, rows: int) -> bool:
    shape = (rows, *spec.row)
    fits = len(values.shape) == len(shape) and all(map(_is_of, values.shape, shape))
    return fits and (values.dtype.kind != "f" or bool(np.isfinite(values).all()))


def _is_of(size: int, wanted: int) -> bool:
    return wanted in (ANY, size)


def _are_alike(first: Array, second: Array) -> bool:
    if first.dtype.kind == "f":
        return bool(np.allclose(first, second, rtol=ALIKE, atol=ALIKE))
    return bool((first == second).all())


def too_much_memory() -> Unavailable:
    """The refusal of a model that asks for more memory than a model server may use."""
    return Unavailable(
        _("The model needs more memory than a model server may use"),
        hint=_("Its owner makes it smaller, or an administrator raises CAUSEWAY_MODEL_SERVER_MEMORY_MB."),
    )


def _lacks_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or any(words in str(error) for words in NO_MEMORY)


def load_model(spec: ServerSpec) -> ServedModel:
    """Reads, checks and loads. NotAllowed without a valid admission in production, Unavailable or NotFound when bytes
    are not what the digest says, Invalid when they are no model we can serve."""
    if spec.environment == "production":
        check_admission(spec.admission, endpoint_id=spec.endpoint_id, digest=spec.digest, public_key=spec.public_key)
    files = _read(spec)
    try:
        signature = Signature.model_validate_json(files[SIGNATURE])
        contract = FeatureContract.model_validate_json(files[CONTRACT])
    except (KeyError, ValidationError) as error:
        raise Invalid(_("The version's folder does not say what the model takes")) from error
    session = open_session(files[MODEL])
    _check_graph(session, signature)
    _check_contract(contract, signature)
    known = known_categories(files[MODEL], signature=signature)
    return ServedModel(session, signature=signature, contract=contract, known=known)


def _read(spec: ServerSpec) -> dict[str, bytes]:
    store = Store(spec.store)
    manifest = store.manifest(spec.digest)
    digests = {file.path: file.sha256 for file in manifest.files}
    if digests.get(MODEL) != spec.model_digest:
        raise Invalid(_("The version's folder holds another model than the registry says"))
    return {name: store.read(digests[name]) for name in (MODEL, SIGNATURE, CONTRACT) if name in digests}


def open_session(model: bytes) -> onnxruntime.InferenceSession:
    """A session over exactly these bytes. Invalid when they are no model."""
    options = onnxruntime.SessionOptions()
    # One thread a call: two burn twice the processor and gain nothing below hundreds of rows. Without the arena, the
    # memory of one large request is given back.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = ERRORS_ONLY
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # As above: it raises classes of its own that share no parent.
        if _lacks_memory(error):
            raise too_much_memory() from error
        raise Invalid(_("The model file cannot be loaded")) from error


def _check_graph(session: onnxruntime.InferenceSession, signature: Signature) -> None:
    takes, gives = ({node.name: node for node in nodes} for nodes in (session.get_inputs(), session.get_outputs()))
    declared = [_is_declared(takes.get(spec.name), spec) for spec in signature.inputs]
    declared += [_is_declared(gives.get(spec.name), spec) for spec in signature.gives]
    if len(takes) != len(signature.inputs) or not all(declared):
        raise Invalid(_("The graph does not take what its signature says"))


def _is_declared(node: onnxruntime.NodeArg | None, spec: TensorSpec) -> bool:
    """Whether a tensor of the graph is what the signature says it is; a size without a number may be any."""
    if node is None:
        return False
    sizes = [size if isinstance(size, int) else ANY for size in node.shape]
    return node.type == f"tensor({ONNX_TYPES.get(spec.datatype, spec.datatype.lower())})" and sizes == list(spec.shape)


def _check_contract(contract: FeatureContract, signature: Signature) -> None:
    model_inputs = {name: _sent_as(spec) for spec in signature.inputs for name in spec.names}
    kinds = {name: kind for name, kind in contract.kinds().items() if kind != "vector"}
    contract_inputs = {name: SENT_AS.get(kind, kind) for name, kind in kinds.items()}
    # A tensor that no column names comes by the protocol of inference alone, unless it is a vector of the contract.
    sizes = {spec.name: str(spec.row) for spec in signature.inputs if not spec.names}
    vectors = {field.name: str((field.size,)) for field in map(contract.field, contract.vectors())}
    contract_inputs |= vectors
    model_inputs |= {name: sizes[name] for name in vectors if name in sizes}
    if model_inputs != contract_inputs:
        raise Invalid(
            _("What callers send is not what the model takes: {names}").format(
                names=_difference(model_inputs, contract_inputs)
            )
        )


def _sent_as(spec: TensorSpec) -> str:
    if spec.image:
        return "image"
    return "category" if spec.datatype == "BYTES" else "number"


def _difference(model_inputs: Mapping[str, str], contract_inputs: Mapping[str, str]) -> str:
    return json.dumps(
        sorted(
            name
            for name in model_inputs.keys() | contract_inputs.keys()
            if model_inputs.get(name) != contract_inputs.get(name)
        )
    )
