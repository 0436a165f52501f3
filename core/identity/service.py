"""People, projects, roles, service accounts and tokens. Nobody gives themselves a role, and an admin always remains."""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints
from sqlmodel import col, func, or_, select

from core.foundation.actions.call import Call
from core.foundation.actions.references import ids_called
from core.foundation.actions.run import EventSpec, Service, action
from core.foundation.digests import digest_bytes
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from core.foundation.ids import Kind, is_id
from core.foundation.listings import count_of, page_query
from core.foundation.naming.names import RENAMED, free_identifier, refuse_lookalike, rename
from core.foundation.naming.skeletons import skeleton
from core.foundation.naming.titles import FORMS, LONGEST_TITLE
from core.foundation.objects import Lineage, ObjectRow, Thing, find_things, lineage, thing_of
from core.foundation.reach import Reach
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.people import find_person, people_of, person_of, token_of
from core.identity.permissions import PROJECT_ROLES, ROLES, Permission, Role, token_permissions
from core.identity.sessions import new_secret
from core.identity.tables import GrantRow, PersonRow, ProjectRow, TokenRow
from core.identity.values import Handle, Name, NewToken, Person, Project, Token

Limit = Annotated[int, Field(ge=1, le=200)]
Offset = Annotated[int, Field(ge=0, le=10**12)]
AnyName = Annotated[str, StringConstraints(min_length=1, max_length=300)]
ObjectIds = Annotated[tuple[str, ...], Field(max_length=1000)]
EnteredTitle = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TITLE)]
# Who acts: nobody should be taken for somebody else.
PEOPLE = (Kind.PERSON, Kind.SERVICE_ACCOUNT)
BY_NAME = (col(PersonRow.name), col(PersonRow.id))

MINT_ANOTHER = N_("Revoke the token that was minted, and mint another under another key.")


