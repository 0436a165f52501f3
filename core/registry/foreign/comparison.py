"""What a file answers beside what the original library did, row by row. A file cannot show that its conversion was
wrong: only this can."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from core.foundation.errors import Invalid
from core.foundation.text import _, percent
from core.registry.foreign.values import MOST_WORST, Answer, ConversionReport, Difference, TensorMapping, Tolerance

if TYPE_CHECKING:
    from core.registry.foreign.examples import Array


class Compared(NamedTuple):
    """An answer by row: how many tolerances it is off at most (infinite where one of both is no number, or the class is
    another one), how far that is, and the cells with the widest gap."""

    name: str
    gaps: "Array"
    differences: "Array"
    expected: "Array"
    given: "Array"


def compare(
    answers: "dict[str, Array]",
    expected: "dict[str, Array]",
    *,
    mapping: TensorMapping,
    tolerance: Tolerance,
    source: str = "",
) -> ConversionReport:
    """Raises Invalid where what is expected is of another form than the answers."""
    import numpy as np

    pairs = list(_pairs(answers, expected, mapping))
    compared = [_numbers(*pair, tolerance) if pair[1].dtype != object else _labels(*pair) for pair in pairs]
    gaps = np.max([entry.gaps for entry in compared], axis=0)
    largest = [entry.differences[np.isfinite(entry.differences)] for entry in compared]
    return ConversionReport(
        rows=len(gaps),
        answers=tuple(entry.name for entry in compared),
        largest_difference=max((float(values.max()) for values in largest if values.size), default=0.0),
        above=float((gaps > 1).mean()),
        worst=tuple(_worst(compared, gaps)),
        tolerance=tolerance,
        source=source,
    )


def _pairs(
    answers: "dict[str, Array]", expected: "dict[str, Array]", mapping: TensorMapping
) -> "Iterator[tuple[str, Array, Array]]":
    for name, values in expected.items():
        answer = _answer(name, mapping, is_only=len(expected) == 1)
        given = answers[answer.name]
        if len(values) != len(given):
            message = _("{expected} rows are expected, and the example has {rows}")
            raise Invalid(message.format(expected=len(values), rows=len(given)), field="expected")
        yield answer.name, *_alike(answer, given, values)


def _answer(name: str, mapping: TensorMapping, *, is_only: bool) -> Answer:
    """The answer that is called so here or in the file; the only one, where one alone is expected."""
    for answer in mapping.answers:
        if name in (answer.name, answer.tensor, answer.role):
            return answer
    if is_only and len(mapping.answers) == 1:
        return mapping.answers[0]
    names = ", ".join(answer.name for answer in mapping.answers)
    raise Invalid(
        _("The version has no answer {name}").format(name=repr(name[:60])),
        hint=_("It has: {names}.").format(names=names[:500]),
        field="expected",
    )


def _alike(answer: Answer, given: "Array", values: "Array") -> "tuple[Array, Array]":
    """Both in one form: of the probabilities of all classes the one that is answered, of a class its name."""
    import numpy as np

    if answer.role == "label":
        return given.reshape(len(given)), np.array([_class_name(value) for value in values.ravel()], dtype=object)
    if values.dtype == object:
        message = _("{name} is a number, and texts are expected").format(name=answer.name)
        raise Invalid(message, hint=_("Expect numbers."), field="expected")
    if given.ndim == 1 and values.ndim == 2 and values.shape[1] > 1:
        values = values[:, answer.positive]
    if values[0].size != given[0].size:
        message = _("{name} has {given} numbers a row, and {expected} are expected")
        sizes = {"given": given[0].size, "expected": values[0].size}
        raise Invalid(message.format(name=answer.name, **sizes), field="expected")
    return given.reshape(len(given), -1), values.reshape(len(values), -1)


def _class_name(value: Any) -> str:
    """A whole number without its point: libraries name classes by either."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _numbers(name: str, given: "Array", expected: "Array", tolerance: Tolerance) -> Compared:
    import numpy as np

    with np.errstate(invalid="ignore"):
        differences = np.abs(given - expected)
        allowed = tolerance.absolute + tolerance.relative * np.abs(expected)
        gaps = np.where(differences <= allowed, differences / np.maximum(allowed, np.finfo(float).tiny), np.inf)
        above = np.isfinite(differences) & (differences > allowed)
        gaps[above] = 1 + differences[above] / np.maximum(allowed[above], 1e-12)
    cells = np.arange(len(gaps)), gaps.argmax(axis=1)
    return Compared(name, gaps[cells], differences[cells], expected[cells], given[cells])


def _labels(name: str, given: "Array", expected: "Array") -> Compared:
    import numpy as np

    gaps = np.where(given == expected, 0.0, np.inf)
    return Compared(name, gaps, np.zeros(len(gaps)), expected, given)


def _worst(compared: list[Compared], gaps: "Array") -> "Iterator[Difference]":
    for row in (-gaps).argsort(kind="stable")[:MOST_WORST].tolist():
        entry = max(compared, key=lambda answer: float(answer.gaps[row]))
        if entry.gaps[row]:
            yield Difference(
                row=row, answer=entry.name, expected=plain(entry.expected[row]), given=plain(entry.given[row])
            )


def plain(value: Any) -> float | str | None:
    """A cell as JSON has it: a number that is none is None."""
    import math

    if isinstance(value, str):
        return value
    number = float(value)
    return number if math.isfinite(number) else None


def refuse_wrong(report: ConversionReport) -> None:
    """Invalid with the worst row, where any is further off than the tolerance."""
    if not report.above:
        return
    worst = report.worst[0]
    words = _("Row {row} of the example: {answer} is {given} from the file and {expected} from the original library")
    share = _("{share} of {rows} rows differ by more than the tolerance: the conversion changed the model.")
    known = _("Trees with missing values, calibrated pipelines and scalers before trees are converted wrongly by some.")
    given, expected = (_in_words(value) for value in (worst.given, worst.expected))
    raise Invalid(
        words.format(row=worst.row, answer=worst.answer, given=given, expected=expected),
        hint=" ".join([share.format(share=percent(report.above), rows=report.rows), known]),
        field="expected",
    )


def _in_words(value: float | str | None) -> str:
    if value is None:
        return _("no number")
    return f"{value:.6g}" if isinstance(value, float) else value
