"""Evidence is measured by the portal, names what it was measured on, and cannot be changed unseen."""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sqlmodel import select

from core.foundation.digests import digest_bytes
from core.foundation.errors import Invalid, NotAllowed, NotFound, Unavailable
from core.portal import Portal
from core.registry.tables import EvidenceRow
from core.registry.values import SAFETY, Evaluation, ModelVersion, NewEvidence, QualityReport
from core.serving.values import PARITY
from core.tasks.values import Verdict
from tests.conftest import People
from tests.registry.onnx_files import calling, evaluation_on, holdout_table, register_tiny, tiny_model


def parity(version: ModelVersion, **changed: Any) -> NewEvidence:
    fields: dict[str, Any] = {
        "project": version.project,
        "kind": PARITY,
        "subject": version.id,
        "verdict": Verdict.PASS,
        "summary": "No mismatch in 500 rows",
        "measured_on": {"endpoint": "EP-1"},
        "content": {"rows": 500, "mismatches": 0, "gap": 1e-7},
        "source": "JOB-1",
        "created_by": "P-1",
    }
    return NewEvidence(**{**fields, **changed})


@pytest.fixture
def version(portal: Portal, people: People) -> ModelVersion:
    return register_tiny(portal, people.engineer)


def test_quality_without_a_baseline_is_the_figures_alone(portal: Portal, people: People, version: ModelVersion) -> None:
    evidence = portal.registry.measure_quality(people.engineer, version_id=version.id)
    report = QualityReport.model_validate(evidence.content)
    assert evidence.verdict is Verdict.PASS
    assert report.metrics == version.evaluations[0].metrics
    assert (report.baseline, report.deltas, report.rows) == ("", {}, 2000)
    assert evidence.measured_on["holdout"] == version.evaluations[0].holdout
    assert evidence.measured_on["version"] == version.digest


def test_quality_against_a_baseline_is_paired(portal: Portal, people: People, version: ModelVersion) -> None:
    worse = register_tiny(portal, people.engineer, weight=0.2)
    better = portal.registry.measure_quality(people.engineer, version_id=version.id, baseline_id=worse.id)
    report = QualityReport.model_validate(better.content)
    assert better.verdict is Verdict.PASS
    assert better.measured_on["baseline"] == worse.digest
    assert report.deltas["log_loss"].high < 0 < report.deltas["auc"].low
    assert "wins" in better.summary
    back = portal.registry.measure_quality(people.engineer, version_id=worse.id, baseline_id=version.id)
    assert back.verdict is Verdict.FAIL
    assert "loses" in back.summary


def test_what_too_few_rows_cannot_decide_is_inconclusive(portal: Portal, people: People) -> None:
    table = holdout_table(rows=150)
    first = register_tiny(portal, people.engineer, table=table, weight=1.0)
    second = register_tiny(portal, people.engineer, table=table, weight=0.9)
    evidence = portal.registry.measure_quality(people.engineer, version_id=second.id, baseline_id=first.id)
    assert evidence.verdict is Verdict.INCONCLUSIVE


def test_versions_judged_on_different_rows_are_not_compared(
    portal: Portal, people: People, version: ModelVersion
) -> None:
    elsewhere = register_tiny(portal, people.engineer, weight=0.5, seed=2)
    with pytest.raises(Invalid, match="same rows") as refusal:
        portal.registry.measure_quality(people.engineer, version_id=version.id, baseline_id=elsewhere.id)
    assert "training sets" in refusal.value.hint
    assert portal.evidence.list_evidence(people.viewer).total == 0


def test_the_same_rows_with_another_feature_are_common_rows(
    portal: Portal, people: People, version: ModelVersion
) -> None:
    table = holdout_table()
    wider = table.append_column("gusts", pa.array(np.zeros(table.num_rows)))
    other = register_tiny(portal, people.engineer, weight=0.5, table=wider)
    assert other.evaluations[0].holdout != version.evaluations[0].holdout
    evidence = portal.registry.measure_quality(people.engineer, version_id=version.id, baseline_id=other.id)
    assert evidence.verdict is Verdict.PASS


def test_rows_that_only_look_the_same_are_found_out(portal: Portal, people: People, version: ModelVersion) -> None:
    table = holdout_table()
    shuffled = table.set_column(0, "row_id", pa.array([f"x{row}" for row in table.column("row_id").to_pylist()]))
    other = register_tiny(portal, people.engineer, weight=0.5, table=shuffled)
    with pytest.raises(Invalid, match="same rows"):
        portal.registry.measure_quality(people.engineer, version_id=version.id, baseline_id=other.id)


def test_rows_that_training_has_seen_are_no_evidence(portal: Portal, people: People) -> None:
    store, table = portal.foundation.store, holdout_table(rows=300)
    seen = evaluation_on(store, model=tiny_model(), table=table, name="validation")
    registered = register_tiny(portal, people.engineer, table=table, evaluations=(seen,))
    with pytest.raises(Invalid, match="has seen"):
        portal.registry.measure_quality(people.engineer, version_id=registered.id)
    bare = register_tiny(portal, people.engineer, weight=0.3, evaluations=())
    with pytest.raises(Invalid, match="not judged on any rows"):
        portal.registry.measure_quality(people.engineer, version_id=bare.id)


