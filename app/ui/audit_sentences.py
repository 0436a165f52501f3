"""Audit events as sentences that people read: "Mei Lin started Churn, October"."""

from functools import cache
from string import Formatter

from app.ui import links
from core.audit.service import AuditEvent
from core.foundation.actions.run import EventSpec
from core.foundation.ids import Kind
from core.foundation.text import _
from core.portal import Portal


@cache
def _known() -> dict[str, EventSpec]:
    return Portal.events()


def is_on_timelines(event: AuditEvent) -> bool:
    """Whether timelines tell it: every job stands for an object that has events of its own."""
    known = _known().get(event.action)
    return known is not None and known.on_timelines


def sentence(event: AuditEvent) -> str:
    """The event as Markdown: who in bold, what, and the title of which object."""
    who = "Causeway" if event.via == "system" else event.actor_name
    known = _known().get(event.action)
    verb = _(known.says) if known else event.action.partition(".")[2].replace("_", " ")
    if names := _named_in(verb, event):
        return f"**{links.escape(who)}** {verb.format(**names)}"
    subject = "" if event.subject in ("", event.actor) else f" {links.escape(_called(event))}"
    return f"**{links.escape(who)}** {links.escape(verb)}{subject}"


def _called(event: AuditEvent) -> str:
    """The subject by its title; a request by its id, too, for several may ask for what is titled alike."""
    title = event.subject_title or event.subject
    is_request = event.subject.startswith(f"{Kind.PROMOTION.prefix}-") and title != event.subject
    return f"{title} ({event.subject})" if is_request else title


def _named_in(verb: str, event: AuditEvent) -> dict[str, str]:
    """What a sentence says of an event's details, where it does: it needs no subject then."""
    names = [name for _text, name, _spec, _conversion in Formatter().parse(verb) if name]
    return {name: links.escape(str(event.details.get(name, event.subject))) for name in names}
