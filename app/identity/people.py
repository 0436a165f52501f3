"""Parts of the people page: one person's roles, the dialogs that add someone, and tokens, whose secret is shown
once."""

import streamlit as st

from app.session import actor, may, person, portal, projects, role_title
from app.ui import forms, frame, links, status, times
from core.foundation.text import N_, _
from core.identity.permissions import PROJECT_ROLES, ROLES, Permission, Role, token_permissions
from core.identity.values import NewToken, Person, Token

EVERYWHERE = ""


def roles_of(person: Person) -> str:
    """Roles in a few words, for a grid."""
    if person.kind == "service":
        return _("Service account")
    return ", ".join(role_title(grant.role) for grant in person.grants) or "—"


def person_card(person: Person) -> None:
    """Everything about one person, with what an administrator can change."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", wrap=False):
        st.header(links.escape(person.name), anchor=False, width="content")
        status.badge(person.state)
    st.caption(f"{person.id} · {links.escape(person.handle)}")
    names = projects()
    with frame.rows("roles"):
        for number, grant in enumerate(person.grants):
            where = names.get(grant.project, grant.project) if grant.project else _("everywhere")
            role = _("Access") if person.kind == "service" else role_title(grant.role)
            with frame.row(f"role_{number}", title=role, value=f":gray[{links.escape(where)}]"):
                if may(Permission.PEOPLE_WRITE) and person.kind == "person":
                    _take_away(person, grant.role, grant.project, number)
        if not person.grants:
            frame.row("role_none", title=_("No role yet"), detail=_("Without a role nothing is visible."))
    if may(Permission.PEOPLE_WRITE):
        _give(person)


def _take_away(person: Person, role: Role, project: str, number: int) -> None:
    if st.button("", icon=":material/close:", type="tertiary", key=f"take_{person.id}_{number}", help=_("Revoke")):
        with forms.attempt() as done:
            portal().identity.revoke_role(actor(), person_id=person.id, role=role, project=project)
        if done.succeeded:
            frame.say(_("A role of {name} is revoked").format(name=person.name))
            st.rerun()


def _give(person: Person) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        if person.kind == "person" and st.button(_("Grant a role"), icon=":material/add:", key=f"give_{person.id}"):
            role_dialog(person)
        if person.kind == "service" and st.button(_("Mint a token"), icon=":material/key:", key=f"mint_{person.id}"):
            token_dialog(person, [])
        active = person.state == "active"
        if st.button(_("Disable") if active else _("Enable"), type="tertiary", key=f"state_{person.id}"):
            with forms.attempt() as done:
                state = "disabled" if active else "active"
                portal().identity.set_state(actor(), person_id=person.id, state=state)  # type: ignore[arg-type]
            if done.succeeded:
                st.rerun()


@forms.dialog(N_("Grant a role"))
def role_dialog(person: Person) -> None:
    """A role, in a project or (where that is possible) everywhere."""
    role = Role(st.selectbox(_("Role"), list(Role), format_func=role_title, key="new_role") or Role.VIEWER)
    names = projects()
    choices = list(names) if role in PROJECT_ROLES else [EVERYWHERE, *names]
    project = st.selectbox(
        _("Where"), choices, format_func=lambda item: names.get(item, _("Everywhere")), key=f"new_role_in_{role}"
    )
    if st.button(_("Grant the role"), type="primary", key="new_role_save"):
        with forms.attempt() as done:
            portal().identity.grant_role(actor(), person_id=person.id, role=role, project=project or "")
        _close(done, _("{name} is {role} now").format(name=person.name, role=role_title(role)))


@forms.dialog(N_("Add a person"))
def person_dialog() -> None:
    """A person, who has no role at first."""
    name = st.text_input(_("Name"), key="person_name", max_chars=80)
    handle = st.text_input(_("Handle"), key="person_handle", help=_("Small letters, digits and dashes."))
    if st.button(_("Add"), type="primary", key="person_save"):
        with forms.attempt() as done:
            portal().identity.create_person(actor(), handle=handle, name=name)
        _close(done, _("Added {name}").format(name=name))


@forms.dialog(N_("Add a service account"))
def account_dialog() -> None:
    """An identity for automation in one project."""
    name = st.text_input(_("Name"), key="account_name", max_chars=80)
    handle = st.text_input(_("Handle"), key="account_handle", help=_("Small letters, digits and dashes."))
    names = projects()
    project = st.selectbox(_("Project"), list(names), format_func=names.__getitem__, key="account_project")
    if st.button(_("Add"), type="primary", key="account_save"):
        with forms.attempt() as done:
            portal().identity.create_service_account(actor(), handle=handle, name=name, project=project or "")
        _close(done, _("Added {name}").format(name=name))


@forms.dialog(N_("Add a project"))
def project_dialog() -> None:
    """A project: the place in which roles are given."""
    name = st.text_input(_("Name"), key="project_name", max_chars=80)
    if st.button(_("Add"), type="primary", key="project_save"):
        with forms.attempt() as done:
            portal().identity.create_project(actor(), name=name)
        _close(done, _("Added {name}").format(name=name))


@forms.dialog(N_("Rename a project"))
def rename_dialog() -> None:
    """What people read; the id by which scripts call the project stays."""
    names = projects()
    project = st.selectbox(_("Project"), list(names), format_func=names.__getitem__, key="renamed_project") or ""
    name = st.text_input(_("Name"), value=names.get(project, ""), key=f"new_name_{project}", max_chars=80)
    if st.button(_("Rename"), type="primary", key="project_rename"):
        with forms.attempt() as done:
            portal().identity.rename_project(actor(), project=project, name=name)
        _close(done, _("Renamed to {name}").format(name=name))


def _close(done: forms.Attempt, message: str) -> None:
    if done.succeeded:
        frame.say(message)
        st.rerun()


def tokens() -> None:
    """The visitor's own tokens."""
    tokens = portal().identity.list_tokens(actor())
    with frame.section(_("Your tokens"), hint=_("for scripts and CI; a token never approves")):
        if st.button(_("Mint a token"), icon=":material/key:", key="mint_own"):
            token_dialog(person(), [])
    if not tokens:
        frame.empty(_("You have no token"), advice=_("Mint one to call the API or the command line."), icon="key")
        return
    with frame.rows("tokens"):
        for token in tokens:
            _token(token)


