"""Search spaces as data: what is wrong with one is said before any trial runs, and what is unwise beside the sweep."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import log10
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.sweeps.values import Dimension, Importances, Params, Space, Trial
from core.training.recipe import Recipe, check_params

DECADES_WITHOUT_LOG = 2.0
TRIALS_PER_DIMENSION = 5
BORDER = 0.02
DEAD_SHARE = 0.01
FEWEST_FOR_DEAD = 10


def check_space(space: Space, *, recipe: type[Recipe], base_params: Params) -> None:
    """Raises Invalid naming the field when a dimension cannot be searched, or the recipe would refuse its values."""
    check_params(recipe, params=base_params)
    _refuse_twice(space)
    for name, dimension in space.items():
        if name not in recipe.Params.model_fields:
            raise _wrong(
                name, _("{recipe} has no parameter called {name}").format(recipe=recipe.name, name=repr(name[:60]))
            )
        if dimension.type == "choice":
            _check_choices(name, dimension)
        else:
            _check_range(name, dimension)
        for field, value in _extremes(dimension):
            _check_value(name, field=field, value=value, recipe=recipe)


def lint_space(space: Space, *, trials: int) -> tuple[str, ...]:
    """What is permitted and probably not meant, in words."""
    return tuple(_lint(space, trials=trials))


def lint_result(space: Mapping[str, Dimension], *, best: Trial, importances: Importances) -> tuple[str, ...]:
    """What the trials say about the space: the best one on its border, parameters that did not matter."""
    return (*_on_the_border(space, best=best), *_dead(importances))


def _refuse_twice(space: Space) -> None:
    names = Counter(name.strip().casefold() for name in space)
    for name in space:
        if names[name.strip().casefold()] > 1:
            raise _wrong(name, _("this parameter is in the space twice"))


def _check_choices(name: str, dimension: Dimension) -> None:
    if not dimension.choices:
        raise _wrong(name, _("there is nothing to choose from"), field="choices")
    if dimension.low is not None or dimension.high is not None or dimension.log or dimension.step is not None:
        raise _wrong(name, _("a choice has no low, high, log or step"), field="type")
    # True and 1 are equal in Python and are two choices here.
    if len({(type(choice), choice) for choice in dimension.choices}) < len(dimension.choices):
        raise _wrong(name, _("a choice is there twice"), field="choices")


def _check_range(name: str, dimension: Dimension) -> None:
    if dimension.choices:
        raise _wrong(name, _("a range has no choices"), field="choices")
    for field in ("low", "high"):
        if (value := getattr(dimension, field)) is None:
            raise _wrong(name, _("a range needs low and high"), field=field)
        if dimension.type == "int" and value != int(value):
            raise _wrong(name, _("a range of whole numbers has whole ends"), field=field)
    _check_scale(name, dimension, low=dimension.low or 0.0, high=dimension.high or 0.0)


def _check_scale(name: str, dimension: Dimension, *, low: float, high: float) -> None:
    if low > high:
        raise _wrong(name, _("low is above high"), field="low")
    if dimension.log and low <= 0:
        raise _wrong(name, _("a logarithmic range begins above 0"), field="low")
    if dimension.log and dimension.step is not None:
        raise _wrong(name, _("a logarithmic range has no step"), field="step")
    if dimension.step is not None and not 0 < dimension.step <= max(high - low, 0):
        raise _wrong(name, _("a step is above 0 and fits into the range"), field="step")
    if dimension.type == "int" and dimension.step is not None and dimension.step != int(dimension.step):
        raise _wrong(name, _("a range of whole numbers has a whole step"), field="step")


def _extremes(dimension: Dimension) -> Iterator[tuple[str, Any]]:
    """The values that a recipe must accept for the whole dimension to be accepted, and the field each comes from."""
    if dimension.type == "choice":
        yield from (("choices", choice) for choice in dimension.choices)
        return
    for field in ("low", "high"):
        value = getattr(dimension, field)
        yield field, int(value) if dimension.type == "int" else value


def _check_value(name: str, *, field: str, value: Any, recipe: type[Recipe]) -> None:
    """Strictly: a recipe that would take "16" for 16 would train something else than the table of trials says."""
    parameter = recipe.Params.model_fields[name]
    kind: Any = Annotated[parameter.annotation, parameter]
    try:
        TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError as error:
        raise _wrong(name, f"{value!r}: {error.errors()[0]['msg']}", field=field) from error


def _lint(space: Space, *, trials: int) -> Iterator[str]:
    for name, dimension in space.items():
        if dimension.type == "choice":
            fixed = len(dimension.choices) == 1
        else:
            fixed = dimension.low == dimension.high
            yield from _lint_scale(name, dimension)
        if fixed:
            yield _("{name}: has one value only, so nothing is searched; put it among the fixed parameters").format(
                name=name
            )
    if trials < TRIALS_PER_DIMENSION * len(space):
        yield _("{trials} trials are few for {n} parameters; {more} or more would say more").format(
            trials=trials, n=len(space), more=TRIALS_PER_DIMENSION * len(space)
        )


def _lint_scale(name: str, dimension: Dimension) -> Iterator[str]:
    low, high = dimension.low or 0.0, dimension.high or 0.0
    if not dimension.log and low > 0 and log10(high / low) >= DECADES_WITHOUT_LOG:
        yield _("{name}: spans {n:.1f} decades without log, so nearly all trials fall into the upper one").format(
            name=name, n=log10(high / low)
        )


def _on_the_border(space: Mapping[str, Dimension], *, best: Trial) -> Iterator[str]:
    for name, dimension in space.items():
        if dimension.type == "choice" or dimension.low == dimension.high:
            continue
        place = _place(dimension, float(best.params[name]))
        if place <= BORDER:
            yield _("{name}: the best trial lies on the lower border; a lower range may be better").format(name=name)
        elif place >= 1 - BORDER:
            yield _("{name}: the best trial lies on the upper border; a higher range may be better").format(name=name)


def _place(dimension: Dimension, value: float) -> float:
    """Where in its range a value lies, between 0 and 1, on the range's own scale."""
    low, high = dimension.low or 0.0, dimension.high or 0.0
    if dimension.log:
        return log10(value / low) / log10(high / low)
    return (value - low) / (high - low)


def _dead(importances: Importances) -> Sequence[str]:
    if importances.trials < FEWEST_FOR_DEAD:
        return ()
    return tuple(
        _("{name}: explains less than 1 % of the differences ({method}, {n} trials)").format(
            name=importance.parameter, method=importances.method, n=importances.trials
        )
        for importance in importances.shares
        if importance.share < DEAD_SHARE
    )


def _wrong(name: str, why: str, *, field: str = "") -> Invalid:
    place = ".".join(part for part in ("space", name[:60], field) if part)
    return Invalid(f"{place}: {why}", hint=_("Correct this dimension of the search space."), field=place)
