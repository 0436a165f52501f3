"""The log as sentences, and what is measured in words."""

from datetime import UTC, datetime

from app.ui.audit_sentences import is_on_timelines, sentence
from app.ui.numbers import metric_value
from app.ui.wording import counted, criterion_line
from core.audit.service import AuditEvent
from core.portal import Portal
from core.requirements.values import Criterion

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def event(action: str, *, via: str = "session", subject: str = "PR-42", title: str = "") -> AuditEvent:
    return AuditEvent.model_validate(
        {
            "seq": 1,
            "time": NOW,
            "actor": "P-1",
            "actor_name": "Mei *Lin*",
            "via": via,
            "action": action,
            "outcome": "ok",
            "subject": subject,
            "subject_title": title or subject,
            "project": "PROJ-1",
            "details": {},
        }
    )


def test_an_event_is_a_sentence_that_names_the_object_by_its_title() -> None:
    text = sentence(event("promotion.approve", title="Promote *late* v2"))
    assert text == "**Mei \\*Lin\\*** approved Promote \\*late\\* v2 (PR-42)"


def test_renaming_names_what_it_was_called_and_what_it_was_called_then() -> None:
    renamed = event("lake.rename_dataset", subject="DS-1", title="Called otherwise *today*")
    renamed = renamed.model_copy(update={"details": {"before": "flights", "title": "航班 [2013]"}})
    assert sentence(renamed) == "**Mei \\*Lin\\*** renamed flights to 航班 \\[2013\\]"


def test_the_system_goes_by_the_products_name() -> None:
    assert sentence(event("training.run_succeeded", via="system", subject="")) == "**Causeway** finished"


def test_an_unknown_event_is_told_in_its_own_words() -> None:
    assert sentence(event("lake.quarantine_snapshot", subject="P-1")).endswith("quarantine snapshot")


def test_jobs_are_not_told_beside_what_they_are_for() -> None:
    assert not is_on_timelines(event("compute.job_started"))
    assert is_on_timelines(event("training.run_succeeded"))


def test_every_action_that_changes_something_says_what_it_did(portal: Portal) -> None:
    specs = [spec for _service, spec in portal.catalog().values() if not spec.reads and not spec.is_internal]
    assert [spec.name for spec in specs if not spec.says] == ["compute.cancel_job"]


def test_a_condition_reads_as_a_phrase_with_its_unit() -> None:
    criterion = Criterion.model_validate({"metric": "p99_ms", "comparison": "at_most", "limit": 50})
    assert criterion_line(criterion) == "p99 latency at most 50 ms"
    assert metric_value("capacity_rps", 1200) == "1\u202f200 rps"
    assert [counted(count, "run", "runs") for count in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]
