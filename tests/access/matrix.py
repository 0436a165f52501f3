"""The access matrix, written down by hand from what the product promises, not from its code: who may try what.

Codes: Y everywhere, O in one's own project only, N refused, a word for what a service account's token must carry,
X never by a service account. Columns: viewer, engineer, SRE, approver, admin, service account."""

from dataclasses import dataclass

COLUMNS = ("viewer", "engineer", "sre", "approver", "admin", "service")

ROWS = """
A01 read               O O Y Y Y read
A03 artifact           N O Y Y N artifact.read
A05 data               N O N N N data.write
A06 sql                N O N N N X
A07 jobs               N O N N N jobs.write
A08 cancel             N O Y N N jobs.cancel
A10 register           N O N N N models.write
A11 card               N O N N N X
A13 archive            N O N N Y X
A12 put-away           N O Y N Y X
A14 request            N O Y N N promote.request
A15 evidence           N O Y N N evidence.write
A16 decide             N N N Y N X
A19 deploy             N N Y N N deploy
A21 abort              N O Y Y N rollout.abort
A22 rollback           N N Y N N rollback
A28 loadtest           N O Y N N loadtest
A29 loadtest-production N N Y N N X
A30 endpoint           N O Y N N endpoint.write
A31 predict-production N N N N N predict.production
A32 predict-test       N O Y N N predict.test
A36 audit              N O Y Y Y audit.read
A38 audit-verify       N N Y Y Y audit.verify
A39 people             N N N N Y X
A42 policy             N N N N Y X
A43 token              Y Y Y Y Y X
A45 service-account    N N N N Y X
A50 gc                 N N Y N N gc
A52 metrics            N N Y N Y metrics
L01 quarantine         N O Y N N X
R01 requirement        O O N N N requirement.write
"""

# What no service account does, and a person's own token does that carries this.
OWN_SCOPES = {
    "sql": "feature.sql",
    "card": "models.edit",
    "archive": "models.archive",
    "put-away": "archive",
    "quarantine": "quarantine",
}

