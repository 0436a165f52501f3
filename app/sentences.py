"""Audit events as sentences that people read: "Mei Lin started run RUN-118"."""

from app import links
from core.audit.service import AuditEvent
from core.foundation.text import _

UNBROKEN = "\u2060-\u2060"  # A short id stays on one line.
UNTOLD = (
    "compute.",
    "identity.signed_",
    "serving.confirm",
    "promotion.advance_rollout",
    "promotion.ensure_policies",
    "promotion.state_changed",
    "sweeps.note_importances",
)
VERBS: dict[str, str] = {
    "identity.signed_in": _("signed in"),
    "identity.signed_out": _("signed out"),
    "identity.create_project": _("created the project"),
    "identity.create_person": _("added"),
    "identity.create_service_account": _("added the service account"),
    "identity.grant_role": _("gave a role to"),
    "identity.revoke_role": _("took a role from"),
    "identity.mint_token": _("minted a token for"),
    "requirements.create_requirement": _("wrote down the requirement"),
    "requirements.edit_requirement": _("changed the requirement"),
    "requirements.set_state": _("changed the state of"),
    "queries.start_query": _("ran a query"),
    "queries.cancel_query": _("stopped a query"),
    "queries.save_query": _("saved a query"),
    "queries.delete_saved": _("deleted a saved query"),
    "lake.create_dataset": _("created the dataset"),
    "imports.start_upload": _("uploaded"),
    "imports.start_package_import": _("asked for the import"),
    "imports.start_address_import": _("asked for the import"),
    "imports.correct_import": _("corrected the import"),
    "imports.confirm_import": _("confirmed the import"),
    "imports.discard_import": _("gave up the import"),
    "features.create_view": _("created the feature view"),
    "features.create_version": _("wrote the feature version"),
    "features.edit_draft": _("changed the draft"),
    "features.build_version": _("built"),
    "features.publish_version": _("released"),
    "features.deprecate_version": _("deprecated"),
    "features.retire_version": _("retired"),
    "features.point_alias": _("pointed the alias of"),
    "features.roll_back": _("rolled back"),
    "features.describe_view": _("described"),
    "features.describe_version": _("described"),
    "features.create_training_set": _("asked for the training set"),
    "online.materialize": _("keeps online"),
    "online.run_materialization": _("ran"),
    "online.pause_materialization": _("paused"),
    "online.resume_materialization": _("resumed"),
    "online.check_parity": _("asked for the parity of the online store:"),
    "online.parity_measured": _("measured the parity of the online store:"),
    "online.materialized": _("brought online what is new of"),
    "online.materialization_failed": _("could not bring online"),
    "training.start_run": _("started"),
    "training.run_succeeded": _("finished"),
    "training.run_failed": _("gave up"),
    "training.run_cancelled": _("stopped"),
    "features.version_published": _("published"),
    "features.version_staged": _("built and checked"),
    "features.version_failed": _("could not build"),
    "features.training_set_ready": _("joined and checked"),
    "features.training_set_refused": _("refused, for a leak,"),
    "features.training_set_failed": _("could not join"),
    "registry:evidence:written": _("wrote the evidence"),
    "training.cancel_run": _("cancelled"),
    "training.resume_run": _("resumed"),
    "training.register_version": _("registered"),
    "sweeps.start_sweep": _("started the sweep"),
    "sweeps.cancel_sweep": _("cancelled the sweep"),
    "sweeps.begin_confirmation": _("trains the winner again of"),
    "sweeps.finish": _("finished the sweep"),
    "promotion.cancel_request": _("withdrew"),
    "promotion.revise_request": _("changed the plan of"),
    "loadtests.confirm_test": _("confirmed the load test"),
    "loadtests.start_production_test": _("asks for a load test of production,"),
    "registry.upload_version": _("uploaded"),
    "identity.mint_service_token": _("minted a token for"),
    "identity.set_state": _("changed the state of"),
    "identity.revoke_token": _("revoked a token of"),
    "registry.download_artifact": _("downloaded"),
    "serving.start_test_replay": _("replayed traffic through"),
    "serving.issue_test_ticket": _("took a ticket for"),
    "serving.issue_ticket": _("took a ticket for"),
    "promotion.abort_rollout": _("stopped the rollout of"),
    "promotion.propose_policy": _("proposed the policy"),
    "promotion.confirm_policy": _("confirmed the policy"),
    "registry.create_model": _("created the model"),
    "registry.edit_card": _("edited the card of"),
    "registry.archive_version": _("archived"),
    "registry.measure_quality": _("measured the quality of"),
    "registry.scan_safety": _("scanned"),
    "serving.create_endpoint": _("created the endpoint"),
    "serving.deploy_to_staging": _("deployed to"),
    "serving.check_parity": _("checked the parity of"),
    "serving.start_replay": _("replayed traffic through"),
    "loadtests.start_test": _("started the load test"),
    "loadtests.stop_test": _("stopped the load test"),
    "promotion.open_request": _("requested the promotion"),
    "promotion.approve": _("approved"),
    "promotion.reject": _("rejected"),
    "promotion.request_changes": _("asked for changes to"),
    "promotion.apply": _("applied"),
    "promotion.rollback": _("rolled back"),
}


def is_told(event: AuditEvent) -> bool:
    """Whether people want to read it: every job stands for an object that has events of its own."""
    return not event.action.startswith(UNTOLD)


def sentence(event: AuditEvent) -> str:
    """The event as Markdown: who in bold, what, and which object."""
    who = "Causeway" if event.via == "system" else event.actor_name
    verb = VERBS.get(event.action) or event.action.partition(".")[2].replace("_", " ")
    subject = "" if event.subject in ("", event.actor) else " " + links.escape(event.subject).replace("-", UNBROKEN)
    return f"**{links.escape(who)}** {links.escape(verb)}{subject}"
