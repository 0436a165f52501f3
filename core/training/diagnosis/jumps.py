"""Whether a loss rose at once. A value jumped that lies above the median of those before it, at most twenty, by more
than eight times their median absolute deviation and by more than a quarter of that median, most of it since the value
before. Noise, slow overfitting and a loss that has just stopped falling do not."""

from collections.abc import Sequence
from statistics import median

from core.training.diagnosis.values import Jump
from core.training.values import Series

LEAST_BEFORE, MOST_BEFORE = 5, 20
DEVIATIONS, SHARE = 8.0, 0.25


def jump_in(series: Sequence[Series]) -> Jump | None:
    """The highest jump of the first series that has one."""
    return next((jump for single in series if (jump := _highest(single)) is not None), None)


def _highest(series: Series) -> Jump | None:
    highest: tuple[float, Jump] | None = None
    values = [point.value for point in series.points]
    for place in range(LEAST_BEFORE, len(values)):
        before = values[max(0, place - MOST_BEFORE) : place]
        usual = median(before)
        rise, spread = values[place] - usual, median(abs(value - usual) for value in before)
        is_sudden = values[place] - values[place - 1] > rise / 2
        is_jump = is_sudden and rise > DEVIATIONS * spread and rise > SHARE * abs(usual)
        if is_jump and (highest is None or rise > highest[0]):
            point = series.points[place]
            highest = rise, Jump(name=series.name, step=point.step, before=usual, after=point.value)
    return highest[1] if highest else None
