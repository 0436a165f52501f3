"""What comes next for an endpoint."""

from app.next_action.values import NextAction, Rights, nothing
from core.foundation.text import _
from core.identity.permissions import Permission
from core.serving.values import Endpoint


def endpoint_action(
    endpoint: Endpoint, *, has_other_version: bool, can_return: bool, rollout: str, is_tested: bool, rights: Rights
) -> NextAction:
    """`has_other_version`: its project has an active version that it does not serve. `can_return`: something else was
    approved for it and served there. `rollout` is the id of the request whose rollout is under way, "" for none.
    `is_tested`: load was put on it since it last changed."""
    if endpoint.environment == "production":
        return _production(
            endpoint, has_other_version=has_other_version, can_return=can_return, rollout=rollout, rights=rights
        )
    if endpoint.routes and endpoint.settled and not is_tested and rights.may(Permission.LOADTEST):
        return NextAction(
            name="test",
            label=_("Start a load test"),
            icon="speed",
            sentence=_("What it serves now has not been load-tested."),
            target=f"load-tests?endpoint={endpoint.id}",
        )
    return deployment(has_other_version=has_other_version, rights=rights)


def deployment(*, has_other_version: bool, rights: Rights) -> NextAction:
    """Another version on a staging endpoint."""
    if not rights.may(Permission.ENDPOINT_WRITE):
        return nothing()
    return NextAction(
        name="deploy",
        label=_("Deploy"),
        icon="publish",
        sentence=_("A version takes every request of this staging endpoint."),
        missing="" if has_other_version else _("There is no other version to deploy: register a finished run first."),
    )


def _production(
    endpoint: Endpoint, *, has_other_version: bool, can_return: bool, rollout: str, rights: Rights
) -> NextAction:
    if rollout:
        label, sentence = _("Follow the rollout"), _("{id} moves its traffic step by step.").format(id=rollout)
        return NextAction(name="follow", label=label, icon="alt_route", sentence=sentence, target=rollout)
    if is_refused(endpoint) and can_return and rights.may(Permission.ROLLBACK):
        sentence = _("What it should serve cannot be served.")
        return NextAction(name="roll_back", label=_("Roll back"), icon="undo", sentence=sentence)
    if endpoint.closed and can_return and rights.may(Permission.ROLLBACK):
        sentence = _("It serves nothing. What was released here before needs no new approval.")
        return NextAction(name="bring_back", label=_("Bring back"), icon="undo", sentence=sentence)
    if not rights.may(Permission.PROMOTE_REQUEST):
        return nothing()
    return NextAction(
        name="request",
        label=_("Request a promotion"),
        icon="approval",
        sentence=_("Another version is released here once its evidence was judged and people approved it."),
        missing="" if has_other_version else _("There is no other version to release: register a finished run first."),
        target=f"promotions?endpoint={endpoint.id}",
    )


def is_refused(endpoint: Endpoint) -> bool:
    """Whether the gateway cannot serve what was asked for."""
    return bool(endpoint.cause) or any(server.state == "refused" for server in endpoint.servers)
