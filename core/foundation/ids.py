"""Short ids that people can say: RUN-118, LT-211, PR-42. They are the primary keys."""

from enum import StrEnum

from core.foundation.errors import NotFound
from core.foundation.text import _


class Kind(StrEnum):
    """What an id names. The value is the word used in pages, links and the API."""

    PROJECT = "project"
    PERSON = "person"
    SERVICE_ACCOUNT = "service_account"
    REQUIREMENT = "requirement"
    DATASET = "dataset"
    SNAPSHOT = "snapshot"
    IMPORT = "import"
    QUERY = "query"
    FEATURE_VIEW = "feature_view"
    FEATURE_VERSION = "feature_version"
    TRAINING_SET = "training_set"
    MATERIALIZATION = "materialization"
    FEATURE_PARITY = "feature_parity"
    JOB = "job"
    RUN = "run"
    SWEEP = "sweep"
    MODEL = "model"
    MODEL_VERSION = "model_version"
    EVIDENCE = "evidence"
    ENDPOINT = "endpoint"
    DEPLOYMENT = "deployment"
    LOAD_TEST = "load_test"
    PROMOTION = "promotion"
    POLICY = "policy"

    @property
    def prefix(self) -> str:
        return PREFIXES[self]


PREFIXES: dict[Kind, str] = {
    Kind.PROJECT: "PROJ",
    Kind.PERSON: "P",
    Kind.SERVICE_ACCOUNT: "SA",
    Kind.REQUIREMENT: "R",
    Kind.DATASET: "DS",
    Kind.SNAPSHOT: "SNAP",
    Kind.IMPORT: "IMP",
    Kind.QUERY: "Q",
    Kind.FEATURE_VIEW: "FV",
    Kind.FEATURE_VERSION: "FEAT",
    Kind.TRAINING_SET: "TS",
    Kind.MATERIALIZATION: "MAT",
    Kind.FEATURE_PARITY: "FP",
    Kind.JOB: "JOB",
    Kind.RUN: "RUN",
    Kind.SWEEP: "SW",
    Kind.MODEL: "M",
    Kind.MODEL_VERSION: "MV",
    Kind.EVIDENCE: "EV",
    Kind.ENDPOINT: "EP",
    Kind.DEPLOYMENT: "DEP",
    Kind.LOAD_TEST: "LT",
    Kind.PROMOTION: "PR",
    Kind.POLICY: "POL",
}
KINDS = {prefix: kind for kind, prefix in PREFIXES.items()}


def is_id(text: str) -> bool:
    """Whether a text is a short id, and no name."""
    prefix, dash, number = text.partition("-")
    return bool(dash) and number.isdecimal() and number.isascii() and prefix in KINDS


def kind_of(object_id: str) -> Kind:
    """The kind a short id names. NotFound when the text is no short id."""
    if is_id(object_id):
        return KINDS[object_id.partition("-")[0]]
    raise NotFound(_("There is no object called {id}").format(id=repr(object_id[:40])))
