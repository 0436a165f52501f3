"""One row through a staging endpoint, as a caller would send it: filled from the held-out rows, answered by the running
server, with the features that it looked up."""

from functools import partial
from typing import Any

import streamlit as st

from app.explanations.contributions import why
from app.serving.answers import show_answer
from app.serving.held_out import sendable
from app.session import actor, portal
from app.ui import forms, frame, links, numbers
from app.ui.fields.image import image_field
from app.ui.tables import reading
from core.client.transport import http_client
from core.features.values import FeatureContract
from core.foundation.errors import Invalid, Unavailable
from core.foundation.text import _
from core.foundation.values import Value
from core.serving.values import Endpoint, Ticket
from core.tasks.values import Target

ROWS = 50
COLUMNS = 3
# So much of a value is shown among the inputs: a text or an image may be long.
LONGEST = 120
SECONDS = 10
# The last answer, with what it answers.
ANSWER = "trial_answer"


class Answer(Value):
    """What a caller gets: what the model says of the row, who answered in how many milliseconds, what was looked up,
    and the inputs that the model does not know."""

    prediction: dict[str, Any]
    version: str
    milliseconds: float
    features: dict[str, Any]
    lookups: tuple[dict[str, Any], ...]
    unknown: tuple[str, ...] = ()


def trial(endpoint: Endpoint) -> None:
    """The form and its answer."""
    version = portal().registry.get_version(actor(), version_id=endpoint.routes[0].version_id)
    if not version.training_set_id:
        st.caption(_("This version has no training set, so only its inputs can be entered."))
        return
    training_set = portal().training_sets.get_training_set(actor(), training_set_id=version.training_set_id)
    if training_set.contract is None or not training_set.splits:
        return
    contract, sample = training_set.contract, int(st.session_state.get("trial_sample", 0))
    preview = portal().training_sets.preview_training_set(
        actor(), training_set_id=training_set.id, split=training_set.splits[-1].name, limit=ROWS
    )
    given = dict(zip(preview.columns, preview.rows[sample % len(preview.rows)], strict=True)) if preview.rows else {}
    with frame.section(_("Try it"), hint=_("a held-out row, editable")):
        st.button(_("Another row"), icon=":material/shuffle:", type="tertiary", on_click=_next, key="another")
    left, right = st.columns([1.72, 1], gap="medium")
    with left:
        row = _form(contract, given, key=f"trial_{sample}")
    with right:
        if row is not None:
            _ask(endpoint, row, sample=sample)
        sent, answer = st.session_state.get(ANSWER, (None, None))
        if answer is None or sent != (endpoint.id, sample):
            st.caption(_("Send it to compare the answer with the outcome."))
        else:
            _show(answer, contract, label=given.get("label"), target=version.signature.target)
            why(version, answer.features)


def _next() -> None:
    st.session_state["trial_sample"] = int(st.session_state.get("trial_sample", 0)) + 1


def _form(contract: FeatureContract, given: dict[str, Any], *, key: str) -> dict[str, Any] | None:
    """What was entered, once it was sent."""
    with st.form(key=key, border=True):
        moment = str(given.get("event_time", ""))
        entered: dict[str, Any] = {}
        places = st.columns(COLUMNS, gap="small")
        if contract.event_time:
            entered[contract.event_time] = places[0].text_input(
                _label(contract.event_time), value=moment, help=_("With its zone."), key=f"{key}_event_time"
            )
        fields = [field for field in contract.request if field.name != contract.event_time]
        for number, field in enumerate(fields, start=len(entered)):
            with places[number % COLUMNS]:
                value = sendable(given.get(field.name), kind=field.kind)
                own = f"{key}_{field.name}"
                draw = image_field if field.image else partial(_field, kind=field.kind)
                entered[field.name] = draw(_label(field.name), value=value, key=own)
        if not st.form_submit_button(_("Send the row"), type="primary", key=f"{key}_send"):
            return None
    return {**entered, contract.row_id: str(given.get("row_id", "tried"))}


