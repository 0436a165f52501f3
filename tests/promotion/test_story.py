"""A version's way into production, and back."""

from tests.promotion.stage import Stage


def test_a_first_version_goes_all_the_way(stage_on: Stage) -> None:
    stage = stage_on
    version = stage.measured()
    request = stage.open(version)
    assert request.state == "in review"
    assert [(gate.gate, gate.verdict.value) for gate in request.gates] == [
        ("quality", "inconclusive"),
        ("parity", "pass"),
        ("load_test", "pass"),
        ("safety", "pass"),
    ]
    approved = stage.approve(request.id)
    assert (approved.state, approved.approvals_given, approved.approvals_needed) == ("approved", 1, 1)
    assert stage.apply(request.id).state == "applying"
    stage.finish(request.id)
    assert stage.read(request.id).state == "applied"
    assert stage.serves() == {version.id: 100}
