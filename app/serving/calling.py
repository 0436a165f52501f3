"""How an endpoint is called: its address, the ticket that it takes, and a request that can be copied, with a real row
of what it serves."""

from collections.abc import Sequence
from math import prod
from typing import Any

import streamlit as st

from app.serving.held_out import sent_row
from app.serving.snippets import LANGUAGES, EndpointCall, snippet
from app.session import actor, portal
from app.ui import frame, links
from core.foundation.text import _
from core.foundation.values import Value
from core.registry.signature import ANY, Signature, TensorSpec
from core.registry.values import ModelVersion
from core.serving.values import Endpoint

# A body of more lines than this is scrolled.
MOST_LINES, HEIGHT = 40, 640


class ExampleBody(Value):
    """What is sent to a `path` of an endpoint, and what to know about it, in Markdown."""

    path: str
    body: dict[str, Any]
    remark: str


class InferenceBody(Value):
    """A request of the Open Inference Protocol."""

    inputs: tuple[dict[str, Any], ...]


def how_to_call_endpoint(endpoint: Endpoint) -> None:
    """With a row of what most of its traffic goes to."""
    routes = sorted(endpoint.routes, key=lambda route: -route.weight)
    versions = [portal().registry.get_version(actor(), version_id=route.version_id) for route in routes[:1]]
    how_to_call(endpoint, next(iter(versions), None))


def how_to_call_version(version: ModelVersion, endpoints: Sequence[Endpoint]) -> None:
    """At the first of the endpoints that serve it."""
    if endpoints:
        how_to_call(endpoints[0], version)
        return
    advice = _("Deploy it to a staging endpoint, or ask for its promotion.")
    frame.empty(_("Not serving yet"), advice=advice, icon="cloud_off")


def call_version(version: ModelVersion, endpoints: Sequence[Endpoint]) -> None:
    """The request alone, at the first of the endpoints that serve it."""
    if endpoints:
        _request(endpoints[0], _example(version))
        return
    frame.section(_("How to call it"), key="calling")
    with frame.card("not_serving", tight=True):
        st.caption(_("Not serving yet. Deploy it to a staging endpoint, or ask for its promotion."))


def how_to_call(endpoint: Endpoint, version: ModelVersion | None) -> None:
    """By curl, in Python and in JavaScript; without a version only where and with which ticket."""
    left, right = st.columns([1.9, 1], gap="medium")
    with right:
        _address(endpoint)
    with left:
        if version is None:
            frame.section(_("How to call it"))
            st.caption(_("It serves nothing yet."))
        else:
            _request(endpoint, _example(version))


def _address(endpoint: Endpoint) -> None:
    frame.section(_("Address"))
    with frame.card("call"):
        st.code(f"POST {endpoint.url}/predict", language=None, wrap_lines=True)
        st.caption(_ticket_line(endpoint))
    frame.section(_("What it takes and answers"))
    with frame.card("describes"):
        st.code(f"GET {endpoint.url}", language=None, wrap_lines=True)
        st.caption(
            _(
                "With the same ticket: the fields and their known values, an example with its answer, the task, the"
                " limits, and the version with its digest."
            )
        )


def _ticket_line(endpoint: Endpoint) -> str:
    if endpoint.environment == "staging":
        return _("Callers send a ticket as `Authorization: Bearer`. Engineers and SREs get one for half an hour.")
    return _("Callers send a ticket as `Authorization: Bearer`. Service accounts of the project get one.")


def _request(endpoint: Endpoint, example: ExampleBody) -> None:
    with frame.section(_("How to call it"), key="calling"):
        language = st.segmented_control(
            _("Language"),
            list(LANGUAGES),
            default=next(iter(LANGUAGES)),
            required=True,
            format_func=lambda name: _(name),
            key="call_language",
            label_visibility="collapsed",
        )
    call = EndpointCall(
        portal=portal().foundation.settings.address,
        endpoint_id=endpoint.id,
        environment=endpoint.environment,
        url=endpoint.url,
        path=example.path,
        body=example.body,
    )
    text = snippet(call, str(language))
    st.code(text, language=LANGUAGES[str(language)], height=HEIGHT if text.count("\n") > MOST_LINES else "content")
    st.caption(example.remark)
    if endpoint.environment == "staging":
        st.caption(_("Put a token of yours in the place of `YOUR_TOKEN`."))
    else:
        st.caption(_("Put a token of a service account of the project in the place of `YOUR_TOKEN`."))


def _example(version: ModelVersion) -> ExampleBody:
    example = _held_out(version.training_set_id) if version.training_set_id else None
    if example is not None:
        return example
    if not all(spec.names for spec in version.signature.inputs):
        return _of_tensors(version)
    row = dict.fromkeys(version.signature.columns)
    remark = _("No row of it is known here: put values in the place of the missing ones.")
    return ExampleBody(path="/predict", body={"rows": [row]}, remark=remark)


def _held_out(training_set_id: str) -> ExampleBody | None:
    """The first of the rows that judged it; None where there are none."""
    training_set = portal().training_sets.get_training_set(actor(), training_set_id=training_set_id)
    if training_set.contract is None or not training_set.splits:
        return None
    split = training_set.splits[-1].name
    preview = portal().training_sets.preview_training_set(
        actor(), training_set_id=training_set_id, split=split, limit=1
    )
    if not preview.rows:
        return None
    row = dict(zip(preview.columns, preview.rows[0], strict=True))
    remark = _("A held-out row of {training_set}, split {split}.").format(
        training_set=links.linked(training_set_id), split=links.code(split)
    )
    if row.get("label") is not None:
        outcome = _("Its outcome: {label}.").format(label=links.code(str(row["label"])))
        remark = f"{remark} {outcome}"
    return ExampleBody(path="/predict", body={"rows": [sent_row(row, contract=training_set.contract)]}, remark=remark)


def _of_tensors(version: ModelVersion) -> ExampleBody:
    """By the Open Inference Protocol. It runs as it stands: noughts and empty texts stand for what the caller has."""
    signature: Signature = version.signature
    request = InferenceBody(inputs=tuple(map(_tensor, signature.inputs)))
    remark = _(
        "It takes whole tensors, by the Open Inference Protocol. No example of them is known here: put the values of"
        " each tensor, row by row, in the place of the noughts and empty texts in `data`."
    )
    return ExampleBody(path=f"/v2/models/{version.model}/infer", body=request.model_dump(), remark=remark)


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    """One row of it; a size that may be any is one."""
    shape = [1, *(1 if size == ANY else size for size in spec.row)]
    nothing: Any = {"BYTES": "", "BOOL": False}.get(spec.datatype, 0)
    return {"name": spec.name, "datatype": spec.datatype, "shape": shape, "data": [nothing] * prod(shape)}