class IdentityService(Service):
    domain = "identity"
    events: ClassVar[Mapping[str, EventSpec]] = {
        "identity.signed_in": EventSpec(N_("signed in"), on_timelines=False),
        "identity.signed_out": EventSpec(N_("signed out"), on_timelines=False),
    }

    @action(permission=Permission.READ, reads=True)
    def whoami(self, call: Call) -> Person:
        """Show who you are and which roles you have."""
        call.unscoped()
        return person_of(call.session, find_person(call.session, call.actor.person_id))

    @action(permission=Permission.READ, reads=True)
    def list_people(self, call: Call, *, offset: Offset = 0, limit: Limit = 50) -> Listing[Person]:
        """List people and service accounts with their roles."""
        call.unscoped()
        rows = call.session.exec(page_query(PersonRow, where=(), order=BY_NAME, offset=offset, limit=limit)).all()
        total = count_of(call.session, PersonRow, ())
        return Listing(items=people_of(call.session, rows), total=total, offset=offset, limit=limit)

    @action(permission=Permission.READ, reads=True)
    def list_projects(self, call: Call) -> tuple[Project, ...]:
        """List the projects you can see."""
        visible = select(ProjectRow).where(*call.reach().condition(ProjectRow.id)).order_by(ProjectRow.name)
        return tuple(Project(id=row.id, name=row.name) for row in call.session.exec(visible))

    @action(permission=Permission.READ, reads=True)
    def search(self, call: Call, *, query: str = "", limit: Limit = 50) -> tuple[Thing, ...]:
        """Find anything by its short id or title."""
        return find_things(call.session, query=query, reach=call.reach(), limit=limit)

    @action(permission=Permission.READ, reads=True)
    def find_object(self, call: Call, *, name: AnyName, kinds: tuple[Kind, ...] = ()) -> Thing:
        """Find the one object that an id, an identifier or a title names, among these kinds where any are given."""
        ids = [name] if is_id(name) else ids_called(call, name, kinds=kinds or tuple(Kind))
        if len(ids) > 1:
            raise NotFound(
                _("Several objects are called {name}").format(name=repr(name[:40])),
                hint=_("Use the id of one: {ids}.").format(ids=", ".join(ids)),
            )
        row = call.may_reach(ids[0] if ids else name)
        if kinds and row.kind not in kinds:
            raise NotFound(_("There is no object called {id}").format(id=repr(name[:40])))
        return thing_of(row)

    @action(permission=Permission.READ, reads=True)
    def titles(self, call: Call, *, object_ids: ObjectIds) -> dict[str, str]:
        """Say what objects are called now, by their ids: those of them that you can see."""
        named = select(ObjectRow.id, ObjectRow.title).where(col(ObjectRow.id).in_(object_ids))
        visible = call.reach().condition(ObjectRow.project)
        return dict(call.session.exec(named.where(or_(ObjectRow.project == "", *visible)) if visible else named).all())

    @action(permission=Permission.READ, reads=True)
    def suggest_name(self, call: Call, *, kind: Kind, project: str, title: EnteredTitle) -> str:
        """Say which identifier a new object of a kind would get by a title: the first free one that follows from it."""
        call.may_reach_project(project)
        if kind not in FORMS:
            raise Invalid(_("Objects of this kind have no identifier"), field="kind")
        return free_identifier(call, kind, project=project, title=title)

    @action(permission=Permission.READ, reads=True)
    def lineage(self, call: Call, *, object_id: str) -> Lineage:
        """Show what led to an object and what follows from it."""
        call.may_reach(object_id)
        return lineage(call.session, object_id, reach=call.reach())

    @action(permission=Permission.PEOPLE_WRITE, says=N_("created the project"))
    def create_project(self, call: Call, *, name: Name) -> Project:
        """Create a project."""
        call.concerns_everybody()
        if call.session.exec(select(ProjectRow).where(ProjectRow.name == name)).first():
            raise _name_taken(name)
        refuse_lookalike(call, name, kinds=(Kind.PROJECT,), field="name")
        project_id = call.create(Kind.PROJECT, project="", title=name, state="active")
        call.about(project_id)
        call.session.add(ProjectRow(id=project_id, name=name, created_at=call.now))
        return Project(id=project_id, name=name)

    @action(permission=Permission.PEOPLE_WRITE, says=RENAMED)
    def rename_project(self, call: Call, *, project: str, name: Name) -> Project:
        """Give a project another name. Its id, by which scripts call it, stays."""
        call.may_reach_project(project)
        if call.session.exec(select(ProjectRow).where(ProjectRow.name == name, ProjectRow.id != project)).first():
            raise _name_taken(name)
        rename(call, project, name)
        call.session.get_one(ProjectRow, project).name = name
        return Project(id=project, name=name)

    @action(permission=Permission.PEOPLE_WRITE, says=N_("added"))
    def create_person(self, call: Call, *, handle: Handle, name: Name) -> Person:
        """Create a person, who has no role yet."""
        person = self._add(call, kind="person", handle=handle, name=name)
        call.about(person.id)
        return person

    @action(permission=Permission.SERVICE_ACCOUNT_WRITE, says=N_("added the service account"))
    def create_service_account(self, call: Call, *, handle: Handle, name: Name, project: str) -> Person:
        """Create a service account for automation in one project."""
        call.may_reach_project(project)
        account = self._add(call, kind="service", handle=handle, name=name)
        self._grant(call, account.id, Role.VIEWER, project)
        call.about(account.id, project=project)
        return person_of(call.session, find_person(call.session, account.id))

    @action(permission=Permission.PEOPLE_WRITE, says=N_("granted a role to"))
    def grant_role(self, call: Call, *, person_id: str, role: Role, project: str = "") -> Person:
        """Give a person a role, in a project or (for sre, approver, admin) everywhere."""
        _may_rule(call, project)
        row = find_person(call.session, person_id)
        if person_id == call.actor.person_id:
            raise NotAllowed(_("Nobody gives a role to themselves"), hint=_("Ask another administrator."))
        if row.kind != "person":
            raise Invalid(
                _("A service account has scopes, not roles"), hint=_("Mint a token for it."), field="person_id"
            )
        if role in PROJECT_ROLES and not project:
            raise Invalid(_("The role {role} is given in a project").format(role=role), field="project")
        self._grant(call, person_id, role, project)
        call.about(person_id, project=project)
        call.note(role=role.value, project=project)
        return person_of(call.session, row)

    @action(permission=Permission.PEOPLE_WRITE, says=N_("revoked a role of"))
    def revoke_role(self, call: Call, *, person_id: str, role: Role, project: str = "") -> Person:
        """Take a role away; it stops working with the next call."""
        _may_rule(call, project)
        row = find_person(call.session, person_id)
        grant = call.session.get(GrantRow, (person_id, role.value, project))
        if grant is None:
            raise Conflict(_("{name} does not have the role {role} there").format(name=row.name, role=role))
        call.session.delete(grant)
        self._keep_an_admin(call)
        call.about(person_id)
        call.note(role=role.value, project=project)
        return person_of(call.session, row)

    @action(permission=Permission.PEOPLE_WRITE, says=N_("changed the state of"))
    def set_state(self, call: Call, *, person_id: str, state: Literal["active", "disabled"]) -> Person:
        """Disable a person or service account at once, or enable it again."""
        call.concerns_everybody()
        row = find_person(call.session, person_id)
        row.state = state
        call.session.add(row)
        call.update(person_id, state=state)
        self._keep_an_admin(call)
        call.about(person_id)
        call.note(state=state)
        return person_of(call.session, row)

    @action(permission=Permission.TOKEN_MINT, says=N_("minted a token for"), shown_once=MINT_ANOTHER)
    def mint_token(
        self,
        call: Call,
        *,
        name: Name,
        scopes: tuple[Permission, ...],
        days: Annotated[int, Field(ge=1, le=365)] = 30,
    ) -> NewToken:
        """Mint a token of your own that carries some of your permissions."""
        call.unscoped()
        _refuse_uncarried(scopes, kind=find_person(call.session, call.actor.person_id).kind)
        _refuse_beyond(scope for scope in scopes if self._where(call, scope).is_nowhere)
        return self._mint(call, call.actor.person_id, name, scopes, days)

    @action(permission=Permission.SERVICE_ACCOUNT_WRITE, says=N_("minted a token for"), shown_once=MINT_ANOTHER)
    def mint_service_token(
        self,
        call: Call,
        *,
        account_id: str,
        name: Name,
        scopes: tuple[Permission, ...],
        days: Annotated[int, Field(ge=1, le=365)] = 30,
    ) -> NewToken:
        """Mint a token for a service account that carries some of your own permissions in its project, or calls
        production, which no role allows."""
        call.unscoped()
        account = find_person(call.session, account_id)
        if account.kind != "service":
            raise Invalid(_("{id} is no service account").format(id=account_id), field="account_id")
        _refuse_uncarried(scopes, kind="service")
        projects = {grant.project for grant in person_of(call.session, account).grants}
        _refuse_beyond(scope for scope in scopes if not self._may_give(call, scope, projects))
        return self._mint(call, account_id, name, scopes, days)

    @action(permission=Permission.TOKEN_MINT, reads=True)
    def list_tokens(self, call: Call) -> tuple[Token, ...]:
        """List your tokens, without their secrets."""
        call.unscoped()
        rows = call.session.exec(
            select(TokenRow).where(TokenRow.person_id == call.actor.person_id).order_by(col(TokenRow.created_at).desc())
        )
        return tuple(token_of(row) for row in rows)

    @action(permission=Permission.TOKEN_MINT, says=N_("revoked a token of"))
    def revoke_token(self, call: Call, *, token_id: str) -> Token:
        """Revoke one of your tokens at once."""
        call.unscoped()
        row = call.session.get(TokenRow, token_id)
        if row is None or row.person_id != call.actor.person_id:
            # Not repeated: people paste the secret itself.
            raise Invalid(_("You have no token with this id"), field="token_id")
        row.revoked_at = row.revoked_at or call.now
        call.session.add(row)
        call.about(row.person_id)
        call.note(token=row.id)
        return token_of(row)

    def people(self, call: Call, ids: Collection[str]) -> dict[str, Person]:
        """Those of them who exist, by id, as they are in the caller's transaction."""
        if not ids:
            return {}
        rows = call.session.exec(select(PersonRow).where(col(PersonRow.id).in_(ids)).order_by(PersonRow.id)).all()
        return {person.id: person for person in people_of(call.session, rows)}

    def _add(self, call: Call, *, kind: Literal["person", "service"], handle: str, name: str) -> Person:
        call.unscoped()
        handles = call.session.exec(select(PersonRow.handle)).all()
        if other := next((known for known in handles if skeleton(known) == skeleton(handle)), ""):
            raise Conflict(_("The handle {handle} is taken").format(handle=other), hint=_("Choose another."))
        refuse_lookalike(call, name, kinds=PEOPLE, field="name")
        object_kind = Kind.PERSON if kind == "person" else Kind.SERVICE_ACCOUNT
        person_id = call.create(object_kind, project="", title=name, name=handle, state="active")
        row = PersonRow(id=person_id, kind=kind, handle=handle, name=name, state="active", created_at=call.now)
        call.session.add(row)
        call.session.flush()
        return person_of(call.session, row)

    def _grant(self, call: Call, person_id: str, role: Role, project: str) -> None:
        if call.session.get(GrantRow, (person_id, role.value, project)) is not None:
            return
        by = call.actor.person_id
        call.session.add(
            GrantRow(person_id=person_id, role=role.value, project=project, granted_by=by, granted_at=call.now)
        )
        call.session.flush()

    def _keep_an_admin(self, call: Call) -> None:
        call.session.flush()
        admins = (
            select(func.count())
            .select_from(GrantRow)
            .join(PersonRow, col(PersonRow.id) == GrantRow.person_id)
            .where(GrantRow.role == Role.ADMIN.value, GrantRow.project == "", PersonRow.state == "active")
        )
        if call.session.exec(admins).one() == 0:
            raise NotAllowed(_("The last administrator stays"), hint=_("Give someone else the role first."))

    def _where(self, call: Call, permission: Permission) -> Reach:
        """Where the caller has a permission."""
        return self.foundation.access.reach(call.session, call.actor, permission)

    def _may_give(self, call: Call, permission: Permission, projects: Collection[str]) -> bool:
        """What no role allows comes with the right to mint for the account."""
        reach = self._where(call, permission if ROLES[permission] else Permission.SERVICE_ACCOUNT_WRITE)
        return all(reach.includes(project) for project in projects)

    def _mint(self, call: Call, person_id: str, name: str, scopes: tuple[Permission, ...], days: int) -> NewToken:
        secret = new_secret()
        row = TokenRow(
            id=f"TOK-{digest_bytes(secret.encode())[:10]}",
            person_id=person_id,
            name=name,
            digest=digest_bytes(secret.encode()),
            scopes=[scope.value for scope in scopes],
            created_at=call.now,
            expires_at=call.now + timedelta(days=days),
        )
        call.session.add(row)
        call.about(person_id)
        call.note(token=row.id, scopes=row.scopes)
        return NewToken(token=token_of(row), secret=secret)


def _may_rule(call: Call, project: str) -> None:
    """The caller may give and take roles in a project, or (none named) everywhere."""
    if project:
        call.may_reach_project(project)
    else:
        call.concerns_everybody()


def _refuse_uncarried(scopes: Collection[Permission], *, kind: str) -> None:
    """Invalid for what no token of a person or a service account carries."""
    carried = token_permissions(kind)
    refused = [scope.value for scope in scopes if scope not in carried]
    if refused or not scopes:
        raise Invalid(
            _("A token cannot carry {scopes}").format(scopes=", ".join(refused) or _("nothing at all")),
            hint=_("Choose among: {scopes}.").format(scopes=", ".join(sorted(carried))),
            field="scopes",
        )


def _refuse_beyond(scopes: Iterable[Permission]) -> None:
    """NotAllowed for what whoever mints a token may not do."""
    if beyond := ", ".join(scopes):
        raise NotAllowed(
            _("You cannot give a token what you may not do yourself: {scopes}").format(scopes=beyond),
            hint=_("Somebody who may do it mints the token, or an administrator gives you the role first."),
        )


def _name_taken(name: str) -> Conflict:
    return Conflict(_("There is a project called {name}").format(name=name), hint=_("Choose another name."))
