"""What one must know of a run, as its page says it."""

from app.training.leaderboard import remark_line
from core.tasks.values import Interval
from core.training.automatic.values import Entry, Leaderboard
from core.training.diagnosis.values import Remark
from tests import streamlit_client


def test_what_alarms_has_a_bold_head_and_nothing_in_it_comes_alive() -> None:
    alarm = Remark(kind="ended early", text="Ended early: at step 3, by *somebody*")
    assert remark_line(alarm).endswith(r"**Ended early**: at step 3, by \*somebody\*")
    plain = alarm.model_copy(update={"kind": "baseline"})
    assert "**" not in remark_line(plain)


def table_of(board: Leaderboard) -> list[str]:
    """The first cell of each row of the leaderboard."""
    test = streamlit_client.function(drawn_board)
    test.session_state["board"] = board
    test.run()
    assert not test.exception
    return list(test.table[0].value["Candidate"])


def drawn_board() -> None:
    import streamlit as st

    from app.training import leaderboard

    leaderboard.drawn(st.session_state["board"], cards={})


def test_a_winner_that_is_not_the_first_says_why_in_its_row() -> None:
    figure = Interval(value=0.4, low=0.3, high=0.5)
    entries = tuple(Entry(recipe=name, figure=figure, weight=0.5) for name in ("tabular", "linear"))
    board = Leaderboard(metric="log_loss", rows=90, entries=entries, winner=1)
    first, second = table_of(board)
    assert first == "`tabular`"
    assert "Won" in second
    assert "the first is no better by more than chance, and this is simpler" in second
    first, second = table_of(board.model_copy(update={"winner": 0}))
    assert first == "`tabular` :green-badge[:material/check: Won]"
    assert second == "`linear`"
    blend, *members = table_of(board.model_copy(update={"is_blended": True, "blend": figure}))
    assert blend == "**Blend** :green-badge[:material/check: Won]"
    assert members == ["`tabular`", "`linear`"]
