"""What one must know of a run, as its page says it."""

from app.training.leaderboard import remark_line
from core.training.diagnosis.values import Remark


def test_what_alarms_has_a_bold_head_and_nothing_in_it_comes_alive() -> None:
    alarm = Remark(kind="ended early", text="Ended early: at step 3, by *somebody*")
    assert remark_line(alarm).endswith(r"**Ended early**: at step 3, by \*somebody\*")
    plain = alarm.model_copy(update={"kind": "baseline"})
    assert "**" not in remark_line(plain)