def _token(token: Token) -> None:
    now = frame.now()
    state = "revoked" if token.revoked else "expired" if token.expires_at <= now else "active"
    scopes = ", ".join(scope.value for scope in token.scopes)
    with frame.row(
        token.id,
        title=token.name,
        state=state,
        detail=links.escape(_("{scopes} · until {day}").format(scopes=scopes, day=f"{token.expires_at:%Y-%m-%d}")),
        age=times.ago(token.created_at, now=now),
    ):
        if state == "active" and st.button(_("Revoke"), key=f"revoke_{token.id}"):
            portal().identity.revoke_token(actor(), token_id=token.id)
            st.rerun()


@forms.dialog(N_("Mint a token"), width="medium")
def token_dialog(person: Person, minted: list[NewToken]) -> None:
    """A token of one's own or of a service account; its secret is shown once and kept nowhere. `minted` is empty, and
    holds the token as long as the dialog is open."""
    place = st.empty()
    with place.container():
        name = st.text_input(_("Purpose"), key="token_name", max_chars=80, placeholder=_("Nightly training in CI"))
        scopes = st.multiselect(
            _("Scopes"),
            [scope for scope in sorted(token_permissions(person.kind)) if _may_give(person, scope)],
            format_func=lambda scope: scope.value,
            key="token_scopes",
        )
        days = st.number_input(_("Days until it ends"), value=30, step=1, key="token_days")
        if st.button(_("Mint"), type="primary", key="token_save") and not minted:
            with forms.attempt():
                minted.append(_mint(person, name, tuple(scopes), int(days)))
    if minted:
        place.empty()
        _secret(minted[0])


def _may_give(person: Person, scope: Permission) -> bool:
    """Nobody gives a token what they may not do themselves; what no role allows, whoever mints for the account."""
    if person.kind != "service":
        return may(scope)
    permission = scope if ROLES[scope] else Permission.SERVICE_ACCOUNT_WRITE
    return all(may(permission, project=grant.project) for grant in person.grants)


def _mint(person: Person, name: str, scopes: tuple[Permission, ...], days: int) -> NewToken:
    service = portal().identity
    if person.kind == "service":
        return service.mint_service_token(actor(), account_id=person.id, name=name, scopes=scopes, days=days)
    return service.mint_token(actor(), name=name, scopes=scopes, days=days)


def _secret(minted: NewToken) -> None:
    st.markdown(_("**Copy it now.** It cannot be shown again."))
    st.code(minted.secret, language=None)
    st.caption(_("Send it as `Authorization: Bearer ...`, or set `CAUSEWAY_TOKEN`."))
