"""The only module that knows Optuna. A study lives in memory and is a pure function of the trials in our own table:
there is no second database that a crash could leave behind or ahead, and any controller can take over from any
other."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from core.foundation.clock import end_of
from core.foundation.digests import digest_of
from core.sweeps.values import TRUSTED_TRIALS, Dimension, Importance, Importances, StudySpec, Trial

if TYPE_CHECKING:
    import optuna

METHOD = "PED-ANOVA"
FEWEST_FOR_IMPORTANCE = 5
STARTUP_TRIALS = 4
STATES = {"complete": "COMPLETE", "pruned": "PRUNED", "running": "RUNNING", "waiting": "WAITING"}
# The first check on the validation rows says more about the warm-up than about the parameters.
EARLIEST_CHECK = 2


class Study:
    """One sweep's study. Trials are added in the order of their numbers."""

    def __init__(self, spec: StudySpec, trials: Sequence[Trial] = ()) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        optuna.logging.disable_default_handler()
        optuna.logging.enable_propagation()
        self.spec = spec
        self._distributions = {name: distribution_of(dimension) for name, dimension in spec.space.items()}
        self._study = optuna.create_study(
            direction=spec.direction, pruner=_pruner(spec), sampler=optuna.samplers.RandomSampler(seed=spec.seed)
        )
        self._live: dict[int, optuna.trial.Trial] = {}
        self._reported: dict[int, int] = {}
        for trial in trials:
            self.learn(trial)

    @property
    def next_number(self) -> int:
        return len(self._study.get_trials(deepcopy=False))

    def propose(self) -> dict[str, Any]:
        """Parameters for the next trial. They depend on the trials so far, the seed and the number alone, so a
        controller that begins anew proposes what its predecessor would have."""
        if self.spec.sampler == "qmc":
            return _quasi_random(self.spec, number=self.next_number)
        # The throwaway study keeps the proposal out of the real one until it has been written down.
        import optuna

        draft = optuna.create_study(direction=self.spec.direction, sampler=_sampler(self.spec, self.next_number))
        draft.add_trials(self._study.get_trials(deepcopy=False))
        return dict(draft.ask(self._distributions).params)

    def learn(self, trial: Trial) -> None:
        """Brings the study up to what is known of a trial. Saying it twice is saying it once."""
        if trial.number == self.next_number:
            self._add(trial)
        live = self._live.get(trial.number)
        if live is None:
            return
        for step, value in trial.steps:
            if step > self._reported.get(trial.number, 0):
                live.report(value, step)
                self._reported[trial.number] = step
        if trial.state not in ("waiting", "running"):
            self._conclude(trial)

    def should_prune(self, number: int) -> bool:
        """Whether a running trial is not worth its time, judged by what it has reported."""
        live = self._live.get(number)
        return live is not None and self._reported.get(number, 0) > 0 and bool(live.should_prune())

    def importances(self) -> Importances:
        import optuna

        complete = self._study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
        importances = partial(Importances, method=METHOD, trials=len(complete), trusted=len(complete) >= TRUSTED_TRIALS)
        if len(complete) < FEWEST_FOR_IMPORTANCE or len({trial.value for trial in complete}) < 2:
            return importances(shares=())
        shares = optuna.importance.get_param_importances(
            self._study, evaluator=optuna.importance.PedAnovaImportanceEvaluator()
        )
        return importances(
            shares=tuple(Importance(parameter=name, share=float(share)) for name, share in shares.items())
        )

    def _add(self, trial: Trial) -> None:
        self._study.enqueue_trial(trial.params)
        self._live[trial.number] = self._study.ask(self._distributions)

    def _conclude(self, trial: Trial) -> None:
        import optuna

        state = optuna.trial.TrialState[STATES.get(trial.state, "FAIL")]
        value = trial.value if trial.state == "complete" else None
        self._study.tell(self._live.pop(trial.number), value, state=state)


