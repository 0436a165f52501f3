"""Models: each with the version that counts, how good it is, and where it serves."""

import streamlit as st

from app.registry.dialogs import new_model, upload
from app.registry.naming import PRODUCTION, Places, figure_of, places, stage_of
from app.session import actor, may, portal
from app.ui import frame, links, times
from app.ui.tables import offset_of, pager, search, searched, shown_of
from app.ui.wording import counted, metric_name
from core.foundation.text import _
from core.identity.permissions import Permission
from core.registry.values import Model, ModelVersion

SIZE = 20
MOST = 200


def show() -> None:
    total = portal().registry.list_models(actor(), limit=1).total
    known = places()
    facts = [counted(total, _("model"), _("models")), _serving_line(known)]
    with frame.header(_("Models"), facts=facts if total else []):
        _actions()
    if not total:
        advice = _(
            "A run that has finished registers its model as a version; a file trained elsewhere can be uploaded."
        )
        with frame.empty(_("No models yet"), advice=advice, icon="deployed_code"):
            links.page_link("runs", _("Choose a run"), icon=":material/model_training:")
        return
    search(_("Search name"), key="q")
    offset = offset_of("page", size=SIZE)
    listing = portal().registry.list_models(actor(), query=searched("q")[:100], offset=offset, limit=SIZE)
    if not listing.items:
        frame.empty(_("No model matches"), advice=_("Clear the search to see all."), icon="filter_alt_off")
        return
    with frame.rows("models"):
        for model in listing.items:
            _row(model, known)
    st.caption(shown_of(len(listing.items), listing.total))
    pager(listing.total, key="page", size=SIZE)


def _actions() -> None:
    if not may(Permission.MODELS_WRITE):
        return
    if st.button(_("Upload a version"), icon=":material/upload:", key="upload"):
        upload()
    if st.button(_("New model"), icon=":material/add:", type="primary", key="new_model"):
        new_model()


def _serving_line(known: Places) -> str:
    serving = sum(1 for each in known.values() if each[0].endpoint.environment == PRODUCTION)
    return _("{versions} in production").format(versions=counted(serving, _("version"), _("versions")))


def _row(model: Model, known: Places) -> None:
    versions = portal().registry.list_versions(actor(), model_id=model.id, limit=MOST).items if model.versions else ()
    first = _counting(versions, known)
    parts = [model.description, counted(model.versions, _("version"), _("versions"))]
    if first is not None:
        parts += [
            f"{metric_name(metric)} {times.number(found.value)}"
            for metric in ("auc", "log_loss")
            if (found := figure_of(first, metric))
        ]
        parts += [place.words for place in known.get(first.id, ())]
    with frame.row(
        model.id,
        title=model.name,
        target=model.id,
        value=f":gray[v{first.version}]" if first else "",
        state=stage_of(first, known) if first else "empty",
        detail=" · ".join(links.escape(part) for part in parts if part),
        age=times.ago(first.created_at if first else model.created_at, now=frame.now()),
    ):
        if first and len(versions) > 1:
            ids = ",".join(version.id for version in versions[:4])
            links.follow("compare", _("Compare"), ids=ids, baseline=first.id)


def _counting(versions: tuple[ModelVersion, ...], known: Places) -> ModelVersion | None:
    """The version in production, else in staging, else the newest."""
    order = {PRODUCTION: 0, "staging": 1}
    return min(versions, key=lambda one: (order.get(stage_of(one, known), 2), -one.version), default=None)


show()
