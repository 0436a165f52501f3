"""One vocabulary of states."""

import pytest

from app.ui import status
from core.compute.values import JobState
from core.promotion.values import RequestState
from core.sweeps.values import SweepState
from core.tasks.values import Verdict

EVERY = [*JobState, *RequestState, *Verdict, *SweepState]


@pytest.mark.parametrize("state", EVERY)
def test_every_state_of_the_domains_has_a_word_a_color_and_an_icon(state: str) -> None:
    shown = status.look(state)
    known = {word for _icon, states in status.GROUPS.values() for word in states.split()}
    assert str(state).replace(" ", "_") in known
    assert shown.word[0].isupper()
    assert shown.icon.startswith(":material/")


def test_silence_is_never_green() -> None:
    assert status.look(Verdict.NO_DATA).color == "orange"
    assert status.look(Verdict.INCONCLUSIVE).color == "orange"


def test_an_unknown_state_is_gray_with_its_own_word() -> None:
    assert status.look("half_way") == status.Look("Half way", "gray", ":material/radio_button_unchecked:")
