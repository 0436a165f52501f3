"""The access matrix: which roles and which tokens carry a permission. A role reaches the projects it was granted in, or
every project when it was granted everywhere; what is not written here is denied."""

from enum import StrEnum


class Role(StrEnum):
    VIEWER = "viewer"
    ENGINEER = "engineer"
    SRE = "sre"
    APPROVER = "approver"
    ADMIN = "admin"


PROJECT_ROLES = frozenset({Role.VIEWER, Role.ENGINEER})  # Granted in one project, never everywhere.


class Permission(StrEnum):
    """What an action asks for. The value is also the scope that a token may carry."""

    READ = "read"
    ARTIFACT_READ = "artifact.read"
    DATA_WRITE = "data.write"
    FEATURE_SQL = "feature.sql"
    JOBS_WRITE = "jobs.write"
    JOBS_CANCEL = "jobs.cancel"
    MODELS_WRITE = "models.write"
    MODELS_EDIT = "models.edit"
    MODELS_ARCHIVE = "models.archive"
    ARCHIVE = "archive"
    PROMOTE_REQUEST = "promote.request"
    EVIDENCE_WRITE = "evidence.write"
    PROMOTE_DECIDE = "promote.decide"
    DEPLOY = "deploy"
    ROLLOUT_ABORT = "rollout.abort"
    ROLLBACK = "rollback"
    ENDPOINT_WRITE = "endpoint.write"
    LOADTEST = "loadtest"
    LOADTEST_PRODUCTION = "loadtest.production"
    PREDICT_PRODUCTION = "predict.production"
    PREDICT_TEST = "predict.test"
    AUDIT_READ = "audit.read"
    AUDIT_VERIFY = "audit.verify"
    PEOPLE_WRITE = "people.write"
    POLICY_WRITE = "policy.write"
    TOKEN_MINT = "token.mint"
    SERVICE_ACCOUNT_WRITE = "service_account.write"
    REQUIREMENT_WRITE = "requirement.write"
    QUARANTINE = "quarantine"
    GC = "gc"
    METRICS = "metrics"
    SYSTEM = "system"


_EVERY = frozenset(Role)
_ENGINEER = frozenset({Role.ENGINEER})
_SRE = frozenset({Role.SRE})
_BUILDERS = _ENGINEER | _SRE

ROLES: dict[Permission, frozenset[Role]] = {
    Permission.READ: _EVERY,
    Permission.ARTIFACT_READ: _BUILDERS | {Role.APPROVER},
    Permission.DATA_WRITE: _ENGINEER,
    Permission.FEATURE_SQL: _ENGINEER,
    Permission.JOBS_WRITE: _ENGINEER,
    Permission.JOBS_CANCEL: _BUILDERS,
    Permission.MODELS_WRITE: _ENGINEER,
    Permission.MODELS_EDIT: _ENGINEER,
    Permission.MODELS_ARCHIVE: frozenset({Role.ENGINEER, Role.ADMIN}),
    Permission.ARCHIVE: _BUILDERS | {Role.ADMIN},
    Permission.PROMOTE_REQUEST: _BUILDERS,
    Permission.EVIDENCE_WRITE: _BUILDERS,
    Permission.PROMOTE_DECIDE: frozenset({Role.APPROVER}),
    Permission.DEPLOY: _SRE,
    Permission.ROLLOUT_ABORT: _BUILDERS | {Role.APPROVER},
    Permission.ROLLBACK: _SRE,
    Permission.ENDPOINT_WRITE: _BUILDERS,
    Permission.LOADTEST: _BUILDERS,
    Permission.LOADTEST_PRODUCTION: _SRE,
    Permission.PREDICT_PRODUCTION: frozenset(),
    Permission.PREDICT_TEST: _BUILDERS,
    Permission.AUDIT_READ: frozenset({Role.ENGINEER, Role.SRE, Role.APPROVER, Role.ADMIN}),
    Permission.AUDIT_VERIFY: frozenset({Role.SRE, Role.APPROVER, Role.ADMIN}),
    Permission.PEOPLE_WRITE: frozenset({Role.ADMIN}),
    Permission.POLICY_WRITE: frozenset({Role.ADMIN}),
    Permission.TOKEN_MINT: _EVERY,
    Permission.SERVICE_ACCOUNT_WRITE: frozenset({Role.ADMIN}),
    Permission.REQUIREMENT_WRITE: frozenset({Role.VIEWER, Role.ENGINEER}),
    Permission.QUARANTINE: _BUILDERS,
    Permission.GC: _SRE,
    Permission.METRICS: frozenset({Role.SRE, Role.ADMIN}),
    Permission.SYSTEM: frozenset(),
}

# What a token of a service account may carry. Approving, and giving rights to people, stays with those who are present.
SERVICE_TOKEN_PERMISSIONS = frozenset(
    {
        Permission.READ,
        Permission.ARTIFACT_READ,
        Permission.DATA_WRITE,
        Permission.JOBS_WRITE,
        Permission.JOBS_CANCEL,
        Permission.MODELS_WRITE,
        Permission.PROMOTE_REQUEST,
        Permission.EVIDENCE_WRITE,
        Permission.DEPLOY,
        Permission.ROLLOUT_ABORT,
        Permission.ROLLBACK,
        Permission.ENDPOINT_WRITE,
        Permission.LOADTEST,
        Permission.PREDICT_PRODUCTION,
        Permission.PREDICT_TEST,
        Permission.AUDIT_READ,
        Permission.AUDIT_VERIFY,
        Permission.REQUIREMENT_WRITE,
        Permission.GC,
        Permission.METRICS,
    }
)
# What a token of a person's own may carry: code that runs on shared data, and what is said of a version or held back,
# have a person behind them who answers for it.
OWN_TOKEN_PERMISSIONS = SERVICE_TOKEN_PERMISSIONS | {
    Permission.FEATURE_SQL,
    Permission.MODELS_EDIT,
    Permission.MODELS_ARCHIVE,
    Permission.ARCHIVE,
    Permission.QUARANTINE,
}
# What the portal's own processes never do.
PEOPLE_ONLY = frozenset({Permission.PROMOTE_DECIDE})


def token_permissions(kind: str) -> frozenset[Permission]:
    """What a token may carry of a person or of a service account."""
    return SERVICE_TOKEN_PERMISSIONS if kind == "service" else OWN_TOKEN_PERMISSIONS
