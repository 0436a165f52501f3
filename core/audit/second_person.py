"""Who may be the second person where nobody decides alone: for requests, policies and load tests of production alike.
Not whoever took part, nor those behind a service account that did, nor someone whose right to decide is newer than what
is to be decided or comes from one of them. Computed from the roles and the audit log at every reading."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session, col, or_, select

from core.audit.tables import AuditRow, details_of
from core.foundation.ids import Kind
from core.foundation.text import N_, _
from core.identity.permissions import Role
from core.identity.tables import GrantRow

PERSON, ACCOUNT = f"{Kind.PERSON.prefix}-", f"{Kind.SERVICE_ACCOUNT.prefix}-"
BEHIND = {
    "identity.create_service_account": N_("created the account {id}, which {why}"),
    "identity.mint_service_token": N_("minted a token of {id}, which {why}"),
}
STATE_CHANGED = "identity.set_state"
GRANTED = (
    N_("got the role {role} on {time}, after this was asked for"),
    N_("got the role {role} from {id}, who {why}"),
)
ENABLED = (N_("was enabled on {time}, after this was asked for"), N_("was enabled by {id}, who {why}"))


class Matter(NamedTuple):
    """What waits for a second person: since when, in which project (empty: everywhere), and who took part in it, with
    how in words."""

    since: datetime
    project: str
    authors: Mapping[str, str]


class Right(NamedTuple):
    """Something that lets a person decide: since when, and whom they have it from. A role that follows from a group at
    a sign-in provider is one too, since the day of the mapping and from whoever wrote the mapping."""

    since: datetime
    giver: str
    words: tuple[str, str]


class RoleKey(NamedTuple):
    """A role of a person, in a project or (empty) everywhere."""

    person_id: str
    role: str
    project: str


class Eligibility(NamedTuple):
    """How people stand to a matter: the roles that do not count for it, and everyone who may not decide, with why."""

    void: frozenset[RoleKey]
    barred: dict[str, str]


def with_those_behind(session: Session, authors: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """The authors of several matters, with those who created a service account among them or minted any of its tokens:
    they took part as it did."""
    behind = _behind(session, {id_ for by_id in authors for id_ in by_id if id_.startswith(ACCOUNT)})
    return [_joined([*by_id.items(), *_followed(by_id, behind)]) for by_id in authors]


def eligibilities(
    session: Session, matters: Sequence[Matter], *, deciding: Collection[Role], demanded: Collection[Role] = ()
) -> list[Eligibility]:
    """How people stand to each matter that is decided with one of the roles `deciding`; `demanded` are others that
    count for it. The database is asked as often for many matters as for one."""
    if not matters:
        return []
    roles = _rights(session, matters, {*deciding, *demanded})
    return [_eligibility(matter, roles, deciding) for matter in matters]


def _behind(session: Session, accounts: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """By account, who is behind it and the words for how."""
    people: dict[str, list[tuple[str, str]]] = defaultdict(list)
    wanted = select(AuditRow.subject, AuditRow.actor, AuditRow.action).where(
        col(AuditRow.subject).in_(accounts),
        col(AuditRow.action).in_(BEHIND),
        col(AuditRow.actor).startswith(PERSON),
        AuditRow.outcome == "ok",
    )
    for account, person_id, action in session.exec(wanted.distinct()) if accounts else ():
        people[account].append((person_id, BEHIND[action]))
    return people


def _followed(authors: Mapping[str, str], behind: Mapping[str, Sequence[tuple[str, str]]]) -> Iterator[tuple[str, str]]:
    for account, why in authors.items():
        for person_id, words in sorted(behind.get(account, ())):
            yield person_id, _(words).format(id=account, why=why)


def _joined(reasons: Sequence[tuple[str, str]]) -> dict[str, str]:
    by_person: dict[str, list[str]] = defaultdict(list)
    for person_id, why in reasons:
        by_person[person_id].append(why)
    return {person_id: ", ".join(whys) for person_id, whys in sorted(by_person.items())}


def _rights(session: Session, matters: Sequence[Matter], roles: Collection[Role]) -> dict[RoleKey, list[Right]]:
    """What stands behind each role of everyone who has one that may not count."""
    since = min(matter.since for matter in matters)
    authors = {id_ for matter in matters for id_ in matter.authors}
    has_role = col(GrantRow.role).in_(roles)
    enabled = _enablings(session, roles)
    in_doubt = {id_ for id_, right in enabled.items() if right.since >= since or right.giver in authors}
    late = select(GrantRow.person_id).where(
        has_role, or_(col(GrantRow.granted_at) >= since, col(GrantRow.granted_by).in_(authors))
    )
    people = or_(col(GrantRow.person_id).in_(late), col(GrantRow.person_id).in_(in_doubt))
    rights: dict[RoleKey, list[Right]] = {}
    for row in session.exec(select(GrantRow).where(has_role, people)):
        granted = Right(row.granted_at, row.granted_by, GRANTED)
        again = [right for right in (enabled.get(row.person_id),) if right and right.since > granted.since]
        rights[RoleKey(row.person_id, row.role, row.project)] = [granted, *again]
    return rights


def _enablings(session: Session, roles: Collection[Role]) -> dict[str, Right]:
    """When people with these roles were last enabled after they had been disabled, and by whom: it gives them back
    every role that they have."""
    holders = select(GrantRow.person_id).where(col(GrantRow.role).in_(roles))
    changes = select(AuditRow.subject, AuditRow.actor, AuditRow.time, AuditRow.body).where(
        AuditRow.action == STATE_CHANGED, AuditRow.outcome == "ok", col(AuditRow.subject).in_(holders)
    )
    disabled: set[str] = set()
    enabled: dict[str, Right] = {}
    for person_id, actor, time, body in session.exec(changes.order_by(col(AuditRow.seq))):
        if details_of(body).get("state") == "disabled":
            disabled.add(person_id)
        elif person_id in disabled:
            disabled.remove(person_id)
            enabled[person_id] = Right(time, actor, ENABLED)
    return enabled


def _eligibility(matter: Matter, roles: Mapping[RoleKey, Sequence[Right]], deciding: Collection[Role]) -> Eligibility:
    reaching = {
        key: _why_void(rights, key.role, matter)
        for key, rights in roles.items()
        if not matter.project or key.project in ("", matter.project)
    }
    able = {key.person_id for key, why in reaching.items() if key.role in deciding and not why}
    late = {key.person_id: why for key, why in reaching.items() if key.role in deciding and key.person_id not in able}
    return Eligibility(
        void=frozenset(key for key, why in reaching.items() if why),
        barred=dict(sorted({**late, **matter.authors}.items())),
    )


def _why_void(rights: Sequence[Right], role: str, matter: Matter) -> str:
    """Why a role does not count for the matter; empty when it does."""
    for right in rights:
        too_late, from_author = right.words
        if why := matter.authors.get(right.giver):
            return _(from_author).format(role=role, id=right.giver, why=why)
        if right.since >= matter.since:
            return _(too_late).format(role=role, time=f"{right.since:%Y-%m-%d %H:%M} UTC")
    return ""
