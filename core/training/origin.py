"""Where a model comes from. Known without any library, since the portal says it when it asks for a run."""

from core.foundation.values import Value


class Origin(Value):
    """Where a model comes from: its run, and what that learned from. A run is at most one version of one model."""

    run: str = ""
    title: str = ""
    recipe: str = ""
    training_set: str = ""
    training_set_title: str = ""
    training_set_digest: str = ""
    label: str = "label"

    @property
    def number(self) -> int:
        """That of the run, which grows with each: 118 for RUN-118."""
        digits = self.run.rpartition("-")[2]
        return int(digits) if digits.isdecimal() else 0
