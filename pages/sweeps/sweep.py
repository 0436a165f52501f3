"""One sweep: what its best is worth, how the trials went, which parameters mattered, and what was confirmed."""

import streamlit as st

from app.registry.evaluations import value_of
from app.session import actor, may, person, portal
from app.sweeps.charts import history, importances, parallel, trial_table
from app.sweeps.study import offer_study
from app.sweeps.wording import answer, curse
from app.training.register_dialog import register
from app.ui import forms, frame, links, numbers, status, times
from app.ui.neighbors import neighbors
from app.ui.numbers import metric_name
from app.ui.parameters import parameters
from core.foundation.ids import Kind
from core.foundation.text import _
from core.identity.permissions import Permission
from core.sweeps.values import Sweep
from core.training.values import Run


def show() -> None:
    sweep_id = links.wanted_id(Kind.SWEEP)
    frame.live_page(
        lambda: portal().sweeps.get_sweep(actor(), sweep_id=sweep_id), _draw, runs=lambda sweep: not sweep.state.is_over
    )


def _draw(sweep: Sweep) -> None:
    by = _("Requested by {name}, {age}").format(
        name=links.escape(frame.name_of(sweep.requested_by)), age=times.since(sweep.created_at, now=frame.now())
    )
    how = _("{sampler}, {pruner} pruning, {n} workers").format(
        sampler=sweep.sampler.upper(), pruner=sweep.pruner, n=sweep.workers
    )
    crumbs = [(_("Sweeps"), "sweeps")]
    duration = _("its jobs ran for {time} in all").format(time=numbers.duration(sweep.ran_seconds))
    facts = [by, how, duration if sweep.state.is_over and sweep.ran_seconds is not None else ""]
    with frame.header(sweep.title, state=sweep.state, facts=facts, crumbs=crumbs, here=sweep.id):
        _actions(sweep)
    _course(sweep)
    _rest(sweep)
    frame.lineage(sweep.id)


def _actions(sweep: Sweep) -> None:
    if not sweep.state.is_over:
        _offer_stop(sweep)
        return
    runs = sweep.confirmation.run_ids
    if runs and may(Permission.MODELS_WRITE, project=sweep.project):
        best = portal().training.get_run(actor(), run_id=runs[0])
        if best.version_id:
            links.follow(best.version_id, _("Its version {id}").format(id=best.version_id))
        elif st.button(
            _("Register {id}").format(id=best.id), type="primary", icon=":material/deployed_code:", key="reg"
        ):
            register(best)


def _offer_stop(sweep: Sweep) -> None:
    mine = sweep.requested_by == person().id or may(Permission.ROLLBACK)
    allowed = mine and may(Permission.JOBS_CANCEL, project=sweep.project)
    if not allowed or not st.button(_("Stop"), icon=":material/stop_circle:", key="stop"):
        return
    with forms.attempt() as done:
        portal().sweeps.cancel_sweep(actor(), sweep_id=sweep.id)
    if done.succeeded:
        frame.say(_("{id} stops; its finished trials stay").format(id=sweep.id))
        st.rerun()


def _course(sweep: Sweep) -> None:
    """How far it is, or what came of it, and its trials."""
    trials = portal().sweeps.list_trials(actor(), sweep_id=sweep.id)
    st.markdown(answer(sweep))
    if not sweep.state.is_over:
        st.progress(min(1.0, sweep.done / sweep.trials))
    elif words := curse(sweep):
        st.caption(words)
    if sweep.warnings:
        st.caption("  \n".join(f":orange[:material/warning:] {links.escape(warning)}" for warning in sweep.warnings))
    left, right = st.columns([1.72, 1], gap="medium")
    with left:
        history(sweep, trials)
    with right:
        importances(sweep, portal().sweeps.importances(actor(), sweep_id=sweep.id))
    parallel(sweep, trials)
    trial_table(sweep, trials)
    offer_study(sweep)


def _rest(sweep: Sweep) -> None:
    left, right = st.columns([1.72, 1], gap="medium")
    with left:
        if sweep.confirmation.run_ids:
            frame.section(_("Confirmation"), hint=_("the same parameters, seeds that no trial had"))
            with frame.rows("confirmation"):
                for run_id in sweep.confirmation.run_ids:
                    _confirmed(portal().training.get_run(actor(), run_id=run_id), sweep)
        frame.section(_("Activity"))
        frame.activity(sweep.id)
    with right:
        neighbors(sweep.id, (sweep.requirement_id, sweep.training_set_id), title=_("Belongs to"))
        frame.section(_("Fixed parameters"), hint=_("the same in every trial"))
        parameters({**sweep.base_params, "seed": sweep.seed}, recipe=sweep.recipe)


def _confirmed(run: Run, sweep: Sweep) -> None:
    figures = [(split, value_of(run.evaluations, sweep.metric, split=split)) for split in (sweep.split, "test")]
    shown = " · ".join(f"{split} {numbers.number(value)}" for split, value in figures if value is not None)
    detail = _("seed {seed} · {metric}: {figures}").format(
        seed=run.seed, metric=metric_name(sweep.metric).lower(), figures=shown or status.look(run.state).word
    )
    with frame.row(f"confirmed_{run.id}", title=run.id, target=run.id, state=run.state, detail=detail):
        if run.version_id:
            links.follow(run.version_id, run.version_id)


show()
