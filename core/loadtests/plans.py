"""From what a person asks to a plan: what was not said comes from the profile and the SLO, and the caps are kept."""

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.foundation.values import Value
from core.loadtests.generator.arrivals import Spacing
from core.loadtests.generator.length import fewest_seconds
from core.loadtests.values import MOST_IN_FLIGHT, InFlight, Plan, Profile, Rate, Seconds, Slo

PRODUCTION_RATE = 1_000.0
PRODUCTION_SECONDS = 600.0
FEWEST_IN_FLIGHT = 50
LONGEST_TIMEOUT_MS = 10_000.0
TIMEOUT_MS = 2_000.0

# Rate and seconds. A search ends at its rate, or when its time is over.
USUAL: dict[Profile, tuple[float, float]] = {
    Profile.SMOKE: (50, 12),
    Profile.STEP: (500, 30),
    Profile.SPIKE: (500, 30),
    Profile.SOAK: (200, 300),
    Profile.CAPACITY: (4_000, 38),
}


class Wish(Value):
    """What was asked for. None is left to the profile."""

    profile: Profile
    rate: Rate | None = None
    seconds: Seconds | None = None
    in_flight: InFlight | None = None
    rate_cap: Rate | None = None
    spacing: Spacing = "poisson"
    seed: int = 1


def plan_of(wish: Wish, *, slo: Slo) -> Plan:
    """The plan. No second exceeds the wished rate by more than 5 %, unless a higher cap was asked for. As many requests
    may be unanswered as the rate and twice the SLO's time make, so that a target within its SLO is never held back."""
    rate, seconds = USUAL[wish.profile]
    rate, seconds = wish.rate or rate, wish.seconds or seconds
    patient = int(min(MOST_IN_FLIGHT, max(FEWEST_IN_FLIGHT, 2 * rate * slo.p99_ms / 1e3)))
    return Plan(
        profile=wish.profile,
        rate=rate,
        seconds=seconds,
        in_flight=wish.in_flight or patient,
        rate_cap=wish.rate_cap or rate,
        spacing=wish.spacing,
        timeout_ms=min(LONGEST_TIMEOUT_MS, max(TIMEOUT_MS, 4 * slo.p99_ms)),
        seed=wish.seed,
    )


def check_production(plan: Plan) -> None:
    """A test of production keeps to lower caps. Raises Invalid naming the field."""
    for field, limit in (("rate", PRODUCTION_RATE), ("rate_cap", PRODUCTION_RATE), ("seconds", PRODUCTION_SECONDS)):
        if getattr(plan, field) > limit:
            raise Invalid(
                _("{field} is more than a test of production may take: {limit:.0f}").format(field=field, limit=limit),
                hint=_("Search the capacity on a staging endpoint with the same version."),
                field=field,
            )


def check_length(plan: Plan) -> None:
    """Raises Invalid for a plan that sends too few requests to say anything about the slowest of them."""
    fewest = fewest_seconds(plan.profile, rate=plan.rate)
    if fewest is not None and plan.seconds >= fewest:
        return
    message = _("{seconds:g} s of this profile at {rate:g} requests a second are too few for a 99th percentile")
    hint = _("Take at least {n} s, or a higher rate.").format(n=fewest) if fewest else _("Take a higher rate.")
    field = "seconds" if fewest else "rate"
    raise Invalid(message.format(seconds=plan.seconds, rate=plan.rate), hint=hint, field=field)
