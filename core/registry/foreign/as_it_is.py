"""Tries a file that is served as it came, before it becomes a version: whether the runtime loads it, and whether it
answers rows as it declares."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from core.foundation.errors import Invalid, without_folders
from core.foundation.text import _
from core.registry.foreign.trial import session_of
from core.registry.signature import ANY, Signature, TensorSpec

if TYPE_CHECKING:
    from core.registry.foreign.examples import Array

# Of each of these a model server tries a row before it says that it is ready.
TRIED = (0, 1)
ROWS = 2


def try_as_it_is(content: bytes, signature: Signature) -> None:
    """Invalid where it answers neither rows of zeros nor rows of ones, in figures where it takes texts."""
    session, refusals = session_of(content), list[Invalid]()
    for number in TRIED:
        try:
            _check(_answers(session, signature, number=number), signature)
        except Invalid as refusal:
            refusals.append(refusal)
        else:
            return
    raise refusals[0]


def _answers(session: Any, signature: Signature, *, number: int) -> "list[Array]":
    import numpy as np

    rows = {
        spec.name: np.full(
            (ROWS, *(1 if size == ANY else size for size in spec.row)),
            str(number) if spec.datatype == "BYTES" else number,
            dtype=spec.dtype,
        )
        for spec in signature.inputs
    }
    try:
        return list(session.run([spec.name for spec in signature.gives], rows))
    except Exception as error:  # The runtime has no common class of its own; whatever it raises is about the file.
        why = without_folders(str(error).strip().partition("\n")[0])[:300]
        raise _refused(_("The file fails on rows of {number}: {why}").format(number=number, why=why)) from error


def _check(outputs: "list[Array]", signature: Signature) -> None:
    for values, spec in zip(outputs, signature.gives, strict=True):
        if problem := next(_problems(values, spec), ""):
            raise _refused(problem)


def _problems(values: "Array", spec: TensorSpec) -> Iterator[str]:
    import numpy as np

    name, shape = repr(spec.name[:60]), (ROWS, *spec.row)
    if len(values.shape) != len(shape) or any(
        wanted not in (ANY, size) for size, wanted in zip(values.shape, shape, strict=True)
    ):
        message = _("The file gives {name} in the shape {shape} for {rows} rows")
        yield message.format(name=name, shape=list(values.shape), rows=ROWS)
    elif values.dtype.kind == "f" and not np.isfinite(values).all():
        yield _("The file gives numbers of {name} that are not finite, for rows of zeros and of ones").format(name=name)


def _refused(message: str) -> Invalid:
    hint = _("Export it so that each row gets its values; an example and a mapping say what its inputs are.")
    return Invalid(message, hint=hint, field="content")
