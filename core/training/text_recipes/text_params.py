"""What people choose about a model of texts. Known without numpy, since forms and refusals are made in the portal."""

from typing import Literal

from pydantic import Field

from core.foundation.text import N_
from core.training.linear_recipes.linear_params import LinearParams


class TextParams(LinearParams):
    """The choices."""

    ngram: int = Field(
        default=2,
        ge=1,
        le=3,
        title=N_("Longest run of words"),
        description=N_("2 learns from pairs of neighboring words too, 3 from runs of three."),
    )
    buckets: Literal[4096, 16384, 65536, 262144] = Field(
        default=65536,
        title=N_("Buckets"),
        description=N_("Words are hashed into so many. More keep more words apart, and make a larger file."),
    )
    words: int = Field(
        default=2000,
        ge=10,
        le=20_000,
        title=N_("Words of a text"),
        description=N_("Those at the beginning of a text that are read; the others are left out."),
    )
    start_from: str = Field(
        default="",
        max_length=60,
        title=N_("Start from"),
        description=N_(
            "A run or a version of this project, trained by this recipe with the same buckets and words: what words"
            " meant there holds until these rows say otherwise. Classes that it did not know begin from nothing."
        ),
    )
