"""What people choose about a linear model. Known without numpy, since forms and refusals are made in the portal."""

from typing import Literal

from pydantic import Field

from core.foundation.plugins import Params
from core.foundation.text import N_


class LinearParams(Params):
    """The choices."""

    l2: float = Field(
        default=0.0,
        ge=0,
        le=1e9,
        title=N_("L2"),
        description=N_("Pull of all weights toward zero. 0 tries several and takes the best on the validation rows."),
    )
    iterations: int = Field(
        default=1000, ge=1, le=100_000, title=N_("Iterations"), description=N_("Steps of the optimizer, at most.")
    )
    minimum_count: int = Field(
        default=10,
        ge=1,
        le=1_000_000,
        title=N_("Rows to know a category"),
        description=N_("Categories with fewer training rows are treated as unknown."),
    )
    class_weight: Literal["none", "balanced"] = Field(
        default="none",
        title=N_("Class weights"),
        description=N_("balanced lets every class weigh the same; probabilities are then no shares of rows."),
    )
