"""Everything about features as one service; its actions are written by subject."""

from core.features.catalog.search import CatalogActions
from core.features.catalog.statistics import StatisticsActions
from core.features.training_sets.actions import TrainingSetActions
from core.features.training_sets.downloads import DownloadActions
from core.features.versions.previewing import PreviewActions
from core.features.versions.publishing import LifecycleActions
from core.features.versions.reading import VersionActions
from core.features.versions.writing import WritingActions


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
