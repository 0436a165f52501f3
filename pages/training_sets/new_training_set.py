"""A new training set, step by step: its rows, the features to join, the splits, and a last look before it is made."""

import streamlit as st

from app.session import may
from app.training_sets.builder.draft import Draft, begin
from app.training_sets.builder.features import features_step
from app.training_sets.builder.join import create, join_step
from app.training_sets.builder.missing import missing_of
from app.training_sets.builder.result import result_card
from app.training_sets.builder.rows import (
    Splitting,
    columns_of,
    counted_splits,
    entity_of_draft,
    proposal_of,
    splitting_of,
)
from app.training_sets.builder.source import rows_step
from app.training_sets.builder.splits import splits_step
from app.training_sets.builder.steps import (
    FEATURES,
    JOIN,
    ROWS,
    SPLITS,
    Rows,
    current_step,
    head,
    stepper,
    what_is_missing,
)
from app.training_sets.builder.storage import keep_in_browser
from app.ui import forms, frame, links
from core.features.training_sets.proposals.values import SplitsPreview
from core.features.training_sets.values import EntityQuery
from core.foundation.errors import Invalid, PortalError
from core.foundation.text import _
from core.identity.permissions import Permission


def show() -> None:
    if not may(Permission.FEATURE_SQL):
        frame.header(_("New training set"), crumbs=[(_("Training sets"), "training-sets")])
        frame.empty(
            _("Training sets are made by engineers"), advice=_("Ask for the role in your project."), icon="lock"
        )
        return
    shown, rows, refused = begin(), None, None
    try:
        rows = _rows(shown)
    except PortalError as error:
        refused = error
    missing = missing_of(shown, rows, step=current_step())
    wanted = head(shown, rows, missing=missing)
    stepper(shown, rows)
    what_is_missing(missing)
    _step(shown, rows, refused=refused)
    keep_in_browser()
    if wanted and rows is not None:
        _create(shown, rows)


def _rows(shown: Draft) -> Rows | None:
    if not shown.has_rows:
        return None
    proposal = proposal_of(shown)
    entity = entity_of_draft(shown, proposal)
    splitting = splitting_of(shown, proposal, entity=entity)
    return Rows(
        proposal=proposal,
        columns=columns_of(shown, proposal),
        entity=entity,
        splitting=splitting,
        counted=_counted(shown, entity, splitting=splitting),
    )


def _counted(shown: Draft, entity: EntityQuery, *, splitting: Splitting) -> SplitsPreview | Invalid:
    try:
        return counted_splits(shown.project, entity=entity, splitting=splitting)
    except Invalid as error:
        return error


def _step(shown: Draft, rows: Rows | None, *, refused: PortalError | None) -> None:
    step = current_step() if rows is not None else ROWS
    if rows is None or step == ROWS:
        rows_step(shown, rows, refused=refused)
    elif step == FEATURES:
        left, right = st.columns([2.6, 1], gap="medium")
        with left:
            features_step(shown, rows)
        with right:
            result_card(shown, rows)
    elif step == SPLITS:
        splits_step(shown, rows)
    elif step == JOIN:
        join_step(shown, rows)


def _create(shown: Draft, rows: Rows) -> None:
    with forms.attempt() as done:
        training_set = create(shown, rows)
    if done.succeeded:
        frame.say(_("Joining {id}").format(id=training_set.id))
        links.open_object(training_set.id)


show()
