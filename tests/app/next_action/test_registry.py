"""A version is offered for release where that leads on, and a comparison offers the winner alone."""

import pytest

from app.next_action.registry import comparison_action, version_action
from core.identity.permissions import Role
from core.promotion.values import Request, RequestState
from core.registry.values import Comparison
from core.serving.values import Endpoint
from core.tasks.values import Interval
from tests.app.next_action.objects import comparison, endpoint, model_version, request, rights

STAGING = endpoint("staging", serves={2: 100})
ENGINEER = rights(Role.ENGINEER)


@pytest.mark.parametrize(
    ("endpoints", "name", "words"),
    [
        ((endpoint(serves={1: 100}), STAGING), "request", ""),
        ((endpoint(serves={1: 95, 2: 5}),), "request", ""),
        ((endpoint(serves={2: 100}),), "", "It serves every request of late-arrival."),
        ((STAGING,), "request", "Its project has no production endpoint yet: make one on the page of endpoints."),
        (
            (endpoint(project="PROJ-2", serves={2: 100}),),
            "request",
            "Its project has no production endpoint yet: make one on the page of endpoints.",
        ),
    ],
)
def test_a_version_is_offered_where_it_does_not_serve_already(
    endpoints: tuple[Endpoint, ...], name: str, words: str
) -> None:
    action = version_action(model_version(), endpoints=endpoints, request=None, rights=ENGINEER)
    assert action.name == name
    assert (action.missing if name else action.sentence) == words


@pytest.mark.parametrize("state", list(RequestState))
def test_a_request_that_is_open_is_opened_instead_of_asked_for_again(state: RequestState) -> None:
    is_over = state in ("applied", "rejected", "cancelled", "rolled back")
    action = version_action(model_version(), endpoints=(endpoint(),), request=request(state), rights=ENGINEER)
    assert (action.name, action.target) == (
        ("request", "promotions?version=MV-2") if is_over else ("open_request", "PR-1")
    )


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.APPROVER, Role.ADMIN])
def test_who_may_not_ask_is_offered_nothing(role: Role | None) -> None:
    pairs: tuple[Request | None, ...] = (None, request("rejected"))
    actions = [version_action(model_version(), endpoints=(), request=pending, rights=rights(role)) for pending in pairs]
    assert [action.name for action in actions] == ["", ""]


def test_an_archived_version_is_offered_nothing_and_says_so() -> None:
    version = model_version(state="archived")
    action = version_action(version, endpoints=(endpoint(),), request=None, rights=ENGINEER)
    assert (action.name, action.sentence) == ("", "It is archived: it can no longer be released.")


@pytest.mark.parametrize(
    ("compared", "serves", "label", "missing"),
    [
        (comparison({1: 0.5, 2: 0.4}, deltas={2: (-0.2, -0.1)}), 1, "Request promotion of v2", ""),
        (comparison({1: 0.4, 2: 0.5}, deltas={2: (0.05, 0.2)}), 1, "", ""),
        (
            comparison({1: 0.5, 2: 0.49}, deltas={2: (-0.1, 0.02)}),
            1,
            "Request promotion of v2",
            "The lead of v2 over v1, which serves production, may be chance.",
        ),
        (comparison({1: 0.4, 2: 0.5}, deltas={2: (0.05, 0.2)}), 2, "Request promotion of v1", ""),
        (comparison({1: 0.4, 2: 0.5}, deltas={2: (0.05, 0.2)}), 0, "Request promotion of v1", ""),
        (comparison({1: 0.5, 2: 0.4}, deltas={2: (-0.2, -0.1)}), 2, "", ""),
        (comparison({3: 0.6, 1: 0.5, 2: 0.4}, deltas={}), 1, "Request promotion of v2", ""),
    ],
)
def test_a_comparison_offers_the_winner_and_never_the_loser(
    compared: Comparison, serves: int, label: str, missing: str
) -> None:
    production = endpoint(serves={serves: 100} if serves else {})
    action = comparison_action(compared, endpoints=(production,), rights=ENGINEER)
    assert (action.label, action.missing) == (label, missing)


def test_where_more_is_better_the_highest_leads() -> None:
    given = comparison({1: 0.4, 2: 0.5}, deltas={2: (0.05, 0.2)})
    row = given.metrics[0].model_copy(update={"metric": "ndcg_10", "better": "up"})
    compared = given.model_copy(update={"task": "ranking", "metrics": (row,)})
    action = comparison_action(compared, endpoints=(endpoint(serves={1: 100}),), rights=ENGINEER)
    assert (action.label, action.missing) == ("Request promotion of v2", "")
    assert action.sentence == "v2 has the highest NDCG@10 on the same rows."
    unsure = row.model_copy(update={"deltas": {"MV-2": Interval(value=0.1, low=-0.01, high=0.2)}})
    compared = given.model_copy(update={"task": "ranking", "metrics": (unsure,)})
    action = comparison_action(compared, endpoints=(endpoint(serves={1: 100}),), rights=ENGINEER)
    assert action.missing == "The lead of v2 over v1, which serves production, may be chance."


def test_where_no_metric_judges_nothing_leads() -> None:
    compared = comparison({1: 0.4, 2: 0.5}, deltas={}, task="generic", metrics=())
    action = comparison_action(compared, endpoints=(endpoint(),), rights=ENGINEER)
    assert (action.name, action.sentence) == ("", "No metric judges what they answer, so none of them leads.")


def test_versions_without_common_rows_have_no_winner() -> None:
    compared = comparison({1: 0.5, 2: 0.4}, deltas={}, metrics=())
    action = comparison_action(compared, endpoints=(endpoint(),), rights=ENGINEER)
    assert (action.name, action.sentence) == (
        "",
        "They were not evaluated on the same rows, so none of them leads.",
    )
