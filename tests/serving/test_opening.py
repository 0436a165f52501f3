"""A first version opens its endpoint for a share of callers: by hash, so that who was let in stays in."""

from itertools import pairwise

from core.serving.gateway.config import Exposed, routes
from core.serving.tickets import place_of

CALLERS = [f"SA-{number}" for number in range(1, 1_001)]
SERVER = "late-arrival_1_MV-1"


def let_in(share: int, *, endpoint_id: str = "EP-1") -> set[str]:
    """Those of the callers whose place the gateway's table lets through."""
    exposed = Exposed(endpoint_id=endpoint_id, name="late-arrival", weights={SERVER: share})
    serving = routes([exposed], number=1)["resources"][0]["virtual_hosts"][0]["routes"][1]
    places = serving["match"].get("headers", [{"range_match": {"start": 0, "end": 100}}])[0]["range_match"]
    return {
        caller for caller in CALLERS if places["start"] <= place_of(caller, endpoint_id=endpoint_id) < places["end"]
    }


def test_a_share_of_callers_is_let_in() -> None:
    assert [len(let_in(share)) for share in (1, 10, 50, 100)] == [7, 83, 481, 1_000]


def test_who_is_in_stays_in_from_step_to_step() -> None:
    shares = (5, 10, 25, 50, 100)
    for before, after in pairwise(shares):
        assert let_in(before) < let_in(after)


def test_another_endpoint_lets_others_in_first() -> None:
    assert let_in(10) != let_in(10, endpoint_id="EP-2")


def test_the_others_are_told_how_far_it_is_and_when_to_ask_again() -> None:
    exposed = Exposed(endpoint_id="EP-1", name="late-arrival", weights={SERVER: 10})
    refusal = routes([exposed], number=1)["resources"][0]["virtual_hosts"][0]["routes"][2]
    assert refusal["direct_response"] == {"status": 503, "body": {"inline_string": "opening: 10 %"}}
    assert refusal["response_headers_to_add"] == [{"header": {"key": "Retry-After", "value": "60"}}]
    assert "headers" not in refusal["match"]


def test_the_longest_reason_leaves_the_table_one_that_envoy_takes() -> None:
    exposed = Exposed(endpoint_id="EP-1", name="late-arrival", weights={}, closed="\u5173" * 4_000)
    refusal = routes([exposed], number=1)["resources"][0]["virtual_hosts"][0]["routes"][1]
    assert len(refusal["direct_response"]["body"]["inline_string"].encode()) <= 4_096
