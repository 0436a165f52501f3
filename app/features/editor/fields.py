"""The fields of a feature version that is being written. What was typed stays for as long as the session does: through
a refusal and a visit to another page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.features import glossary
from app.features.catalog import words
from app.lake.source_picker import choose_sources
from app.session import actor, portal
from app.ui.fields.sticky import sticky
from core.features.values import FeatureVersion, FeatureView, VersionState
from core.foundation.errors import NotFound
from core.foundation.text import _

HOUR = 3600
Entered = dict[str, Any]
Until = Literal["draft", "staged", "published"]


@dataclass(frozen=True)
class Subject:
    """What is written: a new version of a view, or its `draft` (which may have failed). `given` is what the fields
    begin with, `places` where below each of them an error may be shown."""

    view: FeatureView
    given: FeatureVersion | None = None
    draft: FeatureVersion | None = None
    places: dict[str, DeltaGenerator] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """The version that it is, or will be."""
        if self.draft:
            return self.draft.version
        return self.view.newest_number + 1

    @property
    def name(self) -> str:
        if self.given and (self.draft or self.is_outrun):
            return self.given.id
        if self.given is None or self.given.id in _first_of(self.view):
            return self.view.id
        return f"{self.view.id}-{self.given.id}"

    @property
    def is_outrun(self) -> bool:
        """Whether it was a draft when it was typed into and is none now: somebody has built or discarded it."""
        return self.draft is None and self.given is not None and _base(self.given.id) in st.session_state

    @property
    def base(self) -> str:
        """The revision of the draft that the fields began with, or that people have said they save over."""
        return str(st.session_state.setdefault(_base(self.draft.id), self.draft.revision)) if self.draft else ""

    def save_over(self) -> None:
        """What the draft says now may be lost."""
        if self.draft:
            st.session_state[_base(self.draft.id)] = self.draft.revision

    def key(self, name: str) -> str:
        """The name of a field in the session. After a submission, or when people start over, it is another one."""
        return f"{name}_{self.name}-{_round(self.name)}"

    @property
    def basis(self) -> str:
        """What the fields began with: it stays, whatever others save meanwhile."""
        given = self.base or (self.given.id if self.given else "")
        return str(st.session_state.setdefault(self.key("basis"), f"{self.number} {given}"))

    def code_key(self, language: str) -> str:
        """The name of the code editor for one form of the logic."""
        return self.key(f"{language}_code")

    def start_over(self) -> None:
        """Forgets what was typed: the fields begin again with what is given."""
        name = self.name
        st.session_state[f"feature_round_{name}"] = _round(name) + 1


def _round(name: str) -> int:
    return int(st.session_state.get(f"feature_round_{name}", 0))


def _base(draft_id: str) -> str:
    return f"base_{draft_id}-{_round(draft_id)}"


def _first_of(view: FeatureView) -> tuple[str, ...]:
    first = view.live or view.latest
    return (first.id,) if first else ()


def subject_of(view: FeatureView, version_id: str = "") -> Subject:
    """A draft, or one that failed, is changed; any other version is what a new one begins with."""
    version = portal().feature_versions.get_version(actor(), version_id=version_id) if version_id else None
    if version and version.view_id != view.id:
        raise NotFound(_("{view} has no version {id}").format(view=view.name, id=version.id))
    if version and version.state in (VersionState.DRAFT, VersionState.FAILED):
        return Subject(view, given=version, draft=version)
    return Subject(view, given=version or view.live or view.latest)


def submit(subject: Subject, entered: Mapping[str, Any], *, until: Until) -> FeatureVersion:
    """Keeps what was entered, as far as people want it to go."""
    drafts = portal().feature_drafts
    if subject.draft is None:
        return drafts.create_version(actor(), view_id=subject.view.id, until=until, **entered)
    draft = drafts.edit_draft(actor(), version_id=subject.draft.id, expected=subject.base, **entered)
    return draft if until == "draft" else drafts.build_version(actor(), version_id=draft.id, until=until)


def beside(subject: Subject) -> Entered:
    """What is asked beside the logic, by the names of the action's parameters."""
    given = subject.given
    sources = choose_sources(
        subject.view.project, key=subject.key("source"), given=given.sources if given else None, is_sticky=True
    )
    subject.places["sources"] = st.container()
    return {
        "sources": sources,
        **_terms(subject),
        **_kinds(subject),
        "description": _text(
            subject, "description", _("What is new"), subject.draft.description if subject.draft else ""
        ),
    }


def _text(subject: Subject, name: str, label: str, value: str, example: str = "", help: str = "") -> str:
    typed = st.text_input(
        label,
        **sticky(subject.key(name), value),
        placeholder=example or None,
        help=help or None,
    )
    subject.places[name] = st.container()
    return (typed or "").strip()


def _terms(subject: Subject) -> Entered:
    """The columns with times, hours that become seconds, and the tags beside them."""
    given = subject.given
    left, right = st.columns(2, gap="small")
    with left:
        event = _text(
            subject, "event_time", _("Event time"), given.event_time if given else "", "day", _(glossary.EVENT_TIME)
        )
    with right:
        created = _text(
            subject,
            "created_time",
            _("Written at"),
            given.created_time if given else "",
            _("event time"),
            _(glossary.CREATED_TIME),
        )
    fields = {
        "ttl_seconds": (_("Time to live (h)"), _(glossary.TTL)),
        "delay_seconds": (_("Arrival delay (h)"), _(glossary.SOURCE_DELAY)),
        "lookback_seconds": (_("Lookback (h)"), _(glossary.LOOKBACK)),
    }
    spans = {}
    for number, (name, (label, help_text)) in enumerate(fields.items()):
        with (left, right)[number % 2]:
            seconds = getattr(given, name) if given else 0
            spans[name] = hours(subject, name, label=label, seconds=seconds, help=help_text)
    with right:
        tags = _text(subject, "tags", _("Tags"), ", ".join(given.tags) if given else "", "daily, orders")
    return {"event_time": event, "created_time": created, **spans, "tags": words(tags)}


def hours(subject: Subject, name: str, *, label: str, seconds: int, help: str) -> int:
    """A span that people read and type in hours; returns seconds."""
    typed = st.number_input(
        label,
        min_value=0.0,
        format="%g",
        **sticky(subject.key(name), seconds / HOUR),
        help=help,
    )
    subject.places[name] = st.container()
    return round((typed or 0.0) * HOUR)


def _kinds(subject: Subject) -> Entered:
    """Which columns a model takes as categories and which as numbers."""
    given = subject.given
    fields = {"categories": (_("Categories"), _("text columns")), "numbers": (_("Numbers"), _("every other column"))}
    help_text = _("Without any, every other column is a feature: text and truth values as categories.")
    names = {}
    for place, (name, (label, example)) in zip(st.columns(2, gap="small"), fields.items(), strict=True):
        named = ", ".join(getattr(given, name)) if given else ""
        with place:
            names[name] = words(_text(subject, name, label, named, example, help_text))
    return names
