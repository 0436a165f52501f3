"""Everything about features as one service; its actions are written by subject."""

from core.features.training_set_actions import TrainingSetActions
from core.features.version_actions import VersionActions


class FeatureService(VersionActions, TrainingSetActions):
    domain = "features"
