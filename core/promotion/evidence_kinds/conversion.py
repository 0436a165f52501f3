"""Whether a version from elsewhere answers as the library that trained it."""

from core.foundation.text import _
from core.promotion.evidence_kinds.content import Cell, Fact, Section, Sentence, Table
from core.promotion.evidence_kinds.evidence_kind import EvidenceKind
from core.promotion.gates.conversion import ConversionGate
from core.registry.foreign.values import NOT_COMPARED, ConversionReport, Difference
from core.registry.values import CONVERSION, Evidence


class ConversionEvidence(EvidenceKind):
    """An example through the file, each answer beside the one of the library that it was converted from."""

    name = CONVERSION
    title = ConversionGate.title
    order = 45
    missing = NOT_COMPARED
    gate = ConversionGate
    comes_with_a_file = True

    def content(self, evidence: Evidence) -> tuple[Section, ...]:
        report = ConversionReport.model_validate(evidence.content)
        return (_figures(report), _worst(report)) if report.worst else (_figures(report),)


def _figures(report: ConversionReport) -> Section:
    facts = (
        Fact(label=_("Rows"), cell=Cell(value=report.rows, form="number")),
        Fact(label=_("Largest difference"), cell=Cell(value=report.largest_difference, form="number")),
        Fact(label=_("Rows beyond the tolerance"), cell=Cell(value=report.above, form="percent")),
        Fact(label=_("Tolerance, absolute"), cell=Cell(value=report.tolerance.absolute, form="exact")),
        Fact(label=_("Tolerance, relative"), cell=Cell(value=report.tolerance.relative, form="exact")),
    )
    source = (
        Sentence(text=_("against {source}"), cells={"source": Cell(value=report.source)}) if report.source else None
    )
    return Section(title=_("Compared with its source"), hint=source, facts=facts)


def _worst(report: ConversionReport) -> Section:
    columns = (_("Row"), _("Answer"), _("Original library"), _("File"), _("Difference"))
    rows = tuple(_row(row) for row in report.worst)
    table = Table(columns=columns, rows=rows, alt=_("The rows that differ most"))
    return Section(title=_("Worst rows"), hint=Sentence(text=_("rows are counted from 0")), tables=(table,))


def _row(row: Difference) -> tuple[Cell, ...]:
    """What looks the same may differ in digits that are not shown."""
    sides = (row.given, row.expected)
    numbers = [side for side in sides if isinstance(side, float)]
    gap = numbers[0] - numbers[1] if len(numbers) == len(sides) else None
    return (
        Cell(value=row.row, form="number"),
        Cell(value=row.answer, form="code"),
        _side(row.expected),
        _side(row.given),
        Cell(value=gap, form="difference"),
    )


def _side(value: float | str | None) -> Cell:
    if value is None:
        return Cell(value=_("no number"))
    return Cell(value=value, form="exact") if isinstance(value, float) else Cell(value=value)
