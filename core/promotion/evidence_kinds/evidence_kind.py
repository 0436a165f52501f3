"""The port of a kind of evidence: a plug-in that says how its evidence comes about, which gate judges it, and what it
says. Nothing else in the portal has to know the kind."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from core.foundation.plugins import Plugin
from core.foundation.values import Value
from core.promotion.evidence_kinds.content import Figure, Section
from core.promotion.gate import Gate
from core.registry.values import Evidence


class Measurement(Value):
    """An action that measures a version, at once or in a job: it takes a `version_id`, and a `baseline_id` where it can
    compare. `label` is the word on its button; `repeatable` when measuring again may say something new."""

    action: str
    label: str
    repeatable: bool = False


class EvidenceKind(Plugin, ABC):
    """A kind of evidence. Kinds are shown by their `order`; `missing` says what will be known once it was measured. It
    is `measured_by` an action, or while a version serves (`on_endpoint`), else it comes from elsewhere; `job_kind` is
    the kind of the job that measures it, where one does, about the version or the endpoint. Its `gate` has the same
    name; what `comes_with_a_run` is missed in no version from elsewhere, and what `comes_with_a_file` in none of a run.
    `confirmation` is what an approver has to tick, where that is asked."""

    order: ClassVar[int]
    missing: ClassVar[str]
    gate: ClassVar[type[Gate] | None] = None
    measured_by: ClassVar[Measurement | None] = None
    on_endpoint: ClassVar[bool] = False
    job_kind: ClassVar[str] = ""
    comes_with_a_run: ClassVar[bool] = False
    comes_with_a_file: ClassVar[bool] = False
    confirmation: ClassVar[str] = ""

    @abstractmethod
    def content(self, evidence: Evidence) -> tuple[Section, ...]:
        """What the evidence says. ValidationError when its content is not of this kind."""

    def figures(self, evidence: Evidence) -> Mapping[str, Figure]:
        """What may be cited of it, by the metric's name. What a version's own evaluations say is not repeated here."""
        return {}

    def baseline(self, evidence: Evidence) -> str:
        """The id of the version that it compares with; empty when it compares with none."""
        return ""
