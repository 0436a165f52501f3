"""The table of the kinds of evidence."""

from collections.abc import Mapping
from functools import cache

from core.foundation.plugins import discover
from core.foundation.text import _
from core.promotion import evidence_kinds as folder
from core.promotion.evidence_kinds.evidence_kind import EvidenceKind

ENTRY_POINTS = "causeway.evidence_kinds"


@cache
def evidence_kinds() -> Mapping[str, EvidenceKind]:
    """Every kind by its name, in the order in which a release asks for them: ours, and those of installed packages."""
    classes = discover(folder, EvidenceKind, group=ENTRY_POINTS)  # type: ignore[type-abstract]  # subclasses are made
    return {kind.name: kind() for kind in sorted(classes.values(), key=lambda kind: (kind.order, kind.name))}


def kind_names() -> tuple[str, ...]:
    return tuple(evidence_kinds())


def kind_title(name: str) -> str:
    """The title of a kind; its name where the package that brought it is gone."""
    kind = evidence_kinds().get(name)
    return _(kind.title) if kind else name.replace("_", " ").capitalize()