ACTIONS = {
    "read": """
        identity.whoami identity.list_people identity.list_projects
        identity.search identity.find_object identity.suggest_name identity.titles identity.lineage
        requirements.list_requirements requirements.get_requirement audit.activity
        compute.list_jobs compute.get_job compute.read_log compute.search_log compute.usage compute.fit
        lake.list_datasets lake.get_dataset lake.list_snapshots lake.get_snapshot lake.preview lake.profile
        lake.dataset_facets lake.diff lake.impact lake.quarantined_upstream lake.plan_retention
        lake.search_items lake.item
        imports.get_import imports.list_imports imports.list_rejected_rows
        features.catalog features.catalog_scope features.list_views features.get_view
        features.list_versions features.get_version
        features.preview_version features.alias_history features.impact features.statistics
        features.windows features.freshness features.drift features.usage features.dead_features
        features.list_training_sets features.get_training_set features.preview_training_set
        online.list_materializations online.get_materialization online.get_online online.list_parity online.get_parity
        online.list_parts
        registry.list_models registry.get_model registry.list_versions registry.get_version registry.compare
        registry.list_evidence registry.get_evidence explanations.importance explanations.feature_importance
        explanations.explain
        tracking.read tracking.read_file tracking.list_models
        training.propose_judging training.list_recipes training.list_runs training.get_run training.history
        training.search_runs training.run_groups training.run_fields training.curves training.run_marks
        training.star_run training.run_files
        training.list_run_views training.save_run_view training.delete_run_view
        sweeps.list_sweeps sweeps.get_sweep sweeps.list_trials sweeps.importances
        sweeps.export_study
        serving.list_endpoints serving.get_endpoint serving.missing_features serving.inputs serving.history
        serving.list_replays serving.get_replay
        health.of_objects health.assessments health.own_problems health.own_failures
        loadtests.list_tests loadtests.get_test loadtests.get_report loadtests.series
        promotion.list_requests promotion.get_request promotion.list_policies promotion.get_policy
        promotion.list_gates promotion.what_needs_me
    """,
    "metrics": "metrics.render",
    "artifact": """
        registry.download_artifact tracking.download_model training.download_run_file features.download_split
        lake.download_file
    """,
    "data": """
        lake.create_dataset lake.rename_dataset lake.edit_dataset lake.delete_snapshot
        imports.start_upload imports.start_package_import imports.start_address_import
        imports.correct_import imports.confirm_import imports.discard_import
        features.create_view features.rename_view features.describe_view features.describe_version
    """,
    "sql": """
        features.create_version features.create_training_set features.propose_training_set features.preview_splits
        features.rename_training_set features.accept_inputs features.edit_draft features.build_version
        features.publish_version features.deprecate_version features.retire_version features.discard_version
        features.point_alias features.roll_back features.preview_logic
        queries.start_query queries.get_query queries.result queries.cancel_query queries.list_queries
        queries.save_query queries.list_saved queries.delete_saved
    """,
    "jobs": """
        training.start_run training.resume_run training.describe_run sweeps.start_sweep
        online.materialize online.run_materialization online.pause_materialization online.resume_materialization
    """,
    "cancel": "compute.cancel_job training.cancel_run sweeps.cancel_sweep",
    "register": """
        registry.create_model registry.rename_model registry.upload_version registry.register_tracked
        registry.try_file registry.look_into_file training.register_version
    """,
    "card": "registry.edit_card",
    "archive": "registry.archive_version",
    "put-away": "objects.archive objects.bring_back objects.delete",
    "request": "promotion.open_request promotion.revise_request promotion.cancel_request",
    "evidence": """
        registry.measure_quality registry.scan_safety training.judge_version serving.check_parity online.check_parity
        explanations.measure_importance
    """,
    "decide": "promotion.approve promotion.reject promotion.request_changes",
    "deploy": "promotion.apply",
    "abort": "promotion.abort_rollout",
    "rollback": "promotion.rollback promotion.serve_nothing",
    "loadtest": "loadtests.start_test loadtests.stop_test",
    "loadtest-production": "loadtests.start_production_test loadtests.confirm_test",
    "endpoint": "serving.create_endpoint serving.rename_endpoint serving.deploy_to_staging serving.clear_staging",
    "predict-production": "serving.issue_ticket serving.start_replay",
    "predict-test": "serving.issue_test_ticket serving.start_test_replay",
    "audit": "audit.list_events",
    "audit-verify": "audit.verify",
    "people": """
        identity.create_project identity.rename_project identity.create_person identity.set_state
        identity.grant_role identity.revoke_role
    """,
    "policy": "promotion.propose_policy promotion.confirm_policy",
    "token": "identity.mint_token identity.list_tokens identity.revoke_token",
    "service-account": "identity.create_service_account identity.mint_service_token",
    "quarantine": "lake.quarantine lake.release",
    "gc": "lake.apply_retention lake.plan_sweep lake.sweep_store store.verify",
    "requirement": """
        requirements.create_requirement requirements.edit_requirement requirements.set_state
    """,
}


@dataclass(frozen=True)
class Row:
    """What a group of actions promises. `codes` is by column."""

    id: str
    group: str
    codes: dict[str, str]

    @property
    def scope(self) -> str:
        """What a service account's token must carry; empty when none may."""
        return "" if self.codes["service"] == "X" else self.codes["service"]

    @property
    def own_scope(self) -> str:
        """What a person's own token must carry; empty where only somebody who is present may."""
        return OWN_SCOPES.get(self.group, self.scope)


def read_rows() -> dict[str, Row]:
    rows = {}
    for line in ROWS.strip().splitlines():
        row_id, group, *codes = line.split()
        rows[group] = Row(row_id, group, dict(zip(COLUMNS, codes, strict=True)))
    return rows


ROW_OF = {action: row for group, row in read_rows().items() for action in ACTIONS.get(group, "").split()}
