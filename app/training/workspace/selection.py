"""What can be done with the runs that are ticked: draw only them, compare their versions, tag them; and what they
differ in."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.session import actor, may, portal
from app.training.workspace import address
from app.training.workspace.names import differing, names_of
from app.ui import forms, frame, links, numbers
from app.ui.numbers import metric_short
from app.ui.parameters import plain, title_of
from app.ui.tables import reading
from app.ui.tasks import leading_metrics
from core.foundation.text import _
from core.identity.permissions import Permission
from core.training.values import RecipeCard
from core.training.workspace.values import METRICS, RunLine

MOST_COMPARED, MOST_ROWS, MOST_SIDE_BY_SIDE = 8, 8, 4


def selection_bar(chosen: Sequence[RunLine], *, key: str) -> None:
    with st.container(key="selection_bar", horizontal=True, gap="xsmall", vertical_alignment="center", border=True):
        st.markdown(_("**{n} selected**").format(n=len(chosen)), width="content")
        _compare(chosen)
        if st.button(_("Only these"), icon=":material/visibility:", key="only_these"):
            address.draw_only(line.id for line in chosen)
            st.rerun()
        if all(may(Permission.JOBS_WRITE, project=line.project) for line in chosen):
            _tag(chosen)
        if st.button(_("Clear"), icon=":material/close:", type="tertiary", key="clear_selection"):
            st.session_state[f"{key}_chosen"] = ()
            st.rerun()


def _compare(chosen: Sequence[RunLine]) -> None:
    versions = list(dict.fromkeys(line.version_id for line in chosen if line.version_id))[:MOST_COMPARED]
    missing = None if len(versions) > 1 else _("Register two of them as versions first.")
    pressed = st.button(
        _("Compare versions"),
        type="primary",
        icon=":material/compare_arrows:",
        disabled=len(versions) < 2,
        help=missing,
        key="compare",
    )
    if pressed:
        links.open_page("compare", ids=",".join(versions))


def _tag(chosen: Sequence[RunLine]) -> None:
    with st.popover(_("Tag"), icon=":material/sell:"):
        tag = (st.text_input(_("Tag"), key="tag_name", placeholder="candidate") or "").strip()
        if st.button(_("Add the tag"), key="add_tag", type="primary"):
            with forms.attempt() as done:
                for line in chosen:
                    portal().run_workspace.describe_run(actor(), run_id=line.id, tags=(*line.tags, tag))
            if done.succeeded:
                st.rerun()


def differences(chosen: Sequence[RunLine], cards: Mapping[str, RecipeCard]) -> None:
    """A column for each ticked run, up to four: only what is not the same."""
    shown = chosen[:MOST_SIDE_BY_SIDE]
    frame.section(_("What differs"), hint=_("between {n} ticked runs").format(n=len(shown)))
    names = names_of(shown, cards)
    params = {line.id: {**line.params, "recipe": line.recipe, "seed": line.seed} for line in shown}
    rows = differing(list(params.values()))[:MOST_ROWS]
    metrics = leading_metrics(line.task for line in shown)
    first = [*(title_of(name, cards.get(shown[0].recipe)) for name in rows), *(metric_short(name) for name in metrics)]
    columns = {_("Parameter"): first}
    for line in shown:
        figures = [numbers.number(_figure(line, name)) for name in metrics]
        values = [f"`{plain(params[line.id].get(name))}`" for name in rows]
        columns[f"{links.escape(names[line.id])} · {line.id}"] = [*values, *figures]
    reading(columns, alt=_("Parameters and figures in which the ticked runs differ"))
    if not rows:
        st.caption(_("Their parameters are the same; rows may differ."))


def _figure(line: RunLine, metric: str) -> float | None:
    value = line.values.get(f"{METRICS}validation_{metric}")
    return value if isinstance(value, float) else None
