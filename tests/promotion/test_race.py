"""The check and the switch are one step: whatever changes at the same moment, nothing is deployed that was not approved
as it is (P02)."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlmodel import Session, col, func, select

from core.audit.tables import AuditRow
from core.foundation.errors import Conflict
from core.promotion.tables import DecisionRow, PromotionRow
from core.registry.tables import VersionRow
from core.serving.tables import AdmissionRow, EndpointRow
from tests.effort import tries
from tests.promotion.stage import Stage

ROUNDS = tries(80, long=1000)
CHANGED = ("registry.edit_card", "ok")
TABLES = ("promotion_rollouts", "promotion_states", "admissions", "served")


def test_swapping_the_artifact_or_its_evidence_never_outruns_the_check(stage_on: Stage) -> None:
    stage = stage_on
    request = stage.approved()
    database = stage.portal.foundation.database
    with database.read() as session:
        version = session.get_one(VersionRow, request.version_id)
        approved = session.exec(select(DecisionRow)).one().artifact
    outcomes: Counter[str] = Counter()
    with ThreadPoolExecutor(2) as pool:
        for number in range(ROUNDS):
            swap = _swap_bytes if number % 2 else _edit_card
            with database.read() as session:
                head = session.exec(select(func.max(AuditRow.seq))).one()
            start = Barrier(2)
            # Applying reads the bytes before it takes the lock; whoever does so too comes as late as it does.
            reads = bool(number // 2 % 2)
            applied = pool.submit(_apply, stage, request.id, start)
            pool.submit(swap, stage, version.id, start, reads=reads).result()
            outcomes[applied.result()] += 1
            with database.read() as session:
                assert _deployed(session) <= {approved}
                events = _events(session, head)
            # What was changed before the deployment was there when it was checked: there is no such deployment.
            after = events[events.index(CHANGED) :] if CHANGED in events else []
            assert ("promotion.apply", "ok") not in after
            _begin_again(stage, version)
    assert set(outcomes) == {"applied", "refused"}, outcomes


def _apply(stage: Stage, request_id: str, start: Barrier) -> str:
    start.wait()
    try:
        stage.apply(request_id)
        return "applied"
    except Conflict:
        return "refused"


def _swap_bytes(stage: Stage, version_id: str, start: Barrier, *, reads: bool) -> None:
    _wait(stage, version_id, start, reads=reads)
    stage.edit("UPDATE model_versions SET digest = :digest WHERE id = :id", digest="0" * 64, id=version_id)


def _edit_card(stage: Stage, version_id: str, start: Barrier, *, reads: bool) -> None:
    _wait(stage, version_id, start, reads=reads)
    stage.portal.registry.edit_card(stage.people.engineer, version_id=version_id, card="Other words.")


def _wait(stage: Stage, version_id: str, start: Barrier, *, reads: bool) -> None:
    start.wait()
    if reads:
        stage.portal.registry.download_artifact(stage.people.engineer, version_id=version_id)


def _deployed(session: Session) -> set[str]:
    """Every digest that the endpoint is told to serve, or may."""
    endpoint = session.exec(select(EndpointRow)).one()
    return {route["digest"] for route in endpoint.routes} | set(session.exec(select(AdmissionRow.digest)))


def _events(session: Session, after: int) -> list[tuple[str, str]]:
    """What this round wrote into the audit log, in its one order."""
    wanted = select(AuditRow.action, AuditRow.outcome).where(AuditRow.seq > after).order_by(col(AuditRow.seq))
    return [(action, outcome) for action, outcome in session.exec(wanted)]


def _begin_again(stage: Stage, version: VersionRow) -> None:
    with stage.portal.foundation.database.write() as session:
        row = session.get_one(VersionRow, version.id)
        row.digest, row.card = version.digest, version.card
        promotion = session.exec(select(PromotionRow)).one()
        promotion.state, promotion.frozen, promotion.admitted = "approved", {}, ""
        endpoint = session.exec(select(EndpointRow)).one()
        endpoint.routes, endpoint.generation = [], 0
        session.add_all([row, promotion, endpoint])
        for name in TABLES:
            session.connection().exec_driver_sql(f"DELETE FROM {name}")
