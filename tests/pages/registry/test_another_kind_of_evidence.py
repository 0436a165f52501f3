"""Another kind of evidence is one file, which a package of its own may bring: it is shown, listed, drawn and judged
like ours."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.foundation.errors import Invalid
from core.portal import Portal
from core.promotion.evidence_kinds.table import ENTRY_POINTS, evidence_kinds
from core.registry.values import Evidence, ModelVersion
from core.tasks.values import Verdict
from tests.conftest import People
from tests.fakes.plugin_packages import install
from tests.pages.running import page, text_of
from tests.promotion.stage import Stage

FAIRNESS = '''
from core.promotion.evidence_kinds.content import Cell, Fact, Figure, Line, Lines, Section, Table
from core.promotion.evidence_kinds.evidence_kind import EvidenceKind
from core.promotion.gate import Finding, Gate
from core.registry.values import Verdict

class FairnessGate(Gate):
    """No group is flagged much more often than another."""
    name, title = "fairness", "Fairness"

    def wanted(self, context):
        return "Compare the groups."

    def weigh(self, evidence, context):
        gap = evidence[0].content["gap"]
        return Finding(Verdict.PASS if gap < 0.1 else Verdict.FAIL, f"gap {gap}", "all groups")

class Fairness(EvidenceKind):
    """How alike groups of people are treated."""
    name, title, gate = FairnessGate.name, FairnessGate.title, FairnessGate
    order = 50
    missing = "Whether groups are treated alike"

    def content(self, evidence):
        shares = evidence.content["flagged"]
        rows = tuple((Cell(value=group), Cell(value=share, form="percent")) for group, share in shares.items())
        months = Line(name="gap", x=(1, 2, 3), y=tuple(evidence.content["gaps"]))
        return (
            Section(
                title="Groups",
                facts=(Fact(label="Widest gap", cell=Cell(value=evidence.content["gap"], form="percent")),),
                series=(Lines(lines=(months,), x="month", y="gap", alt="The gap by month"),),
                tables=(Table(columns=("Group", "Flagged"), rows=rows, alt="How often each group is flagged"),),
            ),
        )

    def figures(self, evidence):
        return {"fairness_gap": Figure(value=evidence.content["gap"])}
'''
CONTENT = {"gap": 0.03, "gaps": [0.05, 0.04, 0.03], "flagged": {"new customers": 0.21, "old ones": 0.24}}


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package with the kind, as pip would leave it, while the portal starts."""
    folder = tmp_path / "site"
    folder.mkdir()
    install(folder, monkeypatch, module="fairness", source=FAIRNESS, group=ENTRY_POINTS, plugin="Fairness")
    evidence_kinds.cache_clear()
    yield
    evidence_kinds.cache_clear()


@pytest.fixture
def stage(package: None, portal: Portal, people: People) -> Stage:
    return Stage(portal, people)


def measured(stage: Stage, version: ModelVersion, gap: float = 0.03) -> Evidence:
    return stage.add(version, "fairness", {**CONTENT, "gap": gap})


def test_a_version_says_what_is_missing_and_then_what_was_measured(stage: Stage) -> None:
    version = stage.version()
    shown = text_of(page(stage.portal, stage.people.engineer, "version", id=version.id))
    assert "Fairness" in shown
    assert "Whether groups are treated alike" in shown
    assert "0 of 7 passed" in shown
    evidence = measured(stage, version)
    shown = text_of(page(stage.portal, stage.people.engineer, "version", id=version.id))
    assert "Whether groups are treated alike" not in shown
    assert "1 of 7 passed" in shown
    chain = stage.portal.identity.lineage(stage.people.viewer, object_id=evidence.id)
    assert [thing.title for thing in chain.things if thing.id == evidence.id] == [f"Fairness: {version.model} v1"]


def test_it_is_listed_by_its_name(stage: Stage) -> None:
    evidence = measured(stage, stage.version())
    stage.parity(stage.version())
    listing = stage.portal.evidence.list_evidence(stage.people.viewer, kind="fairness")
    assert [record.id for record in listing.items] == [evidence.id]
    names = "quality, parity, load_test, safety, conversion, fairness, inputs, importance"
    with pytest.raises(Invalid, match=rf"Choose one of: {names}\."):
        stage.portal.evidence.list_evidence(stage.people.viewer, kind="charm")
    with pytest.raises(Invalid, match="no kind of evidence called 'charm'"):
        stage.add(stage.version(), "charm", {})


def test_its_facts_table_and_series_are_drawn(stage: Stage) -> None:
    evidence = measured(stage, stage.version())
    test = page(stage.portal, stage.people.viewer, "evidence", id=evidence.id)
    assert test.title[0].value.startswith("Fairness of ")
    assert [(metric.label, metric.value) for metric in test.metric] == [("Widest gap", "3 %")]
    table = next(table.value for table in test.table if "Flagged" in table.value)
    assert table["Group"].tolist() == ["new customers", "old ones"]
    assert table["Flagged"].tolist() == ["21\u00a0%", "24\u00a0%"]
    assert len(test.get("plotly_chart")) == 1


@pytest.mark.parametrize(("gap", "verdict"), [(0.03, Verdict.PASS), (0.3, Verdict.FAIL)])
def test_its_gate_judges_a_request(stage: Stage, gap: float, verdict: Verdict) -> None:
    stage.edit("UPDATE promotion_policies SET gates = :rules", rules='[{"gate": "fairness"}]')
    version = stage.version()
    stage.parity(version)
    request = stage.open(version)
    assert [(gate.gate, gate.title, gate.verdict) for gate in request.gates] == [
        ("fairness", "Fairness", Verdict.NO_DATA)
    ]
    measured(stage, version, gap)
    (judged,) = stage.read(request.id).gates
    assert (judged.verdict, judged.value) == (verdict, f"gap {gap}")


def test_without_its_package_it_can_still_be_read(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = measured(stage, stage.version())
    monkeypatch.setattr(sys, "path", [place for place in sys.path if not place.endswith("site")])
    evidence_kinds.cache_clear()
    test = page(stage.portal, stage.people.viewer, "evidence", id=evidence.id)
    assert test.title[0].value.startswith("Fairness of ")
    assert not test.metric
    assert "new customers" in text_of(test)
