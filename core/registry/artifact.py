"""A version's folder in the store: exactly four files, whose manifest digest is the version. Whatever else lies beside
them, or contradicts the graph, is refused before anything is registered."""

import json
from collections.abc import Mapping

from pydantic import ValidationError

from core.foundation.digests import canonical
from core.foundation.errors import Invalid
from core.foundation.storage import Manifest, ManifestFile, Store
from core.foundation.text import _
from core.foundation.values import Value
from core.registry.inspection import LIMITS, FileLimits, safe_signature
from core.registry.signature import Signature
from core.tasks.values import Target

MODEL, SIGNATURE, FEATURES, CARD = "model.onnx", "signature.json", "features.json", "card.md"
FILES = frozenset({MODEL, SIGNATURE, FEATURES, CARD})
LONGEST_CARD = 20_000
# How callers name a row.
ROW_ID = "row_id"


class Folder(Value):
    """A version's folder that was read, hashed and found in order. `bytes` is the size of the model file."""

    digest: str
    model_digest: str
    bytes: int
    signature: Signature
    card: str


def examine(store: Store, *, digest: str, limits: FileLimits = LIMITS) -> Folder:
    """Reads every file of a version's folder. NotFound or Unavailable when one is missing or damaged, Invalid when the
    folder is no model version."""
    manifest = store.manifest(digest)
    _refuse_other_files(manifest)
    files = {file.path: store.read(file.sha256) for file in manifest.files}
    signature = _declared(files, graph=safe_signature(files[MODEL], limits=limits))
    card = files[CARD].decode("utf-8", errors="replace")[:LONGEST_CARD]
    model_digest = next(file.sha256 for file in manifest.files if file.path == MODEL)
    return Folder(digest=digest, model_digest=model_digest, bytes=len(files[MODEL]), signature=signature, card=card)


def write_bare(
    store: Store,
    *,
    content: bytes,
    card: str,
    columns: Mapping[str, tuple[str, ...]] | None = None,
    target: Target | None = None,
    limits: FileLimits = LIMITS,
) -> Folder:
    """The folder of a model that came as a single file: callers send each of its inputs with the request, and nothing
    is looked up. `columns` are the names of those that lie in a wide tensor, `target` is what it predicts. Raises
    Invalid when the file is unsafe or cannot be served."""
    signature = safe_signature(content, limits=limits).with_columns(columns or {})
    signature = signature.model_copy(update={"target": target or signature.target})
    files = {
        MODEL: content,
        SIGNATURE: canonical(signature),
        FEATURES: canonical(_plain_contract(signature)),
        CARD: card.encode(),
    }
    entries = (
        ManifestFile(path=path, sha256=store.put_bytes(data), size=len(data)) for path, data in sorted(files.items())
    )
    digest = store.put_bytes(canonical(Manifest(files=tuple(entries))))
    return examine(store, digest=digest, limits=limits)


def _refuse_other_files(manifest: Manifest) -> None:
    names = [file.path for file in manifest.files]
    if unknown := sorted(set(names) - FILES):
        raise Invalid(
            _("{name} does not belong to a model version").format(name=repr(unknown[0][:60])),
            hint=_("The folder holds {files} and nothing else.").format(files=", ".join(sorted(FILES))),
            field="digest",
        )
    if missing := sorted(FILES - set(names)):
        raise Invalid(_("The model version has no {name}").format(name=missing[0]), field="digest")


def _declared(files: dict[str, bytes], *, graph: Signature) -> Signature:
    """What signature.json says, which has the names of columns too. Invalid where it contradicts the graph."""
    try:
        declared = Signature.model_validate_json(files[SIGNATURE])
        contract = json.loads(files[FEATURES])
    except (ValidationError, ValueError) as error:
        raise Invalid(_("A file of the model version does not read as JSON"), field="digest") from error
    if not declared.describes(graph):
        raise Invalid(_("signature.json does not say what the graph takes and gives"), field="digest")
    if not isinstance(contract, dict):
        raise Invalid(_("features.json does not say what callers send"), field="digest")
    return declared


def _plain_contract(signature: Signature) -> dict[str, object]:
    """Callers send each column by its name; a tensor without names comes by the protocol of inference alone."""
    request = [
        {"name": name, "kind": "category" if datatype == "BYTES" else "number", "is_model_input": True}
        for name, datatype in signature.columns.items()
    ]
    row_id = f"{ROW_ID}_of_request" if ROW_ID in signature.columns else ROW_ID
    return {"event_time": "", "row_id": row_id, "request": request, "views": []}