def test_figures_that_were_handed_in_do_not_become_evidence(portal: Portal, people: People) -> None:
    """An evaluation may claim what it likes: evidence is computed again from the predictions."""
    store, table = portal.foundation.store, holdout_table(rows=300)
    honest = evaluation_on(store, model=tiny_model(weight=0.1), table=table)
    perfect = {name: figure.model_copy(update={"value": 1.0}) for name, figure in honest.metrics.items()}
    claimed: Evaluation = honest.model_copy(update={"metrics": perfect})
    registered = register_tiny(portal, people.engineer, weight=0.1, table=table, evaluations=(claimed,))
    evidence = portal.registry.measure_quality(people.engineer, version_id=registered.id)
    assert QualityReport.model_validate(evidence.content).metrics == honest.metrics


def test_damaged_predictions_give_no_figures(portal: Portal, people: People, version: ModelVersion) -> None:
    path = portal.foundation.store.path(version.evaluations[0].predictions)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    with pytest.raises(Unavailable, match="damaged"):
        portal.registry.measure_quality(people.engineer, version_id=version.id)


def test_there_is_no_action_that_writes_evidence_by_hand(portal: Portal) -> None:
    taking_content = {
        name
        for name, (_service, spec) in portal.catalog().items()
        if {"verdict", "evidence", "metrics"} & set(spec.parameters.model_fields)
        or ("content" in spec.parameters.model_fields and "evidence" in name)
    }
    assert taking_content == set()


def test_a_figure_that_is_no_number_is_refused(portal: Portal, people: People, version: ModelVersion) -> None:
    for bad in (math.nan, math.inf, object()):
        with calling(portal, people.sre) as call, pytest.raises(Invalid):
            portal.registry.add_evidence(call, parity(version, content={"gap": bad}))


def test_evidence_measured_on_other_bytes_is_refused(portal: Portal, people: People, version: ModelVersion) -> None:
    with calling(portal, people.sre) as call, pytest.raises(Invalid, match="other bytes"):
        portal.registry.add_evidence(call, parity(version, measured_on={"version": "0" * 64}))
    with calling(portal, people.sre) as call, pytest.raises(Invalid, match="no model version"):
        portal.registry.add_evidence(call, parity(version, subject=version.model_id))


def test_evidence_is_found_newest_first_and_linked(portal_on: Portal, people: People) -> None:
    registered = register_tiny(portal_on, people.engineer)
    with calling(portal_on, people.sre) as call:
        first = portal_on.registry.add_evidence(call, parity(registered))
        second = portal_on.registry.add_evidence(call, parity(registered, content={"rows": 1, "mismatches": 1}))
        measured = portal_on.registry.evidence_of(call, {registered.id, "MV-9"}, (SAFETY, PARITY))
        assert portal_on.registry.evidence_of(call, {registered.id}, (SAFETY,)) == {registered.id: ((), ())}
    shown, damage = measured[registered.id]
    assert ({evidence.id for evidence in shown}, damage) == ({first.id, second.id}, ())
    assert measured["MV-9"] == ((), ())
    assert first.digest != second.digest
    assert first.measured_on["model"] == registered.model_digest
    listed = portal_on.evidence.list_evidence(people.viewer, subject=registered.id, kind=PARITY)
    assert listed.total == 2
    assert portal_on.evidence.get_evidence(people.viewer, evidence_id=first.id) == first
    edges = portal_on.identity.lineage(people.viewer, object_id=registered.id).edges
    assert {edge.target for edge in edges if edge.relation == "measured by"} == {first.id, second.id}
    with pytest.raises(NotFound):
        portal_on.evidence.get_evidence(people.outsider, evidence_id=first.id)


@pytest.mark.parametrize("column", ["document", "digest"])
def test_evidence_that_someone_edited_is_refused(
    portal: Portal, people: People, version: ModelVersion, column: str
) -> None:
    with calling(portal, people.sre) as call:
        evidence = portal.registry.add_evidence(call, parity(version, verdict=Verdict.FAIL))
    with portal.foundation.database.write() as session:
        row = session.exec(select(EvidenceRow)).one()
        better = row.document.replace('"verdict":"fail"', '"verdict":"pass"')
        assert better != row.document
        setattr(row, column, {"document": better, "digest": digest_bytes(better.encode())}[column])
        session.add(row)
    with pytest.raises(Unavailable, match="was changed"):
        portal.evidence.get_evidence(people.viewer, evidence_id=evidence.id)
    with calling(portal, people.sre) as call:
        shown, damage = portal.registry.evidence_of(call, {version.id}, (SAFETY, PARITY))[version.id]
    assert (shown, damage) == ((), (f"Evidence {evidence.id} was changed after it was written",))


def test_who_may_measure(portal: Portal, people: People, version: ModelVersion) -> None:
    assert portal.registry.scan_safety(people.sre, version_id=version.id).created_by == people.sre.person_id
    for actor in (people.viewer, people.approver, people.admin):
        with pytest.raises(NotAllowed):
            portal.registry.measure_quality(actor, version_id=version.id)
    with pytest.raises(NotFound):
        portal.registry.measure_quality(people.outsider, version_id=version.id)
    with pytest.raises(Invalid, match="own baseline"):
        portal.registry.measure_quality(people.engineer, version_id=version.id, baseline_id=version.id)
