"""What a training reports while it runs, as events of its job."""

from typing import Any

from core.training.job import FIRST_REPORTS, Reporter


class Events:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def event(self, _kind: str, **fields: Any) -> None:
        self.sent.append(fields)


def test_a_quick_training_has_a_curve_and_a_long_one_does_not_flood() -> None:
    events = Events()
    reporter = Reporter(events)  # type: ignore[arg-type]
    for step in range(1, 50_001):
        reporter(step, {"validation_loss": 1 / step})
    reporter.flush()
    steps = [event["step"] for event in events.sent]
    assert steps[:FIRST_REPORTS] == list(range(1, FIRST_REPORTS + 1))
    assert steps[-1] == 50_000
    assert len(steps) < FIRST_REPORTS + 200
