"""Parts of a version's page: its card, its files, and the pictures of its answers."""

import re
from collections.abc import Callable, Sequence

import streamlit as st

from app.registry.evaluations import evaluation_table, interval_chart
from app.registry.naming import Places
from app.registry.pictures import caption_of, draw
from app.session import actor, may, portal
from app.ui import forms, frame, links, numbers
from app.ui.health import put_away_state
from app.ui.numbers import metric_name
from app.ui.parameters import parameters
from app.ui.tables import reading
from app.ui.tasks import shown_metrics
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.registry.signature import ANY, TensorSpec
from core.registry.values import ModelVersion
from core.tasks.task import task_of
from core.tasks.values import Curve, Picture

HEADING = re.compile(r"^#{1,6}\s+(.*)$", re.MULTILINE)
KINDS = {"BYTES": N_("text"), "BOOL": N_("true or false")}


def card(version: ModelVersion) -> None:
    """The card, and beside it the parameters that are no defaults."""
    left, right = st.columns([1.72, 1], gap="medium")
    with left:
        _words(version)
    with right:
        frame.section(_("Parameters"), hint=_("changed from the defaults"))
        parameters(version.params, recipe=str(version.params.get("recipe", "")))


def _words(version: ModelVersion) -> None:
    """What the card says, and the way to change it."""
    with frame.section(_("Card"), hint=_("stored apart from the model file, and may be edited")):
        may_edit = may(Permission.MODELS_EDIT, project=version.project) and not put_away_state(version.model_id)
        if may_edit and st.button(_("Edit the card"), icon=":material/edit:", type="tertiary", key="edit_card"):
            edit_card(version)
    with frame.card("says"):
        empty_card = _("The card is empty.")
        st.markdown(shown(version.card) or f":gray[{empty_card}]")


def shown(text: str) -> str:
    """Someone's Markdown inside a page: headings become bold lines, and no picture is fetched from elsewhere."""
    return HEADING.sub(r"**\1**", text).replace("![", "\\![")


@forms.dialog(N_("Edit the card"), width="large")
def edit_card(version: ModelVersion) -> None:
    """Saving it makes approvals that rest on the old card stale, which is said before."""
    st.caption(_("Approvals that rest on the old card will no longer count."))
    text = st.text_area(_("Card, in Markdown"), value=version.card, height=420, key="card_text", max_chars=20_000)
    if st.button(_("Save the card"), type="primary", key="card_save"):
        with forms.attempt() as done:
            portal().registry.edit_card(actor(), version_id=version.id, card=text or "")
        if done.succeeded:
            frame.say(_("The card of {id} was changed").format(id=version.id))
            st.rerun()


def metrics(version: ModelVersion) -> None:
    """Every split with its figures, one of them as a chart, and the pictures of the rows that training never saw."""
    if not version.evaluations:
        advice = _("It was uploaded: judge it on a training set or a dataset with labels.")
        frame.empty(_("Not evaluated"), advice=advice, icon="query_stats")
        return
    task = task_of(version.signature.target)
    frame.section(_("Evaluations"), hint=_("on every split"))
    evaluation_table(version.evaluations, task=task)
    left, right = st.columns(2, gap="medium")
    with left:
        if shown := shown_metrics(task):
            metric = _control(_("By split"), shown, metric_name, key="split_metric")
            interval_chart(version.evaluations, metric, key="split_intervals")
    with right:
        _pictures(version)


def _control(title: str, options: tuple[str, ...], words: Callable[[str], str], *, key: str) -> str:
    with frame.section(title, key=key):
        chosen = st.segmented_control(
            title,
            options,
            default=options[0],
            required=True,
            format_func=words,
            key=key,
            label_visibility="collapsed",
        )
    return str(chosen)


def _pictures(version: ModelVersion) -> None:
    curves = _curves(version)
    drawn = {picture.name: picture for picture in drawable(version, curves)}
    if drawn:
        title = _("Answers")
        name = _control(title, tuple(drawn), lambda chosen: _(drawn[chosen].title), key="version_curve")
        _picture(version, drawn[name], curves, key="version_curves")


