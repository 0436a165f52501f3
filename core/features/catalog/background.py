"""The worker's loop that measures drift, so that lists know it without reading rows."""

from datetime import datetime, timedelta

from core.features.catalog.statistics import FeatureStatisticsService
from core.foundation.actors import Actor
from core.lake.retention.background import BackgroundWork

WORKER = Actor.system("worker")
PAUSE = timedelta(minutes=1)


class DriftReconciler:
    """`features.drift`. A worker that measures what another one has measured writes the same file again."""

    name = "features.drift"

    def __init__(self, statistics: FeatureStatisticsService, *, pause: timedelta = PAUSE) -> None:
        self._statistics = statistics
        self._work = BackgroundWork(self.name, pause=pause, is_due=lambda _now: True, work=self.round)

    def tick(self, now: datetime) -> None:
        """Looks every minute, and measures in a thread of its own."""
        self._work.tick(now)

    def round(self, _now: datetime) -> None:
        """Measures what is not measured yet."""
        for pair in self._statistics.unmeasured_drift(WORKER):
            self._statistics.measure_drift(WORKER, version_id=pair.version_id, training_set_id=pair.training_set_id)
