"""The actions in the header of an endpoint's page: what its state asks for, and what else its environment allows."""

from functools import partial

import streamlit as st

from app.next_action.serving import endpoint_action
from app.next_action.values import NextAction, nothing
from app.serving.deploy import bring_back, deploy, has_other_version, roll_back, rollout_of, served_before
from app.session import actor, may, portal
from app.ui.fields import keeping
from app.ui.fields.keeping import Dialogs
from app.ui.fields.naming import RENAME, rename_dialog
from app.ui.health import put_away_state
from app.ui.primary_action import primary_action, rights
from core.foundation.text import _
from core.identity.permissions import Permission
from core.serving.values import Endpoint


def actions(endpoint: Endpoint) -> NextAction:
    """Draws the buttons; returns the primary one, for what it lacks is said below."""
    action = nothing() if put_away_state(endpoint.id) else _buttons(endpoint)
    dialogs: Dialogs = {}
    if may(Permission.ENDPOINT_WRITE, project=endpoint.project):
        dialogs[_(RENAME)] = lambda: rename_dialog(endpoint.title, endpoint.name, partial(_rename, endpoint))
    keeping.menu(dialogs, endpoint.id, title=endpoint.title, project=endpoint.project)
    return action


def _buttons(endpoint: Endpoint) -> NextAction:
    is_staging = endpoint.environment == "staging"
    has_other = has_other_version(endpoint)
    can_return = not is_staging and bool(served_before(endpoint))
    tests = portal().loadtests.list_tests(actor(), endpoint_id=endpoint.id, limit=1).items
    action = endpoint_action(
        endpoint,
        has_other_version=has_other,
        can_return=can_return,
        rollout=rollout_of(endpoint),
        is_tested=any(test.created_at >= endpoint.changed_at for test in tests),
        rights=rights(endpoint.project),
    )
    if is_staging:
        _staging(endpoint, action, has_other=has_other)
    else:
        _production(endpoint, action, can_return=can_return)
    return action


def _rename(endpoint: Endpoint, title: str) -> None:
    portal().endpoints.rename_endpoint(actor(), endpoint_id=endpoint.id, title=title)


def _staging(endpoint: Endpoint, action: NextAction, *, has_other: bool) -> None:
    may_deploy = has_other and action.name != "deploy" and may(Permission.ENDPOINT_WRITE, project=endpoint.project)
    is_asked = may_deploy and st.button(_("Deploy"), icon=":material/publish:", key="deploy")
    if primary_action(action) or is_asked:
        deploy(endpoint)


def _production(endpoint: Endpoint, action: NextAction, *, can_return: bool) -> None:
    label = _("Roll back") if endpoint.routes else _("Bring back")
    may_return = (
        can_return
        and action.name not in ("roll_back", "bring_back")
        and may(Permission.ROLLBACK, project=endpoint.project)
    )
    is_asked = may_return and st.button(label, icon=":material/undo:", key="roll_back")
    if primary_action(action) or is_asked:
        (roll_back if endpoint.routes else bring_back)(endpoint)
