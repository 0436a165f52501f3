"""What people choose about gradient boosting. Known without LightGBM, since forms and refusals are made in the
portal."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from core.foundation.plugins import Params
from core.foundation.text import N_

Column = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Columns = Annotated[tuple[Column, ...], Field(max_length=500)]


class BoostingParams(Params):
    """The choices, with defaults that do well on a few hundred rows as on a few hundred thousand."""

    rounds: int = Field(
        default=1000, ge=1, le=20_000, title=N_("Rounds"), description=N_("Trees of one output, at most.")
    )
    patience: int = Field(
        default=50,
        ge=1,
        le=20_000,
        title=N_("Early-stopping patience"),
        description=N_("Rounds without a better loss on the validation rows before it stops."),
    )
    learning_rate: float = Field(
        default=0.05, gt=0, le=1, title=N_("Learning rate"), description=N_("How much of each tree is added.")
    )
    leaves: int = Field(default=63, ge=2, le=4096, title=N_("Leaves"), description=N_("Leaves of a tree, at most."))
    rows_per_leaf: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        title=N_("Rows per leaf"),
        description=N_("Training rows that a leaf needs. 0 takes a thousandth of the rows, from 5 to 100."),
    )
    category_smoothing: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        title=N_("Smoothing of categories"),
        description=N_("Rows below which a category is not trusted. 0 takes it from the rows, from 10 to 50."),
    )
    feature_share: float = Field(
        default=0.7, gt=0, le=1, title=N_("Share of inputs"), description=N_("Inputs that each tree may use.")
    )
    row_share: float = Field(
        default=0.8, gt=0, le=1, title=N_("Share of rows"), description=N_("Training rows that each tree sees.")
    )
    l2: float = Field(
        default=0.0, ge=0, le=1e6, title=N_("L2"), description=N_("Pull of the values of leaves toward zero.")
    )
    loss: Literal["l2", "l1", "quantile"] = Field(
        default="l2",
        title=N_("Loss"),
        description=N_("Of numbers: l2 predicts the mean, l1 the median, quantile the median within an interval."),
    )
    coverage: float = Field(
        default=0.8,
        ge=0.01,
        le=0.99,
        title=N_("Coverage"),
        description=N_("Share of labels that the interval is to hold."),
    )
    class_weight: Literal["none", "balanced"] = Field(
        default="none",
        title=N_("Class weights"),
        description=N_("balanced lets every class weigh the same; probabilities are then no shares of rows."),
    )
    increasing: Columns = Field(
        default=(), title=N_("Increasing"), description=N_("Numbers that may only raise the prediction.")
    )
    decreasing: Columns = Field(
        default=(), title=N_("Decreasing"), description=N_("Numbers that may only lower the prediction.")
    )

    def least_rows(self, rows: int) -> int:
        """Rows of a leaf, at least, where so many rows train."""
        return self.rows_per_leaf or min(100, max(5, rows // 1000))

    def smoothing(self, rows: int) -> int:
        """Rows below which a category is not trusted, where so many rows train."""
        return self.category_smoothing or min(50, max(10, rows // 4000))

    def quantiles(self) -> tuple[float, ...]:
        """The lower end of the interval, the median, the upper end."""
        outside = (1 - self.coverage) / 2
        return outside, 0.5, 1 - outside
