"""What a piece of evidence says, as values: facts, tables and series under headings. Values stay values here; pages
give every number its one form."""

from typing import Literal

from pydantic import Field

from core.foundation.values import Value
from core.tasks.values import Interval

Form = Literal["text", "code", "metric", "number", "exact", "percent", "milliseconds", "rate", "bytes", "difference"]
Tone = Literal["", "good", "bad", "unsure"]


class Cell(Value):
    """A value with the ends of its 95 % interval; None is nothing known, as an end it is open. `form` says what the
    value is: the name of a `metric`, an `exact` number with its digits, a share of one as `percent`, requests a second
    as a `rate`. `tone` says whether it is good news, `target` is the id of the object that it names."""

    value: str | int | float | None
    form: Form = "text"
    low: float | None = None
    high: float | None = None
    tone: Tone = ""
    target: str = ""


class Sentence(Value):
    """Words with values in them: `{name}` stands where the cell of that name goes."""

    text: str
    cells: dict[str, Cell] = Field(default_factory=dict)


class Fact(Value):
    """A value that stands for itself; `basis` is what it rests on, where that is not its interval."""

    label: str
    cell: Cell
    basis: Sentence | None = None


class Table(Value):
    """Rows of as many cells as there are columns. `alt` is what it shows, for those who do not see it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    alt: str


class Line(Value):
    """A line through points, with the ends of an interval around each where they are known."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


class Lines(Value):
    """Lines over one axis. `limit` is drawn across them, with its words."""

    lines: tuple[Line, ...]
    x: str
    y: str
    alt: str
    limit: tuple[float, Sentence] | None = None


class Intervals(Value):
    """Values with their intervals below each other, each with what it is called; `zero` draws the line of no
    difference."""

    rows: tuple[tuple[Cell, Interval], ...]
    x: str
    alt: str
    zero: bool = False


class Section(Value):
    """A part under a heading, shown in the order of its fields. Up to four facts stand large, more of them small;
    tables stand beside each other."""

    title: str
    hint: Sentence | None = None
    statement: Cell | None = None
    facts: tuple[Fact, ...] = ()
    series: tuple[Lines | Intervals, ...] = ()
    tables: tuple[Table, ...] = ()
    note: str = ""


class Figure(Value):
    """A measured figure that conditions and comparisons may cite, None as an end is open. Figures that were measured
    under other `conditions` are not compared."""

    value: float
    low: float | None = None
    high: float | None = None
    conditions: str = ""
