"""Everything about features as one service; its actions are written by subject."""

from core.features.catalog import CatalogActions
from core.features.download_actions import DownloadActions
from core.features.lifecycle_actions import LifecycleActions
from core.features.preview_actions import PreviewActions
from core.features.statistics_actions import StatisticsActions
from core.features.training_set_actions import TrainingSetActions
from core.features.version_actions import VersionActions
from core.features.writing_actions import WritingActions


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
