"""What inputs matter to a version."""

from collections.abc import Sequence

from core.explanations.service import KIND
from core.explanations.values import IMPORTANCE, ImportanceReport, InputImportance
from core.foundation.text import N_, _
from core.promotion.evidence_kinds.content import Cell, Intervals, Section, Sentence, Table
from core.promotion.evidence_kinds.evidence_kind import EvidenceKind, Measurement
from core.registry.values import Evidence

DRAWN = 10


class ImportanceEvidence(EvidenceKind):
    """How much worse the leading metric of a version is on rows that training never saw where the values of an input
    are shuffled among them."""

    name = IMPORTANCE
    title = N_("Why it predicts so")
    order = 60
    missing = N_("What inputs matter to it: how much worse it is where one of them is shuffled")
    measured_by = Measurement(action="explanations.measure_importance", label=N_("Measure"), repeatable=True)
    job_kind = KIND

    def content(self, evidence: Evidence) -> tuple[Section, ...]:
        report = ImportanceReport.model_validate(evidence.content)
        parts = (_inputs(report), _several(report.groups, title=_("By feature view")))
        correlated = _several(report.together, title=_("Numbers that go up and down together"))
        return tuple(part for part in (*parts, correlated) if part.tables)


def remark_on(report: ImportanceReport) -> str:
    """What one must know to read the figures, in sentences."""
    shared = _("Inputs that say the same share their importance: shuffling one of them leaves the others.")
    words = _("95 % intervals over rows and {n} shuffles.")
    left_out = _("{n} more inputs mattered less in a first look.").format(n=report.left_out) if report.left_out else ""
    return " ".join(part for part in (words.format(n=report.repeats), shared, left_out) if part)


def _inputs(report: ImportanceReport) -> Section:
    drawn = tuple((Cell(value=entry.name), entry.importance) for entry in report.inputs[:DRAWN])
    alt = _("The {n} inputs that matter most, with 95 % intervals").format(n=len(drawn))
    rise = Sentence(text=_("{metric} is worse by so much"), cells={"metric": Cell(value=report.metric, form="metric")})
    rows = {"n": Cell(value=report.rows, form="number"), "all": Cell(value=report.rows_in_all, form="number")}
    text = _("on {n} rows of {name}") if report.rows == report.rows_in_all else _("on {n} of the {all} rows of {name}")
    return Section(
        title=_("What inputs matter"),
        hint=Sentence(text=text, cells={**rows, "name": Cell(value=report.holdout_name)}),
        series=(Intervals(rows=drawn, x=rise.text.format(metric=report.metric), alt=alt, zero=True),),
        tables=(_table(report),),
        note=remark_on(report),
    )


def _table(report: ImportanceReport) -> Table:
    shares = report.shares
    rows = tuple(
        (Cell(value=entry.name), _figure(entry), Cell(value=shares[entry.name], form="percent"))
        for entry in report.inputs
    )
    return Table(columns=(_("Input"), _("Worse by"), _("Share")), rows=rows, alt=_("All inputs by importance"))


def _several(entries: Sequence[InputImportance], *, title: str) -> Section:
    """Those that were shuffled as one."""
    rows = tuple((Cell(value=entry.name), _figure(entry), Cell(value=", ".join(entry.columns))) for entry in entries)
    hint = Sentence(text=_("shuffled as one"))
    table = Table(columns=(_("Inputs"), _("Worse by"), _("Which")), rows=rows, alt=title)
    return Section(title=title, hint=hint, tables=(table,) if rows else ())


def _figure(entry: InputImportance) -> Cell:
    interval = entry.importance
    return Cell(value=interval.value, form="number", low=interval.low, high=interval.high)