def journal_of(
    spec: StudySpec, trials: Sequence[Trial], *, name: str, facts: Mapping[str, Any], created_at: datetime
) -> bytes:
    """The study as a journal file, which Optuna loads and its dashboard opens. Times are UTC without a zone, since
    Optuna's have none."""
    import optuna
    from optuna.storages.journal import JournalFileBackend

    distributions = {name: distribution_of(dimension) for name, dimension in spec.space.items()}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "study.log"
        storage = optuna.storages.JournalStorage(JournalFileBackend(str(path)))
        study = optuna.create_study(storage=storage, study_name=name, direction=spec.direction)
        for key, value in facts.items():
            study.set_user_attr(key, value)
        for trial in trials:
            frozen = _frozen(trial, distributions=distributions, created_at=created_at)
            storage.create_new_trial(storage.get_study_id_from_name(name), template_trial=frozen)
        return path.read_bytes()


def _frozen(trial: Trial, *, distributions: Mapping[str, Any], created_at: datetime) -> "optuna.trial.FrozenTrial":
    """A trial as Optuna would have it: one that waits has its parameters as those to be taken."""
    import optuna

    waits = trial.state == "waiting"
    about = {"cause": trial.cause, "retry_of": trial.retry_of, "job": trial.job_id}
    return optuna.trial.FrozenTrial(
        number=trial.number,
        trial_id=trial.number,
        state=optuna.trial.TrialState[STATES.get(trial.state, "FAIL")],
        value=trial.value if trial.state in ("complete", "pruned") else None,
        params={} if waits else trial.params,
        distributions={} if waits else {name: distributions[name] for name in trial.params},
        user_attrs={key: value for key, value in about.items() if value not in (None, "")},
        system_attrs={"fixed_params": trial.params} if waits else {},
        intermediate_values=dict(trial.steps),
        datetime_start=None if waits else _plain(trial.started_at or created_at),
        datetime_complete=_plain(_end(trial, trial.ended_at)) if trial.ended_at else None,
    )


def _end(trial: Trial, noticed_at: datetime) -> datetime:
    return end_of(trial.started_at, trial.ran_seconds, else_at=noticed_at)


def _plain(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def distribution_of(dimension: Dimension) -> "optuna.distributions.BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if dimension.type == "choice":
        return CategoricalDistribution(dimension.choices)
    assert dimension.low is not None
    assert dimension.high is not None
    if dimension.type == "float":
        return FloatDistribution(dimension.low, dimension.high, log=dimension.log, step=dimension.step)
    return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log, step=int(dimension.step or 1))


def _sampler(spec: StudySpec, number: int) -> "optuna.samplers.BaseSampler":
    import optuna

    seed = int(digest_of([spec.seed, number])[:8], 16)
    if spec.sampler == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS)


def _pruner(spec: StudySpec) -> "optuna.pruners.BasePruner":
    import optuna

    if spec.pruner == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS, n_warmup_steps=EARLIEST_CHECK)
    return optuna.pruners.HyperbandPruner() if spec.pruner == "hyperband" else optuna.pruners.NopPruner()


def _quasi_random(spec: StudySpec, *, number: int) -> dict[str, Any]:
    """The `number`-th point of a scrambled Halton sequence, which fills the space evenly (J. H. Halton, 1960)."""
    from scipy.stats import qmc

    sequence = qmc.Halton(len(spec.space), scramble=True, rng=spec.seed)
    point = sequence.fast_forward(number).random(1)[0]
    return {name: _at(dimension, float(u)) for (name, dimension), u in zip(spec.space.items(), point, strict=True)}


def _at(dimension: Dimension, u: float) -> Any:
    """The value of a dimension at a place `u` between 0 and 1."""
    if dimension.type == "choice":
        return dimension.choices[min(int(u * len(dimension.choices)), len(dimension.choices) - 1)]
    return _number_at(dimension, u)


def _number_at(dimension: Dimension, u: float) -> float | int:
    low, high = dimension.low or 0.0, dimension.high or 0.0
    half = 0.5 * (dimension.step or 1) if dimension.type == "int" else 0.0
    if dimension.log:
        value = (low - half) * ((high + half) / (low - half)) ** u
    else:
        value = low - half + u * (high - low + 2 * half)
    if dimension.step or dimension.type == "int":
        step = dimension.step or 1
        # The last step may end below the end of the range.
        value = low + step * min(round((value - low) / step), int((high - low) / step + 1e-9))
    value = min(max(value, low), high)
    return int(value) if dimension.type == "int" else value
