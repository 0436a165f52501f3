"""What the map says: heads of columns, names of groups, buttons."""

from app.ui.wording import counted
from core.foundation.ids import Kind
from core.foundation.text import _


def column_titles() -> tuple[str, ...]:
    return _("Goal and data"), _("Features"), _("Training"), _("Model"), _("Evidence and release")


def kind_word(kind: Kind) -> str:
    return _forms(kind)[0]


def group_title(kind: Kind, count: int) -> str:
    """ "5 pieces of evidence"."""
    return counted(count, *_forms(kind))


def _forms(kind: Kind) -> tuple[str, str]:
    """The word for one of a kind and for many."""
    forms = {
        Kind.REQUIREMENT: (_("requirement"), _("requirements")),
        Kind.DATASET: (_("dataset"), _("datasets")),
        Kind.SNAPSHOT: (_("dataset snapshot"), _("snapshots")),
        Kind.FEATURE_VIEW: (_("feature view"), _("feature views")),
        Kind.FEATURE_VERSION: (_("feature version"), _("features")),
        Kind.MATERIALIZATION: (_("materialization"), _("materializations")),
        Kind.FEATURE_PARITY: (_("feature parity check"), _("parity checks")),
        Kind.TRAINING_SET: (_("training set"), _("training sets")),
        Kind.RUN: (_("run"), _("runs")),
        Kind.SWEEP: (_("sweep"), _("sweeps")),
        Kind.MODEL: (_("model"), _("models")),
        Kind.MODEL_VERSION: (_("model version"), _("versions")),
        Kind.EVIDENCE: (_("piece of evidence"), _("pieces of evidence")),
        Kind.LOAD_TEST: (_("load test"), _("load tests")),
        Kind.PROMOTION: (_("promotion"), _("promotions")),
        Kind.ENDPOINT: (_("endpoint"), _("endpoints")),
        Kind.DEPLOYMENT: (_("deployment"), _("deployments")),
    }
    return forms[kind]


def words(title: str, total: int) -> dict[str, str]:
    """The component's texts. Numbers are put where `{count}` stands."""
    return {
        "map": _("Lineage of {title}. Arrow keys walk along the chain, Space shows an object, Enter opens it.").format(
            title=title
        ),
        "story": _("Shortest story"),
        "all": _("All {total} objects").format(total=total),
        "find": _("Find in the map"),
        "nearer": _("Zoom in"),
        "farther": _("Zoom out"),
        "fit": _("Fit the map into its frame"),
        "full": _("Full screen"),
        "path": _("what led to it and follows from it"),
        "other": _("other edges"),
        "asks": _("requested by"),
        "parts": _("opens into its parts"),
        "more": _("+ {count} more"),
        "open": _("Open"),
        "close": _("Close"),
        "before": _("Rests on"),
        "after": _("Leads to"),
        "nothing": _("nothing"),
        "kind": _("Kind"),
        "state": _("State"),
        "fact": _("Figure"),
        "changed": _("Changed"),
        "overview": _("The whole map; the frame is what can be seen"),
    }
