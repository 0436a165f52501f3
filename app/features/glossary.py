"""What the terms of features mean, so that every form and page explains them in the same words."""

from core.foundation.text import N_

TTL = N_(
    "How long a row is valid after its event time. An expired row gives no value, in training and online alike; never "
    "an older row instead. 0 is unlimited."
)
SOURCE_DELAY = N_("How long a row takes to arrive. It is used only from its event time plus this delay.")
EVENT_TIME = N_("The column with the instant from which a row is true, in UTC.")
CREATED_TIME = N_(
    "The column with the instant at which a row was written. With it, late rows and corrections are known."
)
KNOWN_AT = N_(
    "A value counts from when it was written, not from its event time: what was not known at the moment of a "
    "prediction is not used. Without it a model may learn from the future."
)
LOOKBACK = N_(
    "A row depends on source rows at most this much older than it, so new days can be computed alone. 0 is for all"
    " that came before."
)
ALIAS = N_("The version that the view's name refers to when no version is given. Moving it back is a rollback.")
FRESHNESS = N_("How old the newest row is, against what its ttl or its schedule promises and against its sources.")
DRIFT = N_(
    "How far values have moved from those a model learned from. It compares distributions and cannot see a wrong"
    " join or mixed-up rows: parity can."
)
