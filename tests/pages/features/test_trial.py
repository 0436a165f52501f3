"""The preview of an editor ends for a whole page at once."""

from concurrent.futures import Future

from app.features.editor.preview import Trial
from core.features.values import LogicPreview
from core.foundation.errors import Invalid


def test_a_preview_that_ends_while_a_page_is_drawn_is_known_to_the_whole_of_the_next_one() -> None:
    """Otherwise its error stood below the code, which was drawn before, without a mark at its line."""
    trial, future = Trial(), Future[LogicPreview]()
    trial.future = future
    trial.finish()
    future.set_exception(Invalid("no such column", field="sql"))
    assert (trial.is_running, trial.error) == (True, None)
    trial.finish()
    assert (trial.is_running, str(trial.error)) == (False, "no such column")
