"""A smoothed line beside the raw one: an exponential moving average that does not begin at zero."""

from collections.abc import Sequence


def smoothed(values: Sequence[float], weight: float) -> list[float]:
    """Each value with those before it, which count `weight` times less a step; at the start the average is corrected
    for what it has not seen yet (Kingma and Ba 2015, section 3)."""
    average, seen, result = 0.0, 0.0, []
    for value in values:
        average = average * weight + value * (1 - weight)
        seen = seen * weight + (1 - weight)
        result.append(average / seen)
    return result
