"""A model from elsewhere becomes a version: which columns fill its tensors and what its outputs are is proposed,
corrected, and tried on rows of its source at each change."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.registry.model_choice import choose_model
from app.registry.upload import calls, hints, inputs, outputs, sources, trial
from app.registry.upload.sources import Sent
from app.ui import forms, frame, links
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.registry.foreign.values import Compared, TensorMapping


def show() -> None:
    facts = [_("A file of another library, with the rows that show that its conversion was right")]
    frame.header(_("Upload a model"), crumbs=[(_("Models"), "models")], facts=facts)
    left, right = st.columns([1.72, 1], gap="medium")
    with right:
        project = forms.choose_project(key="up_project")
        frame.section(_("Trial"), hint=_("on the rows, at each change"))
        place = st.container()
    with left:
        sent = sources.choose(project)
        try:
            chosen = _decided(project, sent) if sent else None
        except Invalid as error:
            frame.refusal(error)
            hints.show(is_open=True)
            return
    with place:
        if sent is None or chosen is None:
            trial.waiting()
            hints.show()
            return
        _tried(project, sent, mapping=chosen[0], compared=chosen[1])


def _decided(project: str, sent: Sent) -> tuple[TensorMapping, Compared]:
    """What the person says of the file, which begins as it is proposed."""
    look = calls.look_of(project, sent)
    filled = inputs.choose(look)
    answers = outputs.choose(look)
    used = {column.name for tensor in filled for column in tensor.columns}
    compared = {} if sent.expected else outputs.compared(look, answers, used=used)
    return TensorMapping(inputs=filled, answers=answers), compared


def _tried(project: str, sent: Sent, *, mapping: TensorMapping, compared: Compared) -> None:
    with forms.attempt() as done:
        result = calls.trial_of(project, sent, mapping=mapping, compared=compared)
        trial.show(result)
    places: dict[str, DeltaGenerator] = {}
    frame.section(_("Register"))
    names = choose_model(project, key="version", places=places)
    source = st.text_input(_("Source"), key="up_source", placeholder=_("scikit-learn 1.9, skl2onnx 1.20"))
    note = st.text_area(_("Card"), key="up_note", height=90, placeholder=_("What it is, and where it comes from"))
    is_right = done.succeeded and not (result.report and result.report.above)
    why = None if is_right else _("The file must answer as the original library does.")
    if st.button(_("Register"), type="primary", key="up_register", disabled=not is_right, help=why):
        with forms.attempt(places) as registered:
            decided = {"mapping": mapping, "compared": compared or None, **names.arguments()}
            version = calls.register(project, sent, source=source or "", note=note or "", **decided)
        if registered.succeeded:
            frame.say(_("{id} is registered").format(id=version.id))
            links.open_object(version.id)


show()
