"""A line of the table says what one must know before using its run."""

from app.training.workspace.curves import drawn_runs
from app.training.workspace.lines import line_row
from app.ui.components.rows import drawing
from tests.app.training.workspace.test_names import line


def test_an_archived_run_is_quiet_and_drawn_dotted() -> None:
    run = line("RUN-1", "Tabular").model_copy(update={"archived": True})
    row = line_row(run, "Tabular", columns=(), eyes={"RUN-1": 3}, best="")
    assert (row.is_quiet, row.cells[2].detail) == (True, "archived")
    assert drawing([], [row], label="Runs")["rows"][0]["quiet"]
    (drawn,) = drawn_runs([run], eyes={"RUN-1": 3}, cards={}).values()
    assert (drawn.color, drawn.is_archived) == (3, True)
    assert not line_row(line("RUN-2", "Plain"), "Plain", columns=(), eyes={}, best="").is_quiet


def test_what_alarms_stands_under_the_name() -> None:
    run = line("RUN-1", "Tabular").model_copy(update={"alarms": ("ended early", "learned nothing", "loss jumped")})
    row = line_row(run.model_copy(update={"tags": ("night",)}), "Tabular", columns=(), eyes={}, best="")
    assert row.cells[2].detail == "learned nothing · loss jumped · #night"
    assert line_row(line("RUN-2", "Plain"), "Plain", columns=(), eyes={}, best="").cells[2].detail == ""
