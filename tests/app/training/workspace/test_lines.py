"""A line of the table says what one must know before using its run."""

from app.training.workspace.lines import line_row
from tests.app.training.workspace.test_names import line


def test_what_alarms_stands_under_the_name() -> None:
    run = line("RUN-1", "Tabular").model_copy(update={"alarms": ("ended early", "learned nothing", "loss jumped")})
    row = line_row(run.model_copy(update={"tags": ("night",)}), "Tabular", columns=(), eyes={}, best="")
    assert row.cells[2].detail == "learned nothing · loss jumped · #night"
    assert line_row(line("RUN-2", "Plain"), "Plain", columns=(), eyes={}, best="").cells[2].detail == ""
