"""The last step: all of it in words, what is known to be wrong before anything is joined, and the name."""

from collections.abc import Sequence

import streamlit as st

from app.requirements.choice import KEY as REQUIREMENT
from app.requirements.choice import requirement_choice
from app.session import actor, portal
from app.training_sets.builder.axis import title_of
from app.training_sets.builder.draft import Draft, change
from app.training_sets.builder.features import time_words
from app.training_sets.builder.splits import figures_words, verdicts_of
from app.training_sets.builder.steps import Rows, split_words, task_words
from app.training_sets.builder.views import version_of
from app.ui import frame, links, numbers
from app.ui.fields.naming import name_fields
from app.ui.fields.sticky import put
from app.ui.wording import counted as counted_words
from core.features.training_sets.proposals.values import SplitsPreview
from core.features.training_sets.values import TrainingSet
from core.features.values import FeatureVersion
from core.foundation.ids import Kind
from core.foundation.text import _

Findings = Sequence[tuple[bool, str, str]]


def join_step(shown: Draft, rows: Rows) -> None:
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        frame.section(_("What will be made"), key="set_summary")
        frame.facts(summary_of(shown, rows))
        frame.section(_("Checks"), hint=_("before the join; more are made with it"), key="set_checks")
        with frame.rows("set_checks"):
            for number, (is_good, title, detail) in enumerate(findings_of(shown, rows)):
                icon = ":green[:material/check_circle:]" if is_good else ":orange[:material/warning:]"
                frame.row(f"check_{number}", title=title, detail=links.escape(detail), icon=icon)
        with st.expander(_("The query of the rows")):
            st.code(rows.entity.sql, language="sql")
    with right, frame.card("set_name"):
        names_of(shown, rows)


def summary_of(shown: Draft, rows: Rows) -> dict[str, str]:
    """All that was chosen, by what it is."""
    entity = rows.entity
    sources = ", ".join(
        f"[{links.escape(name)}]({links.address_of(snapshot)})" for name, snapshot in entity.sources.items()
    )
    looked_up = [version_of(use.version_id) for use in shown.uses]
    facts = {
        _("Learned"): task_words(entity),
        _("Rows"): _("{n} from {names}").format(n=numbers.number(rows.proposal.rows), names=sources),
        _("Row id"): links.code(entity.row_id) if rows.entity.row_id else "",
        _("Moment"): links.code(entity.event_time) if entity.event_time else _("none: the rows stand for themselves"),
        _("Sent"): counted_words(len(entity.inputs), _("input"), _("inputs")),
        _("Looked up"): ", ".join(f"{links.escape(v.title)}, {len(v.features)}" for v in looked_up) or _("nothing"),
        _("Splits"): split_words(rows.splitting),
    }
    if isinstance(rows.counted, SplitsPreview):
        facts |= {title_of(split.name): figures_words(split, rows.counted) for split in rows.counted.splits}
    return facts


def findings_of(shown: Draft, rows: Rows) -> Findings:
    """What is known before the join: whether it is good, in words, and why."""
    findings = list(verdicts_of(rows))
    findings += [(False, note, "") for note in rows.proposal.notes]
    if risky := [
        column.source
        for column in rows.columns
        if column.role == "input" and column.reason.startswith("Chosen. It is known")
    ]:
        words = _("They are known only later than the moment; the join will refuse them if they come from the future.")
        findings.append((False, _("Inputs that may be known too late: {names}").format(names=", ".join(risky)), words))
    if not shown.known_at and shown.uses:
        words = _("Late rows and corrections count from their event time, which serving cannot do.")
        findings.append((False, _("Values count before they are known"), words))
    findings += [(True, version.title, time_words(version)) for version in _versions(shown)]
    return findings


def _versions(shown: Draft) -> list[FeatureVersion]:
    return [version_of(use.version_id) for use in shown.uses]


def names_of(shown: Draft, rows: Rows) -> None:
    """The name, with a proposal, and the requirement."""
    if not st.session_state.get("set_name"):
        put("set_name", shown.title or title_proposed(rows))
    given = name_fields(
        Kind.TRAINING_SET, project=shown.project, key="set", example=_("Orders of last year"), given=shown.title
    )
    if (given["title"] or "") != shown.title:
        change(title=given["title"] or "")
    st.session_state.setdefault(REQUIREMENT, shown.requirement_id)
    if (chosen := requirement_choice(shown.project)) != shown.requirement_id:
        change(requirement_id=chosen)


def title_proposed(rows: Rows) -> str:
    """What is learned of what: "Orders: returned"."""
    snapshots = (portal().datasets.get_snapshot(actor(), snapshot_id=id_) for id_ in rows.entity.sources.values())
    title = next((snapshot.title for snapshot in snapshots), _("Rows"))
    if not rows.entity.label:
        return _("{rows}, to score").format(rows=title)
    return _("{rows}: {label}").format(rows=title, label=rows.entity.label)


def create(shown: Draft, rows: Rows) -> TrainingSet:
    """Makes the set; what is wrong with it is raised."""
    name = str(st.session_state.get("set_identifier") or "") or None
    return portal().training_sets.create_training_set(
        actor(),
        project=shown.project,
        title=shown.title or title_proposed(rows),
        name=name,
        entity=rows.entity,
        uses=shown.uses,
        splits=rows.splitting.splits,
        shares=rows.splitting.shares,
        known_at=shown.known_at,
        requirement_id=shown.requirement_id,
    )
