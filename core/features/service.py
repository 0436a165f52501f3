"""Everything about features as one service; its actions are written by subject."""

from collections.abc import Mapping
from typing import ClassVar

from core.features.catalog.search import CatalogActions
from core.features.catalog.statistics import StatisticsActions
from core.features.training_sets.actions import TrainingSetActions
from core.features.training_sets.downloads import DownloadActions
from core.features.versions.previewing import PreviewActions
from core.features.versions.publishing import LifecycleActions
from core.features.versions.reading import VersionActions
from core.features.versions.writing import WritingActions
from core.foundation.actions.run import EventSpec
from core.foundation.text import N_


class FeatureService(
    CatalogActions,
    VersionActions,
    WritingActions,
    LifecycleActions,
    PreviewActions,
    StatisticsActions,
    DownloadActions,
    TrainingSetActions,
):
    domain = "features"
    events: ClassVar[Mapping[str, EventSpec]] = {
        "features.version_published": EventSpec(N_("published")),
        "features.version_staged": EventSpec(N_("built and checked")),
        "features.version_failed": EventSpec(N_("could not build")),
        "features.training_set_ready": EventSpec(N_("joined and checked")),
        "features.training_set_refused": EventSpec(N_("refused, for a leak,")),
        "features.training_set_failed": EventSpec(N_("could not join")),
    }