def overview_pictures(version: ModelVersion) -> None:
    """The first two pictures of its task, beside each other."""
    curves = _curves(version)
    places = st.columns([1.72, 1], gap="medium")
    for place, picture in zip(places, drawable(version, curves), strict=False):
        with place:
            frame.section(_(picture.title), hint=_("on unseen rows"))
            _picture(version, picture, curves, key=f"overview_{picture.name}")


def _curves(version: ModelVersion) -> tuple[Curve, ...]:
    """Computed once in a visit: they follow from predictions that never change."""
    known: dict[str, tuple[Curve, ...]] = st.session_state.setdefault("version_pictures", {})
    if version.id not in known:
        known[version.id] = portal().registry.compare(actor(), version_ids=(version.id,)).curves
    return known[version.id]


def drawable(version: ModelVersion, curves: Sequence[Curve]) -> tuple[Picture, ...]:
    """The pictures of its task for which there is something to draw."""
    names = {curve.name for curve in curves}
    return tuple(picture for picture in task_of(version.signature.target).pictures if picture.name in names)


def _picture(version: ModelVersion, picture: Picture, curves: Sequence[Curve], *, key: str) -> None:
    curve = next(curve for curve in curves if curve.name == picture.name)
    draw(picture, {f"v{version.version}": curve}, key=key)
    st.caption(caption_of(picture))


def files(version: ModelVersion) -> None:
    """What the version is, to the byte, and what it was made with."""
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        with frame.section(_("Files"), hint=_("content-addressed, never changed")):
            _download(version)
        digests = {
            _("model.onnx, {size}").format(size=numbers.size(version.bytes)): version.model_digest,
            _("Folder: model file, signature and first card"): version.digest,
            _("Card as it is now"): version.card_digest,
            _("Code that trained it"): version.code_commit,
        }
        for label, digest in digests.items():
            if digest:
                st.caption(label)
                st.code(digest, language=None)
        frame.section(_("Made with"))
        frame.facts({links.escape(name): links.code(value) for name, value in version.environment.items()})
    with right:
        inputs = version.signature.inputs
        only_values = not any(spec.row for spec in inputs)
        hint = _("{n} inputs, one value a row each") if only_values else _("{n} inputs")
        frame.section(_("Takes"), hint=hint.format(n=len(inputs)))
        _tensors(inputs, title=_("Input"))
        if version.signature.outputs:
            frame.section(_("Gives"))
            _tensors(version.signature.outputs, title=_("Output"))
        else:
            st.caption(_("It gives `{output}`, one for each row.").format(output=version.signature.output))


def _tensors(specs: Sequence[TensorSpec], *, title: str) -> None:
    """Each with what one row of it is."""
    reading({title: [links.code(spec.name) for spec in specs], _("Kind"): [_kind(spec) for spec in specs]})


def _kind(spec: TensorSpec) -> str:
    kind = _(KINDS.get(spec.datatype, N_("number")))
    return kind if not spec.row else f"{kind} ({spec.datatype} {' x '.join(map(_size, spec.row))})"


def _size(size: int) -> str:
    return _("any") if size == ANY else str(size)


def _download(version: ModelVersion) -> None:
    if not may(Permission.ARTIFACT_READ, project=version.project):
        return
    who, service = actor(), portal().registry
    st.download_button(
        _("Download"),
        data=lambda: service.download_artifact(who, version_id=version.id).content,
        file_name=f"{version.model}-v{version.version}.onnx",
        mime="application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
        key="download",
        help=_("Its bytes are hashed first, and the download is recorded."),
    )


def serving_card(version: ModelVersion, known: Places) -> None:
    """Where it serves, with its share."""
    frame.section(_("Serves"))
    with frame.card("serves", tight=True):
        version_places = known.get(version.id, ())
        if not version_places:
            st.caption(_("Not serving yet."))
        for place in version_places:
            links.link(
                place.endpoint.id, f"{place.endpoint.title} · {place.weight}\u202f%", icon=":material/cloud_done:"
            )
