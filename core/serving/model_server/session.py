"""A model as one process serves it. The bytes are hashed as they are read and the very buffer that was hashed becomes
the session; in production the admission is checked first. Whatever does not match is refused, with a cause in words."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnxruntime
from pydantic import ValidationError

from core.features.values import FeatureContract
from core.foundation.errors import Invalid, Unavailable, new_error_id
from core.foundation.storage import Store
from core.foundation.text import _
from core.registry.values import Signature
from core.serving.admissions import check_admission
from core.serving.model_server.known_categories import KnownCategories, known_categories
from core.serving.server_spec import ServerSpec

MODEL, SIGNATURE, CONTRACT = "model.onnx", "signature.json", "features.json"
ERRORS_ONLY = 3
TYPES: dict[str, type] = {"BYTES": object, "FP64": np.float64}
ONNX_TYPES = {"BYTES": "tensor(string)", "FP64": "tensor(double)"}
# How onnxruntime says that it was given no memory.
NO_MEMORY = ("bad_alloc", "Failed to allocate memory")
InputArrays = dict[str, npt.NDArray[np.generic]]
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServedModel:
    """The session with what it takes, what callers send, and by input the texts that the graph knows."""

    session: onnxruntime.InferenceSession
    signature: Signature
    contract: FeatureContract
    known: KnownCategories

    def run(self, inputs: InputArrays, *, rows: int) -> list[float]:
        """One probability a row. Unavailable when the model fails or gives anything but finite numbers in that
        shape."""
        try:
            answers = self.session.run([self.signature.output], inputs)[0]
        except (
            Exception
        ) as error:  # onnxruntime has no common class of its own; whatever it raises is the model's failure.
            if _lacks_memory(error):
                raise too_much_memory() from error
            error_id = new_error_id()
            logger.error("error %s: the model failed: %s", error_id, error, extra={"error": error_id})
            hint = _("Operators find the cause in the log of the model server as error {id}.").format(id=error_id)
            raise Unavailable(_("The model failed on this request"), hint=hint) from error
        if answers.shape != (rows,) or not np.isfinite(answers).all():
            raise Unavailable(_("The model gave no usable answer"), hint=_("Nothing was answered in its place."))
        return list(answers.tolist())

    def prove(self) -> None:
        """Answers a request that every model must be able to answer: one row of which everything is missing.
        Unavailable when it cannot."""
        inputs: InputArrays = {
            spec.name: np.array([""], dtype=object) if spec.datatype == "BYTES" else np.array([np.nan])
            for spec in self.signature.inputs
        }
        self.run(inputs, rows=1)


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
    known = known_categories(files[MODEL])
    model = ServedModel(session=session, signature=signature, contract=contract, known=known)
    # The first call plans memory and is slow; no caller should be the one to wait for it.
    model.prove()
    return model


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
    given = {node.name: node.type for node in session.get_inputs()}
    declared = {spec.name: ONNX_TYPES[spec.datatype] for spec in signature.inputs}
    outputs = [node.name for node in session.get_outputs()]
    if given != declared or signature.output not in outputs:
        raise Invalid(_("The graph does not take what its signature says"))


def _check_contract(contract: FeatureContract, signature: Signature) -> None:
    model_inputs = {spec.name: spec.datatype for spec in signature.inputs}
    contract_inputs = {**dict.fromkeys(contract.categories(), "BYTES"), **dict.fromkeys(contract.numbers(), "FP64")}
    if model_inputs != contract_inputs:
        raise Invalid(
            _("What callers send is not what the model takes: {names}").format(
                names=_difference(model_inputs, contract_inputs)
            )
        )


def _difference(model_inputs: Mapping[str, str], contract_inputs: Mapping[str, str]) -> str:
    return json.dumps(
        sorted(
            name
            for name in model_inputs.keys() | contract_inputs.keys()
            if model_inputs.get(name) != contract_inputs.get(name)
        )
    )
