"""What comes next for a run and for a training set."""

from datetime import datetime

from app.next_action.values import NextAction, Rights, nothing
from core.compute.values import JobState
from core.features.training_sets.values import TrainingSet, TrainingSetState
from core.foundation.text import _
from core.identity.permissions import Permission
from core.training.splits import reason_against
from core.training.values import Run


def run_action(run: Run, *, rights: Rights) -> NextAction:
    if not run.state.is_over:
        return nothing()
    if run.state is not JobState.SUCCEEDED:
        return _resume(rights)
    if run.version_id:
        label = _("Open {id}").format(id=run.version_id)
        sentence = _("Its model is registered as {id}.").format(id=run.version_id)
        return NextAction(
            name="open_version", label=label, icon="deployed_code", sentence=sentence, target=run.version_id
        )
    if not rights.may(Permission.MODELS_WRITE):
        return nothing()
    return NextAction(
        name="register",
        label=_("Register a version"),
        icon="deployed_code",
        sentence=_("Only a registered version can be deployed, tested and released."),
        missing="" if run.manifest else _("It saved no model that could be registered."),
    )


def _resume(rights: Rights) -> NextAction:
    if not rights.may(Permission.JOBS_WRITE):
        return nothing()
    sentence = _("Exactly from its last checkpoint, or from the start where there is none.")
    return NextAction(name="resume", label=_("Resume"), icon="resume", sentence=sentence)


def training_set_action(training_set: TrainingSet, *, now: datetime, rights: Rights) -> NextAction:
    if training_set.state is TrainingSetState.NEEDS_REVIEW and rights.may(Permission.FEATURE_SQL):
        return NextAction(
            name="accept_inputs",
            label=_("Review inputs"),
            icon="rate_review",
            sentence=_("An input predicts the label alone: say why it is known in time, or make the set without it."),
        )
    if training_set.state is not TrainingSetState.READY or not rights.may(Permission.JOBS_WRITE):
        return nothing()
    return NextAction(
        name="start_training",
        label=_("Start training"),
        icon="play_circle",
        sentence=_("A run learns from its rows and is judged on those held out."),
        missing=reason_against(training_set, now=now),
        target=f"start-training?training_set={training_set.id}",
    )
