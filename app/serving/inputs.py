"""What callers ask an endpoint's models that these never learned, and what is missing when they are asked."""

import streamlit as st

from app.session import actor, portal
from app.ui import frame, links, numbers
from app.ui.tables import reading
from core.foundation.text import _
from core.serving.values import Endpoint, EndpointInputs, InputGap

MOST = 12


def inputs(endpoint: Endpoint) -> None:
    """The inputs and views by the share of the last hour's rows in which they were unknown or missing, beside what it
    was before."""
    shown = portal().endpoints.inputs(actor(), endpoint_id=endpoint.id)
    frame.section(_("Unknown and missing inputs"), hint=_hint(shown))
    gaps = shown.gaps[:MOST]
    if not gaps:
        st.caption(_nothing(shown))
        return
    reading(
        {
            _("Input"): [_name(gap) for gap in gaps],
            _("What"): [_what(gap) for gap in gaps],
            _("Last hour"): [_share(gap) for gap in gaps],
            _("Before"): [numbers.percent(gap.share_before) for gap in gaps],
        },
        alt=_("Inputs by the share of rows in which they were unknown or missing"),
    )


def _nothing(shown: EndpointInputs) -> str:
    """Silence is no sign that all is well."""
    if not shown.rows:
        return _("No row came in the last hour.")
    return _("Every input that came was known to the model, and every feature was there.")


def _hint(shown: EndpointInputs) -> str:
    return _("share of {rows} rows of the last hour").format(rows=numbers.number(shown.rows))


def _name(gap: InputGap) -> str:
    return links.code(gap.name)


def _what(gap: InputGap) -> str:
    return _("unknown to the model") if gap.kind == "unknown" else _("no row, or an expired one")


def _share(gap: InputGap) -> str:
    share = numbers.percent(gap.share)
    return f":orange[:material/trending_up: **{share}**]" if gap.has_jumped else share