def _field(label: str, *, kind: str, value: Any, key: str) -> Any:
    """What stands in the field: nothing is a missing value, and what is no number is sent as it stands, for the server
    to refuse."""
    shown = "" if value is None else numbers.entered(value) if isinstance(value, float) else str(value)
    enter = st.text_area if kind in ("text", "vector") else st.text_input
    entered = enter(label, value=shown, key=key, placeholder=_("missing")) or ""
    if kind == "text":
        return entered or None
    text = entered.strip()
    if kind == "category" or not text:
        return text or None
    try:
        return float(text) if kind == "number" else [float(number) for number in text.strip("[]").split(",")]
    except ValueError:
        return text


def _label(name: str) -> str:
    """A column's name. Most need no escape, and a screen reader would read it out."""
    return name if name.strip("_").replace("_", "").isalnum() else links.escape(name)


def _ask(endpoint: Endpoint, row: dict[str, Any], *, sample: int) -> None:
    """The answer stays until another row is sent, so that one can ask why."""
    st.session_state.pop(ANSWER, None)
    with forms.attempt():
        st.session_state[ANSWER] = ((endpoint.id, sample), ask(_ticket(endpoint.id), row))


def _show(answer: Answer, contract: FeatureContract, *, label: Any, target: Target) -> None:
    show_answer(answer.prediction, target=target)
    version = links.escape(links.title_of(answer.version))
    st.caption(
        _("{version} answered in {time}").format(version=version, time=numbers.milliseconds(answer.milliseconds))
    )
    if label is not None:
        st.caption(_("Outcome of the held-out row as it was: {label}.").format(label=label))
    _lookups(contract, answer)
    with st.expander(_("Model inputs")):
        reading(
            {
                _("Input"): [links.code(name) for name in answer.features],
                _("Value"): [links.escape(_shown(value)) for value in answer.features.values()],
            }
        )


def _ticket(endpoint_id: str) -> Ticket:
    """The one of this session. The next is asked for when half of its life is gone, and it serves on where none can be
    issued now."""
    key, now = f"ticket_{endpoint_id}", frame.now()
    ticket: Ticket | None = st.session_state.get(key)
    if ticket is not None and now < ticket.renew_at:
        return ticket
    try:
        ticket = portal().endpoints.issue_test_ticket(actor(), endpoint_id=endpoint_id)
    except Unavailable:
        if ticket is None or now >= ticket.expires_at:
            raise
    st.session_state[key] = ticket
    return ticket


def ask(ticket: Ticket, row: dict[str, Any]) -> Answer:
    """Sends one row. Invalid with the server's own words when it refuses; Unavailable when nobody answers."""
    import httpx

    headers = {"authorization": f"Bearer {ticket.token}"}
    body = {"rows": [row], "explain": True}
    try:
        answer = http_client().post(f"{ticket.url}/predict", json=body, headers=headers, timeout=SECONDS)
    except httpx.HTTPError as error:
        raise Unavailable(_("The gateway does not answer"), hint=_("Is it running?")) from error
    document = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    if not answer.is_success:
        message = document.get("error") or _("The gateway answered {status}").format(status=answer.status_code)
        raise Invalid(str(message), hint=str(document.get("hint", "")))
    prediction = document["predictions"][0]
    return Answer(
        prediction=prediction,
        version=answer.headers.get("x-causeway-version", ""),
        milliseconds=answer.elapsed.total_seconds() * 1e3,
        features=prediction.get("features", {}),
        lookups=tuple(prediction.get("lookups", ())),
        unknown=tuple(document.get("unknown", ())),
    )


def _lookups(contract: FeatureContract, answer: Answer) -> None:
    """How each look-up ended: a feature that is not there is said, not hidden, and so is what the model does not
    know."""
    words = {"present": ":green[:material/check:]", "null": ":gray[:material/remove:]"}
    for view, lookup in zip(contract.views, answer.lookups, strict=False):
        state = str(lookup.get("status", ""))
        icon = words.get(state, ":orange[:material/warning:]")
        st.caption(f"{icon} {links.escape(view.view)} :gray[{links.escape(state.replace('_', ' '))}]")
    unknown = _("unknown to the model")
    for name in answer.unknown:
        st.caption(f":orange[:material/warning:] {links.code(name)} :gray[{unknown}]")


def _shown(value: Any) -> str:
    if value is None:
        return _("missing")
    text = numbers.figure(value) if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
