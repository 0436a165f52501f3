"""How traffic moves to the new version, checked before anyone reads the request."""

from itertools import pairwise

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.promotion.values import Plan


def check_plan(plan: Plan) -> None:
    """Invalid naming the step unless the weights rise from step to step and end at 100."""
    for number, (before, after) in enumerate(pairwise(plan.steps), start=1):
        if after.weight <= before.weight:
            raise Invalid(
                _("Step {number} goes from {before} % to {after} %").format(
                    number=number + 1, before=before.weight, after=after.weight
                ),
                hint=_("The weights rise from step to step."),
                field=f"plan.steps.{number}.weight",
            )
    last = plan.steps[-1]
    if last.weight != 100:
        raise Invalid(
            _("The plan ends at {weight} %").format(weight=last.weight),
            hint=_("The last step takes 100 %."),
            field=f"plan.steps.{len(plan.steps) - 1}.weight",
        )


def in_words(plan: Plan) -> str:
    """For instance "5 % for 5 min, then 25 % for 10 min, then 100 %"."""
    steps = [
        _("{weight} % for {time}").format(weight=step.weight, time=duration(step.hold_seconds)) for step in plan.steps
    ]
    return _(", then ").join(steps)


def duration(seconds: int) -> str:
    """A time in its largest whole unit: 90 s, 5 min, 2 h, 1 d."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
